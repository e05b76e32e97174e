"""What an answer says should be done, from its rows alone. Pure: the same answer always says the same."""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct

from incidents.impact.answer import Effect, Status
from incidents.models import ActionKind
from incidents.response.targets import hash_of
from inventory.graph.packed import pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from incidents.impact.answer import Row, WorkloadShown

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


class Derived(Struct, frozen=True, array_like=True, gc=False):
    """What the rows of an answer give rise to, in its order: packages to block, artifacts to block, and the rest.

    An artifact is named by the place of its row (graph/packed.py): there may be hundreds of thousands.
    """

    packages: tuple[Keyed, ...]
    artifacts: bytes
    others: tuple[Keyed, ...]


def derive(rows: Iterable[Row], *, package_of: Callable[[int], Mapping[str, str] | None]) -> Derived:
    """Return what rows give rise to. `package_of` tells which package an indicator asks for, as a block names it."""
    listed = list(rows)
    affected = [(place, row) for place, row in enumerate(listed) if row.status is Status.AFFECTED]
    # What is only suspected is not blocked unasked, nor is what merely took part in a build.
    blocked = [(place, row) for place, row in affected if row.effect is Effect.RUNTIME]
    hit = {match.indicator for _, row in blocked for match in row.matches}
    places = _places(row for _, row in affected)
    teams = sorted({one.team for row in listed for one in row.workloads})
    return Derived(
        packages=tuple(keyed(_packages(map(package_of, sorted(hit)))).values()),
        artifacts=pack(array("i", (place for place, row in blocked if row.artifact.digest is not None))),
        others=tuple(keyed((*_freezes(places), *_rebuilds(places), *map(_tell, teams))).values()),
    )


def _packages(hit: Iterable[Mapping[str, str] | None]) -> Iterator[Said]:
    for package in hit:
        if package is not None:
            yield ActionKind.BLOCK, {"kind": "package", **package}, f"Block {' '.join(package.values())}"[:300], None


def block_of(row: Row) -> Keyed:
    """Return what blocks the artifact of a row, which has a digest."""
    digest = str(row.artifact.digest)
    target = {"kind": "artifact", "digest": digest}
    name = f" ({row.artifact.names[0]})" if row.artifact.names else ""
    title = f"Block {digest[:_SHORT]}{name}"[:300]
    return Keyed(hash_of(ActionKind.BLOCK, target), ActionKind.BLOCK, target, title, None)


def _tell(team: str) -> Said:
    return ActionKind.NOTIFY, {"team": team}, f"Tell team {team}", team


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
