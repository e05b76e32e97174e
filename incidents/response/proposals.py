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
from incidents.response.derived import block_of, keyed
from incidents.response.rounds import credentials_of
from inventory.graph.packed import column
from inventory.policy.models import BlockKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from incidents.impact.answer import Row
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


class _Listed(Sequence["Keyed"]):
    """What should be done, in its order. What blocks an artifact is made of its row when somebody looks."""

    def __init__(
        self,
        packages: Sequence[Keyed] = (),
        artifacts: Sequence[int] = (),
        others: Sequence[Keyed] = (),
        *,
        rows: Sequence[Row] = (),
    ) -> None:
        self.packages, self.artifacts, self.others, self.rows = packages, artifacts, others, rows

    @classmethod
    def of(cls, answer: Answer) -> _Listed:
        derived = answer.derive()
        return cls(derived.packages, column(derived.artifacts), derived.others, rows=answer.rows)

    def __len__(self) -> int:
        return len(self.packages) + len(self.artifacts) + len(self.others)

    @overload
    def __getitem__(self, place: int) -> Keyed: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Keyed]: ...

    def __getitem__(self, place: int | slice) -> Keyed | Sequence[Keyed]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if place >= len(self):
            raise IndexError(place)
        if place < len(self.packages):
            return self.packages[place]
        place -= len(self.packages)
        if place < len(self.artifacts):
            return block_of(self.rows[self.artifacts[place]])
        return self.others[place - len(self.artifacts)]

    def without(self, keys: AbstractSet[str], places: AbstractSet[int]) -> _Listed:
        """Leave out what has one of these keys, and the artifacts of rows at these places."""
        packages, others = ([one for one in some if one.key not in keys] for some in (self.packages, self.others))
        artifacts = [place for place in self.artifacts if place not in places] if places else self.artifacts
        return _Listed(packages, artifacts, others, rows=self.rows)

    def with_more(self, found: Sequence[Keyed]) -> _Listed:
        return _Listed(self.packages, self.artifacts, [*self.others, *found], rows=self.rows)

    def by_kind(self) -> Mapping[ActionKind, _Listed]:
        found: dict[ActionKind, list[Keyed]] = defaultdict(list)
        for one in self.others:
            found[one.kind].append(one)
        blocks = _Listed(self.packages, self.artifacts, found.pop(ActionKind.BLOCK, ()), rows=self.rows)
        others = {kind: _Listed(others=some) for kind, some in found.items()}
        return ({ActionKind.BLOCK: blocks} if blocks else {}) | others


class Proposals(Sequence[Proposal]):
    """What an answer gives rise to, in its order. Made into proposals one by one, as somebody looks at them."""

    def __init__(self, said: Sequence[Keyed], *, answer: Answer, due: Mapping[ActionKind, datetime]) -> None:
        self._said, self._answer, self._due = said, answer, due

    @classmethod
    def nothing(cls, answer: Answer) -> Proposals:
        """Return those of an answer that nobody acts from any more."""
        return cls((), answer=answer, due={})

    def __len__(self) -> int:
        return len(self._said)

    @overload
    def __getitem__(self, place: int) -> Proposal: ...

    @overload
    def __getitem__(self, place: slice) -> Proposals: ...

    def __getitem__(self, place: int | slice) -> Proposal | Proposals:
        if isinstance(place, slice):
            return self._of(self._said[place])
        one = self._said[place]
        return Proposal(one.key, one.kind, one.target, one.title, one.team, self._due[one.kind], self._answer)

    def by_kind(self) -> Mapping[ActionKind, Proposals]:
        """Return them by kind, kinds in the order that people take them in: blocks first."""
        said = self._said if isinstance(self._said, _Listed) else _Listed(others=self._said)
        found = said.by_kind()
        return {kind: self._of(found[kind]) for kind in ActionKind if kind in found}

    def of_teams(self, slugs: AbstractSet[str]) -> Proposals:
        """Keep what these teams are to do: no team is to block anything."""
        said = self._said.others if isinstance(self._said, _Listed) else self._said
        return self._of([one for one in said if one.team in slugs])

    def _of(self, said: Sequence[Keyed]) -> Proposals:
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
    taken = _taken(incident)
    known = set(incident.teams.filter(acknowledged_at__isnull=False).values_list("team__slug", flat=True))
    said = answer.once("said", lambda: _Listed.of(answer))
    told = {one.key for one in said.others if one.kind is ActionKind.NOTIFY and one.team in known}
    places = answer.known.places if taken.digests else {}
    rotations = [one for key, one in keyed(_rotations(exposed)).items() if key not in taken.keys]
    due = {kind: asked_at + timedelta(hours=_hours(kind, Severity(incident.severity))) for kind in ActionKind}
    left = said.without(told | taken.keys, {places[digest] for digest in taken.digests if digest in places})
    return Proposals(left.with_more(rotations), answer=answer, due=due)


@dataclass(frozen=True, slots=True)
class _Taken:
    """The actions in force, by their keys; `digests` are those of the artifacts that they block."""

    keys: AbstractSet[str]
    digests: AbstractSet[str]


def _taken(incident: Incident) -> _Taken:
    in_force = incident.actions.filter(state__in=[state.value for state in IN_FORCE])
    found = list(in_force.values_list("target_hash", "kind", "target"))
    blocked = {
        str(target["digest"])
        for _, kind, target in found
        if kind == ActionKind.BLOCK and target.keys() == {"kind", "digest"} and target["kind"] == BlockKind.ARTIFACT
    }
    return _Taken({key for key, *_ in found}, blocked)


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
