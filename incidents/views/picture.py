"""The blast radius as a picture: components, the artifacts that hold them, the services these run as, and where.

Drawn by the server as SVG attributes, so that it needs neither script nor styles of its own. It is bounded: the widest
nodes of each column, and one that stands for the rest. The table beside it says the same in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING

from incidents.impact.answer import Status
from supplychain.web.tags import artifact_url, cluster_url, count, package_url, short_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from incidents.impact.answer import Row

NODES_SHOWN = 8
TABLE_ROWS = 60
TITLES = ("Component", "Artifacts", "Services", "Clusters")
_UNITS = ("component", "artifact", "service", "cluster")
_WIDTH, _NODE, _TALL, _STEP, _TOP = 960, 196, 40, 50, 34
_GAP = (_WIDTH - 4 * _NODE) // 3
_LETTERS = 26
_SHOWN = (Status.AFFECTED, Status.POSSIBLE)
NO_SERVICE = "no service known"
_REST = ""
_ASKED = frozenset({"what was asked for"})
_NOWHERE: Mapping[tuple[str, str], int] = {("", ""): 0}


@dataclass(frozen=True, slots=True)
class Node:
    """A box: where it is drawn, what it says, and where it leads ('' for nowhere)."""

    x: int
    y: int
    label: str
    full: str
    detail: str
    href: str
    tone: str


@dataclass(frozen=True, slots=True)
class Link:
    """A line between two boxes, as the `d` of a path."""

    path: str
    tone: str


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    x: int
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """One row of the table: a way from a component to a cluster, with how many containers take it."""

    component: str
    artifact: str
    digest: str | None
    service: str
    cluster: str
    container_count: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What the template draws. `left_out_count`: artifacts of the answer that were not given."""

    height: int
    columns: tuple[Column, ...]
    links: tuple[Link, ...]
    description: str
    reaches: tuple[Reach, ...]
    reach_count: int
    left_out_count: int
    width: int = _WIDTH
    node_width: int = _NODE
    node_height: int = _TALL


Way = tuple[str, str, str, str]
"""Keys of component, artifact, service and cluster; '' where a way ends before."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A row as it is drawn: what matched in it, and how many containers run it as which service in which cluster.

    All ways through it are those of each component with each place: a long list has hundreds of thousands, so nothing
    goes through them one by one that can be told of the row.
    """

    key: str
    row: Row
    components: frozenset[str]
    places: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, row: Row) -> _Drawn:
        components = frozenset(match.purl for match in row.matches if match.purl)
        places = Counter((one.service or NO_SERVICE, one.cluster) for one in row.workloads)
        return cls(_key(row), row, components or _ASKED, places)

    @property
    def rank(self) -> int:
        return _SHOWN.index(self.row.status)

    @property
    def way_count(self) -> int:
        return len(self.components) * max(1, len(self.places))

    def ways(self) -> Iterator[tuple[int, Way]]:
        """Yield its ways, each behind how many containers take it, as the widest come first."""
        for component in self.components:
            for (service, cluster), number in (self.places or _NOWHERE).items():
                yield -number, (component, self.key, service, cluster)


def draw(rows: Sequence[Row], *, artifact_count: int) -> Picture | None:
    """Draw the affected and possible rows given, of `artifact_count` in the answer; None where there is nothing."""
    found = {one.key: one for one in map(_Drawn.of, (row for row in rows if row.status in _SHOWN))}
    if not found:
        return None
    weights = _weights(found.values())
    columns = [_column(place, weights[place], found) for place in range(4)]
    left_out = max(0, artifact_count - len(found))
    return Picture(
        height=_TOP + _STEP * max(len(one) for one in columns),
        columns=tuple(
            Column(title, _left(place), tuple(one.values()))
            for place, (title, one) in enumerate(zip(TITLES, columns, strict=True))
        ),
        links=tuple(_links(found.values(), columns)),
        description=_description(weights, left_out=left_out),
        reaches=tuple(_reach(way, -number, found) for number, way in _widest(found.values())),
        reach_count=sum(one.way_count for one in found.values()),
        left_out_count=left_out,
    )


def _weights(found: Iterable[_Drawn]) -> tuple[Counter[str], ...]:
    """Count artifacts by component, and containers by artifact, service and cluster."""
    components, artifacts, services, clusters = (Counter[str]() for _ in range(4))
    for one in found:
        components.update(one.components)
        artifacts[one.key] = len(one.row.workloads)
        for (service, cluster), number in one.places.items():
            services[service] += number
            clusters[cluster] += number
    return components, artifacts, services, clusters


def _widest(found: Iterable[_Drawn]) -> list[tuple[int, Way]]:
    """Return the ways for the table: those that most containers take, and only then those that end in the artifact."""
    everything = list(found)
    running, others = ([one for one in everything if bool(one.places) is runs] for runs in (True, False))
    ways = nsmallest(TABLE_ROWS, (way for one in running for way in one.ways()))
    left = TABLE_ROWS - len(ways)
    return ways + nsmallest(left, (way for one in others for way in one.ways())) if left else ways


def _key(row: Row) -> str:
    return row.artifact.digest or "/".join(row.artifact.names) or "unnamed"


def _column(place: int, weight: Mapping[str, int], found: Mapping[str, _Drawn]) -> dict[str, Node]:
    """Return the boxes of a column by their keys, the widest first; the last stands for the rest."""
    most = nsmallest(NODES_SHOWN, ((found[key].rank if place == 1 else 0, -weight[key], key) for key in weight))
    keys = [key for *_, key in most]
    shown = keys if len(weight) <= NODES_SHOWN else keys[: NODES_SHOWN - 1]
    nodes = {key: _node(key, place, number, weight[key], found) for number, key in enumerate(shown)}
    if rest := len(weight) - len(shown):
        label = f"{count(rest, f'more {_UNITS[place]}')}"
        nodes[_REST] = Node(_left(place), _top(len(shown)), label, label, "in the table", "", "plain")
    return nodes


def _node(key: str, place: int, number: int, weight: int, found: Mapping[str, _Drawn]) -> Node:
    label, detail, href, tone = key, count(weight, "container"), "", "plain"
    if place == 0:
        label, detail = key.removeprefix("pkg:"), "matched"
        href = package_url(key) if key.startswith("pkg:") else ""
    elif place == 1:
        row = found[key].row
        label = row.artifact.names[0] if row.artifact.names else short_digest(key)
        detail = f"{row.status.value}, {count(len(row.workloads), 'container')}"
        href = artifact_url(key) if row.artifact.digest else ""
        tone = row.status.value
    elif place == 3:  # the last column
        href = cluster_url(key)
    return Node(_left(place), _top(number), _shortened(label), label, detail, href, tone)


def _links(found: Iterable[_Drawn], columns: Sequence[Mapping[str, Node]]) -> Iterator[Link]:
    """Join the boxes that a way passes; where several ways share a line, it has the tone of the worst."""
    worst: dict[tuple[int, str, str], int] = {}
    shown = columns[0].keys()
    for one in found:
        key = _in(one.key, columns[1])
        lines = {(0, component, key) for component in one.components & shown}
        if len(lines) < len(one.components):
            lines.add((0, _REST, key))
        for service, cluster in one.places:
            lines |= {(1, key, _in(service, columns[2])), (2, _in(service, columns[2]), _in(cluster, columns[3]))}
        for line in lines:
            worst[line] = min(worst.get(line, one.rank), one.rank)
    for (place, start, end), rank in sorted(worst.items()):
        yield Link(_curve(columns[place][start], columns[place + 1][end]), _SHOWN[rank].value)


def _in(key: str, column: Mapping[str, Node]) -> str:
    return key if key in column else _REST


def _curve(start: Node, end: Node) -> str:
    x, y, to_x, to_y = start.x + _NODE, start.y + _TALL // 2, end.x, end.y + _TALL // 2
    middle = (x + to_x) // 2
    return f"M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}"


def _reach(way: Way, number: int, found: Mapping[str, _Drawn]) -> Reach:
    component, key, service, cluster = way
    artifact = found[key].row.artifact
    return Reach(
        component, artifact.names[0] if artifact.names else "", artifact.digest, service, cluster,
        number,
    )  # fmt: skip


def _description(weights: Iterable[Mapping[str, int]], *, left_out: int) -> str:
    told = [count(len(weight), unit) for weight, unit in zip(weights, _UNITS, strict=True)]
    more = f" {count(left_out, 'more artifact')} of the answer are not drawn." if left_out else ""
    return f"{told[0]} in {told[1]}, running as {told[2]} in {told[3]}.{more}"


def _shortened(text: str) -> str:
    """Keep the end, which tells names of one registry apart."""
    return text if len(text) <= _LETTERS else f"…{text[1 - _LETTERS :]}"


def _left(place: int) -> int:
    return place * (_NODE + _GAP)


def _top(number: int) -> int:
    return _TOP + number * _STEP
