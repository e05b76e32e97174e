"""What an answer says should be done: derived from the newest, so that nobody types again what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, overload

from incidents.models import ActionKind, Severity
from incidents.models.response import IN_FORCE
from incidents.response.basis import said_of
from incidents.response.credentials import credentials_of
from incidents.response.derived import derive, keyed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from incidents.models import Incident
    from incidents.response.basis import Answer
    from incidents.response.credentials import Credential
    from incidents.response.derived import Keyed, Said
    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON

DUE_HOURS: Final = {Severity.CRITICAL: 4, Severity.HIGH: 24, Severity.MEDIUM: 72, Severity.LOW: 168}
"""Within how many hours of its answer an action should be done, by severity; blocks and freezes at once."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An action that nobody has taken yet. `key` names it for as long as answers give rise to it."""

    key: str
    kind: ActionKind
    target: Mapping[str, str]
    title: str
    team: str | None
    due_at: datetime
    answer: Answer

    @property
    def evidence(self) -> Mapping[str, JSON]:
        """What the answer says of the target: counted when somebody looks, since a long list proposes thousands."""
        return said_of(self.kind, self.target, answer=self.answer)


class Proposals(Sequence[Proposal]):
    """What an answer gives rise to, in its order. Made into proposals one by one, as somebody looks at them."""

    def __init__(self, found: Sequence[Keyed], *, answer: Answer, due: Mapping[ActionKind, datetime]) -> None:
        self._found, self._answer, self._due = found, answer, due

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, place: int) -> Proposal: ...

    @overload
    def __getitem__(self, place: slice) -> Proposals: ...

    def __getitem__(self, place: int | slice) -> Proposal | Proposals:
        if isinstance(place, slice):
            return self._of(self._found[place])
        one = self._found[place]
        return Proposal(one.key, one.kind, one.target, one.title, one.team, self._due[one.kind], self._answer)

    def by_kind(self) -> Mapping[ActionKind, Proposals]:
        """Return them by kind, kinds in the order that people take them in: blocks first."""
        found: dict[ActionKind, list[Keyed]] = {kind: [] for kind in ActionKind}
        for one in self._found:
            found[one.kind].append(one)
        return {kind: self._of(some) for kind, some in found.items() if some}

    def of_teams(self, slugs: AbstractSet[str]) -> Proposals:
        """Keep what these teams are to do."""
        return self._of([one for one in self._found if one.team in slugs])

    def _of(self, found: Sequence[Keyed]) -> Proposals:
        return Proposals(found, answer=self._answer, due=self._due)


def propose(
    incident: Incident,
    *,
    answer: Answer,
    asked_at: datetime,
    actor: Actor,
    credentials: Iterable[Credential] | None = None,
) -> Proposals:
    """Return what the answer gives rise to and no action in force does yet, blocks first. Six statements.

    `credentials` are those of the answer, where the caller has read them: then it is two.
    """
    exposed = credentials_of(answer, actor=actor) if credentials is None else credentials
    in_force = incident.actions.filter(state__in=[state.value for state in IN_FORCE])
    taken = set(in_force.values_list("target_hash", flat=True))
    known = set(incident.teams.filter(acknowledged_at__isnull=False).values_list("team__slug", flat=True))
    derived = answer.once("proposed", lambda: derive(answer))
    every = derived | keyed(_rotations(exposed))
    found = [
        one
        for key, one in every.items()
        if key not in taken and not (one.kind is ActionKind.NOTIFY and one.team in known)
    ]
    due = {kind: asked_at + timedelta(hours=_hours(kind, Severity(incident.severity))) for kind in ActionKind}
    return Proposals(found, answer=answer, due=due)


def seen_by(proposals: Proposals, *, incident: Incident, actor: Actor, slugs: AbstractSet[str]) -> Proposals:
    """Keep what the actor may be told: all of an incident that is theirs, else what their teams are to do."""
    return proposals if incident.is_whole_for(actor) else proposals.of_teams(slugs)


def _hours(kind: ActionKind, severity: Severity) -> int:
    return 0 if kind in {ActionKind.BLOCK, ActionKind.FREEZE} else DUE_HOURS[severity]


def _rotations(exposed: Iterable[Credential]) -> Iterator[Said]:
    """What recovery waits for; what may have been in reach besides is listed, and for people to judge."""
    for one in exposed:
        if one.is_required:
            of = f" of {one.repository}" if one.repository and one.repository not in one.name else ""
            yield one.kind, one.target, f"{one.kind.value.capitalize()} {one.name}{of}"[:300], one.team
