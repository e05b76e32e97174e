"""What an answer says should be done: derived from the newest, so that nobody types again what is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, overload

from incidents.models import ActionKind, Severity
from incidents.models.response import IN_FORCE
from incidents.response.basis import said_of
from incidents.response.derived import derive, keyed
from incidents.response.rounds import credentials_of

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


@dataclass(frozen=True, slots=True)
class _Said:
    """What should be done, in its order and by kind: sorted once, since a long list gives tens of thousands."""

    all: Sequence[Keyed]
    by_kind: Mapping[ActionKind, Sequence[Keyed]]

    @classmethod
    def of(cls, found: Iterable[Keyed]) -> _Said:
        every = tuple(found)
        by_kind: dict[ActionKind, list[Keyed]] = defaultdict(list)
        for one in every:
            by_kind[one.kind].append(one)
        return cls(every, by_kind)

    def without(self, keys: AbstractSet[str]) -> _Said:
        return _Said.of(one for one in self.all if one.key not in keys) if keys else self

    def with_more(self, found: Sequence[Keyed]) -> _Said:
        return _Said.of((*self.all, *found)) if found else self


class Proposals(Sequence[Proposal]):
    """What an answer gives rise to, in its order. Made into proposals one by one, as somebody looks at them."""

    def __init__(self, said: _Said, *, answer: Answer, due: Mapping[ActionKind, datetime]) -> None:
        self._said, self._answer, self._due = said, answer, due

    @classmethod
    def nothing(cls, answer: Answer) -> Proposals:
        """Return those of an answer that nobody acts from any more."""
        return cls(_Said.of(()), answer=answer, due={})

    def __len__(self) -> int:
        return len(self._said.all)

    @overload
    def __getitem__(self, place: int) -> Proposal: ...

    @overload
    def __getitem__(self, place: slice) -> Proposals: ...

    def __getitem__(self, place: int | slice) -> Proposal | Proposals:
        if isinstance(place, slice):
            return self._of(_Said.of(self._said.all[place]))
        one = self._said.all[place]
        return Proposal(one.key, one.kind, one.target, one.title, one.team, self._due[one.kind], self._answer)

    def by_kind(self) -> Mapping[ActionKind, Proposals]:
        """Return them by kind, kinds in the order that people take them in: blocks first."""
        found = self._said.by_kind
        return {kind: self._of(_Said(found[kind], {kind: found[kind]})) for kind in ActionKind if kind in found}

    def of_teams(self, slugs: AbstractSet[str]) -> Proposals:
        """Keep what these teams are to do."""
        return self._of(_Said.of(one for one in self._said.all if one.team in slugs))

    def _of(self, said: _Said) -> Proposals:
        return Proposals(said, answer=self._answer, due=self._due)


def propose(
    incident: Incident,
    *,
    answer: Answer,
    asked_at: datetime,
    actor: Actor,
    credentials: Iterable[Credential] | None = None,
) -> Proposals:
    """Return what the answer gives rise to and no action in force does yet, blocks first. Eight statements.

    `credentials` are those of the answer, where the caller has read them: then it is two.
    """
    exposed = credentials_of(answer, incident=incident, actor=actor) if credentials is None else credentials
    in_force = incident.actions.filter(state__in=[state.value for state in IN_FORCE])
    taken = set(in_force.values_list("target_hash", flat=True))
    known = set(incident.teams.filter(acknowledged_at__isnull=False).values_list("team__slug", flat=True))
    derived = answer.once("proposed", lambda: derive(answer))
    said = answer.once("said", lambda: _Said.of(derived.values()))
    gone = {key for key in taken if key in derived} | {
        one.key for one in said.by_kind.get(ActionKind.NOTIFY, ()) if one.team in known
    }
    rotations = [one for key, one in keyed(_rotations(exposed)).items() if key not in derived and key not in taken]
    due = {kind: asked_at + timedelta(hours=_hours(kind, Severity(incident.severity))) for kind in ActionKind}
    return Proposals(said.without(gone).with_more(rotations), answer=answer, due=due)


def seen_by(proposals: Proposals, *, incident: Incident, actor: Actor, slugs: AbstractSet[str]) -> Proposals:
    """Keep what the actor may be told: all of an incident that is theirs, else what their teams are to do."""
    return proposals if incident.is_whole_for(actor) else proposals.of_teams(slugs)


def _hours(kind: ActionKind, severity: Severity) -> int:
    return 0 if kind in {ActionKind.BLOCK, ActionKind.FREEZE} else DUE_HOURS[severity]


def _rotations(exposed: Iterable[Credential]) -> Iterator[Said]:
    """What recovery waits for; what may have been in reach besides is listed, and for people to judge."""
    for one in exposed:
        again = "" if one.after_action is None else f" (found after action {one.after_action} was done)"
        if one.is_required:
            of = f" of {one.repository}" if one.repository and one.repository not in one.name else ""
            title = f"{one.kind.value.capitalize()} {one.name}{of}"[: 300 - len(again)]
            yield one.kind, one.target, title + again, one.team
        elif one.is_sought:
            title = "Rotate all that unknown builds could reach, or send their provenance"
            yield one.kind, one.target, title + again, None
