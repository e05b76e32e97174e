"""What an answer says should be done: derived from the newest, so that nobody types again what is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, overload

from incidents.impact.answer import Effect, Status
from incidents.models import ActionKind, Severity
from incidents.models.response import IN_FORCE
from incidents.response.basis import said_of
from incidents.response.credentials import credentials_of
from incidents.response.targets import hash_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from incidents.impact.answer import Row, WorkloadShown
    from incidents.models import Incident
    from incidents.response.basis import Answer
    from incidents.response.credentials import Credential
    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON

DUE_HOURS: Final = {Severity.CRITICAL: 4, Severity.HIGH: 24, Severity.MEDIUM: 72, Severity.LOW: 168}
"""Within how many hours of its answer an action should be done, by severity; blocks and freezes at once."""
_SHORT: Final = 19
"""Characters of a digest in a title: the algorithm and twelve digits."""


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

    def __init__(self, found: Sequence[_Keyed], *, answer: Answer, due: Mapping[ActionKind, datetime]) -> None:
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
        found: dict[ActionKind, list[_Keyed]] = {kind: [] for kind in ActionKind}
        for one in self._found:
            found[one.kind].append(one)
        return {kind: self._of(some) for kind, some in found.items() if some}

    def of_teams(self, slugs: AbstractSet[str]) -> Proposals:
        """Keep what these teams are to do."""
        return self._of([one for one in self._found if one.team in slugs])

    def _of(self, found: Sequence[_Keyed]) -> Proposals:
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
    derived = answer.once("proposed", lambda: _keyed(_derived(answer)))
    every = derived | _keyed(_rotations(exposed))
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


_Derived = tuple[ActionKind, dict[str, str], str, str | None]


class _Keyed(NamedTuple):
    key: str
    kind: ActionKind
    target: dict[str, str]
    title: str
    team: str | None

    @classmethod
    def of(cls, kind: ActionKind, target: dict[str, str], title: str, team: str | None) -> _Keyed:
        return cls(hash_of(kind, target), kind, target, title, team)


def _keyed(derived: Iterable[_Derived]) -> dict[str, _Keyed]:
    """Return them by their keys; of equal ones the first stays."""
    found: dict[str, _Keyed] = {}
    for one in derived:
        keyed = _Keyed.of(*one)
        found.setdefault(keyed.key, keyed)
    return found


def _derived(answer: Answer) -> Iterator[_Derived]:
    affected = [row for row in answer.rows if row.status is Status.AFFECTED]
    yield from _blocks(answer, affected)
    places = _places(affected)
    yield from _freezes(places)
    yield from _rebuilds(places)
    for team in sorted({one.team for row in answer.rows for one in row.workloads}):
        yield ActionKind.NOTIFY, {"team": team}, f"Tell team {team}", team


def _blocks(answer: Answer, affected: list[Row]) -> Iterator[_Derived]:
    """What is only suspected is not blocked unasked, nor is what merely took part in a build."""
    running = [row for row in affected if row.effect is Effect.RUNTIME]
    hit = {match.indicator for row in running for match in row.matches}
    for number in sorted(hit):
        package = answer.package_of(number)
        if package is not None:
            yield ActionKind.BLOCK, {"kind": "package", **package}, f"Block {' '.join(package.values())}"[:300], None
    for row in running:
        if row.artifact.digest is not None:
            name = f" ({row.artifact.names[0]})" if row.artifact.names else ""
            title = f"Block {row.artifact.digest[:_SHORT]}{name}"[:300]
            yield ActionKind.BLOCK, {"kind": "artifact", "digest": row.artifact.digest}, title, None


def _rotations(exposed: Iterable[Credential]) -> Iterator[_Derived]:
    """What recovery waits for; what may have been in reach besides is listed, and for people to judge."""
    for one in exposed:
        if one.is_required:
            of = f" of {one.repository}" if one.repository and one.repository not in one.name else ""
            yield one.kind, one.target, f"{one.kind.value.capitalize()} {one.name}{of}"[:300], one.team


@dataclass(frozen=True, slots=True)
class _Place:
    """A service, or a workload that belongs to none, and the team that answers for it."""

    team: str
    service: str
    workload: tuple[str, str, str, str]

    @property
    def target(self) -> dict[str, str]:
        if self.service:
            return {"service": self.service}
        return dict(zip(("cluster", "namespace", "kind", "name"), self.workload, strict=True))

    @property
    def title(self) -> str:
        return self.service or f"{self.workload[2]}/{self.workload[3]} in {self.workload[0]}/{self.workload[1]}"


def _places(affected: Iterable[Row]) -> Mapping[_Place, set[Effect]]:
    found: dict[_Place, set[Effect]] = defaultdict(set)
    for row in affected:
        for one in row.workloads:
            found[_place(one)].add(row.effect)
    return dict(sorted(found.items(), key=lambda item: (item[0].team, item[0].service, item[0].workload)))


def _place(one: WorkloadShown) -> _Place:
    if one.service:
        return _Place(one.team, one.service, ("", "", "", ""))
    return _Place(one.team, "", (one.cluster, one.namespace, one.kind, one.name))


def _freezes(places: Mapping[_Place, set[Effect]]) -> Iterator[_Derived]:
    for place, effects in places.items():
        if place.service and Effect.RUNTIME in effects:
            target = {"kind": "service", "service": place.service}
            yield ActionKind.FREEZE, target, f"Freeze deployments of {place.title}"[:300], None


def _rebuilds(places: Mapping[_Place, set[Effect]]) -> Iterator[_Derived]:
    for place, effects in places.items():
        why = "" if Effect.RUNTIME in effects else " (it only took part in the build: optional)"
        yield ActionKind.REBUILD, place.target, f"Rebuild {place.title} from clean inputs{why}"[:300], place.team
        yield ActionKind.REDEPLOY, place.target, f"Redeploy {place.title} with the clean build{why}"[:300], place.team
