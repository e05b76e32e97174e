"""What an answer says should be done, from its rows alone. Pure: the same answer always says the same."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct

from incidents.impact.answer import Effect, Status
from incidents.models import ActionKind
from incidents.response.targets import hash_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from incidents.impact.answer import Row, WorkloadShown
    from incidents.response.basis import Answer

_SHORT = 19
"""Characters of a digest in a title: the algorithm and twelve digits."""

Said = tuple[ActionKind, dict[str, str], str, str | None]
"""Kind, target, title and team of something to be done."""


class Keyed(Struct, frozen=True, array_like=True, gc=False):
    """The same by its key (Proposal). A long list gives tens of thousands, so they are stored with the answer."""

    key: str
    kind: ActionKind
    target: dict[str, str]
    title: str
    team: str | None


def keyed(said: Iterable[Said]) -> dict[str, Keyed]:
    """Return them by their keys; of equal ones the first stays."""
    found: dict[str, Keyed] = {}
    for kind, target, title, team in said:
        key = hash_of(kind, target)
        found.setdefault(key, Keyed(key, kind, target, title, team))
    return found


def derive(answer: Answer) -> dict[str, Keyed]:
    """Return what the rows give rise to, by key: blocks first."""
    return keyed(_derived(answer))


def _derived(answer: Answer) -> Iterator[Said]:
    affected = [row for row in answer.rows if row.status is Status.AFFECTED]
    yield from _blocks(answer, affected)
    places = _places(affected)
    yield from _freezes(places)
    yield from _rebuilds(places)
    for team in sorted({one.team for row in answer.rows for one in row.workloads}):
        yield ActionKind.NOTIFY, {"team": team}, f"Tell team {team}", team


def _blocks(answer: Answer, affected: list[Row]) -> Iterator[Said]:
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


def _freezes(places: Mapping[_Place, set[Effect]]) -> Iterator[Said]:
    for place, effects in places.items():
        if place.service and Effect.RUNTIME in effects:
            target = {"kind": "service", "service": place.service}
            yield ActionKind.FREEZE, target, f"Freeze deployments of {place.title}"[:300], None


def _rebuilds(places: Mapping[_Place, set[Effect]]) -> Iterator[Said]:
    for place, effects in places.items():
        why = "" if Effect.RUNTIME in effects else " (it only took part in the build: optional)"
        yield ActionKind.REBUILD, place.target, f"Rebuild {place.title} from clean inputs{why}"[:300], place.team
        yield ActionKind.REDEPLOY, place.target, f"Redeploy {place.title} with the clean build{why}"[:300], place.team
