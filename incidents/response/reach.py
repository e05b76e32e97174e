"""How far what was found reaches: component, the artifacts that hold it, the services these run as, and where. Pure.

It is bounded: the widest of each kind, how many there are of it, the lines between those, and the widest ways. The
answer to a long list has hundreds of thousands of ways, so nothing goes through them one by one that can be told of a
row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from incidents.impact.answer import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from incidents.impact.answer import Row

COLUMNS: Final = ("component", "artifact", "service", "cluster")
ENDS_SHOWN: Final = 8
WAYS_SHOWN: Final = 60
NO_SERVICE: Final = "no service known"
REST: Final = ""
"""The key of what stands for all of a column that is not shown."""
_ARTIFACT: Final = COLUMNS.index("artifact")
_SHOWN: Final = (Status.AFFECTED, Status.POSSIBLE)
_ASKED: Final = frozenset({"what was asked for"})
_NOWHERE: Final[Mapping[tuple[str, str], int]] = {("", ""): 0}


class End(Struct, frozen=True, array_like=True, gc=False):
    """One component, artifact, service or cluster. `weight`: its containers; of a component, its artifacts.

    An artifact has its name ('' where none is known), its digest and its status besides.
    """

    key: str
    weight: int
    name: str = ""
    digest: str | None = None
    status: Status | None = None


class Column(Struct, frozen=True, array_like=True, gc=False):
    """The widest of one kind, and how many there are. Where they are more than shown, the rest stands as one."""

    ends: tuple[End, ...]
    count: int

    @property
    def rest_count(self) -> int:
        return self.count - len(self.ends)


class Line(Struct, frozen=True, array_like=True, gc=False):
    """A line from the column at `place` to the next, by the keys of its ends. Of several the worst status."""

    place: int
    start: str
    end: str
    status: Status


class Way(Struct, frozen=True, array_like=True, gc=False):
    """A way from a component to a cluster, and how many containers take it; '' where it ends before."""

    component: str
    artifact: str
    digest: str | None
    service: str
    cluster: str
    container_count: int


class Reach(Struct, frozen=True, array_like=True, gc=False):
    """All of an answer's affected and possible rows. Without any, no column has an end."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    ways: tuple[Way, ...]
    way_count: int

    @property
    def artifact_count(self) -> int:
        return self.columns[_ARTIFACT].count


_Way = tuple[str, str, str, str]
"""Keys of component, artifact, service and cluster."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A row: what matched in it, and how many containers run it as which service in which cluster.

    All ways through it are those of each component with each place.
    """

    key: str
    row: Row
    components: frozenset[str]
    places: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, row: Row) -> _Found:
        components = frozenset(match.purl for match in row.matches if match.purl)
        places = Counter((one.service or NO_SERVICE, one.cluster) for one in row.workloads)
        return cls(_key(row), row, components or _ASKED, places)

    @property
    def rank(self) -> int:
        return _SHOWN.index(self.row.status)

    @property
    def name(self) -> str:
        return self.row.artifact.names[0] if self.row.artifact.names else ""

    @property
    def way_count(self) -> int:
        return len(self.components) * max(1, len(self.places))

    def ways(self) -> Iterator[tuple[int, _Way]]:
        """Yield its ways, each behind how many containers take it, as the widest come first."""
        for component in self.components:
            for (service, cluster), number in (self.places or _NOWHERE).items():
                yield -number, (component, self.key, service, cluster)


def reach_of(rows: Iterable[Row]) -> Reach:
    """Return how far the affected and possible rows reach."""
    found = {one.key: one for one in map(_Found.of, (row for row in rows if row.status in _SHOWN))}
    columns = tuple(_column(place, weight, found) for place, weight in enumerate(_weights(found.values())))
    return Reach(
        columns=columns,
        lines=tuple(_lines(found.values(), columns)),
        ways=tuple(_way(way, -number, found) for number, way in _widest(found.values())),
        way_count=sum(one.way_count for one in found.values()),
    )


def _weights(found: Iterable[_Found]) -> tuple[Counter[str], ...]:
    """Count artifacts by component, and containers by artifact, service and cluster."""
    components, artifacts, services, clusters = (Counter[str]() for _ in COLUMNS)
    for one in found:
        components.update(one.components)
        artifacts[one.key] = len(one.row.workloads)
        for (service, cluster), number in one.places.items():
            services[service] += number
            clusters[cluster] += number
    return components, artifacts, services, clusters


def _widest(found: Iterable[_Found]) -> list[tuple[int, _Way]]:
    """Return the ways that most containers take, and only then those that end in the artifact."""
    everything = list(found)
    running, others = ([one for one in everything if bool(one.places) is runs] for runs in (True, False))
    ways = nsmallest(WAYS_SHOWN, (way for one in running for way in one.ways()))
    left = WAYS_SHOWN - len(ways)
    return ways + nsmallest(left, (way for one in others for way in one.ways())) if left else ways


def _key(row: Row) -> str:
    return row.artifact.digest or "/".join(row.artifact.names) or "unnamed"


def _column(place: int, weight: Mapping[str, int], found: Mapping[str, _Found]) -> Column:
    """Return the widest ends, of artifacts what is affected before what is possible; room is left for the rest."""
    is_artifact = place == _ARTIFACT
    order = ((found[key].rank if is_artifact else 0, -weight[key], key) for key in weight)
    keys = [key for *_, key in nsmallest(ENDS_SHOWN, order)]
    shown = keys if len(weight) <= ENDS_SHOWN else keys[: ENDS_SHOWN - 1]
    ends = (_artifact(found[key]) if is_artifact else End(key, weight[key]) for key in shown)
    return Column(tuple(ends), len(weight))


def _artifact(one: _Found) -> End:
    return End(one.key, len(one.row.workloads), one.name, one.row.artifact.digest, one.row.status)


def _lines(found: Iterable[_Found], columns: Sequence[Column]) -> Iterator[Line]:
    worst: dict[tuple[int, str, str], int] = {}
    components, artifacts, services, clusters = ({one.key for one in column.ends} for column in columns)
    for one in found:
        key = _in(one.key, artifacts)
        lines = {(0, component, key) for component in one.components & components}
        if len(lines) < len(one.components):
            lines.add((0, REST, key))
        for service, cluster in one.places:
            lines |= {(1, key, _in(service, services)), (2, _in(service, services), _in(cluster, clusters))}
        for line in lines:
            worst[line] = min(worst.get(line, one.rank), one.rank)
    for (place, start, end), rank in sorted(worst.items()):
        yield Line(place, start, end, _SHOWN[rank])


def _in(key: str, shown: set[str]) -> str:
    return key if key in shown else REST


def _way(way: _Way, number: int, found: Mapping[str, _Found]) -> Way:
    component, key, service, cluster = way
    return Way(component, found[key].name, found[key].row.artifact.digest, service, cluster, number)
