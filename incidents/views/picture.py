"""The blast radius as a picture: components, the artifacts that hold them, the services these run as, and where.

Drawn by the server as SVG attributes, so that it needs neither script nor styles of its own. It is bounded: the widest
nodes of each column, and one that stands for the rest. The table beside it says the same in words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from incidents.impact.answer import Status
from supplychain.web.tags import artifact_url, cluster_url, count, package_url, short_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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


def draw(rows: Sequence[Row], *, artifact_count: int) -> Picture | None:
    """Draw the affected and possible rows given, of `artifact_count` in the answer; None where there is nothing."""
    found = {_key(row): row for row in rows if row.status in _SHOWN}
    ways: Counter[Way] = Counter()
    for key, row in found.items():
        for way in _ways(key, row):
            ways[way] += 1
    if not ways:
        return None
    columns = [_column(place, ways, found) for place in range(4)]
    left_out = max(0, artifact_count - len(found))
    return Picture(
        height=_TOP + _STEP * max(len(one) for one in columns),
        columns=tuple(
            Column(title, _left(place), tuple(one.values()))
            for place, (title, one) in enumerate(zip(TITLES, columns, strict=True))
        ),
        links=tuple(_links(ways, columns, found)),
        description=_description(ways, left_out=left_out),
        reaches=tuple(_reach(way, number, found) for way, number in sorted(ways.items(), key=_widest)[:TABLE_ROWS]),
        reach_count=len(ways),
        left_out_count=left_out,
    )


def _key(row: Row) -> str:
    return row.artifact.digest or "/".join(row.artifact.names) or "unnamed"


def _ways(key: str, row: Row) -> Iterator[Way]:
    components = sorted({match.purl for match in row.matches if match.purl}) or ["what was asked for"]
    places = [(one.service or NO_SERVICE, one.cluster) for one in row.workloads] or [("", "")]
    for component in components:
        for service, cluster in places:
            yield component, key, service, cluster


def _widest(item: tuple[Way, int]) -> tuple[int, Way]:
    return -item[1], item[0]


def _column(place: int, ways: Mapping[Way, int], found: Mapping[str, Row]) -> dict[str, Node]:
    """Return the boxes of a column by their keys, the widest first; the last stands for the rest."""
    weight = _containers(place, found) if place > 1 else Counter({way[place]: 1 for way in ways})
    keys = sorted(weight, key=lambda key: (_rank(key, place, found), -weight[key], key))
    shown = keys if len(keys) <= NODES_SHOWN else keys[: NODES_SHOWN - 1]
    nodes = {key: _node(key, place, number, weight[key], found) for number, key in enumerate(shown)}
    if rest := len(keys) - len(shown):
        label = f"{count(rest, f'more {_UNITS[place]}')}"
        nodes[_REST] = Node(_left(place), _top(len(shown)), label, label, "in the table", "", "plain")
    return nodes


def _containers(place: int, found: Mapping[str, Row]) -> Counter[str]:
    """Count the containers of each service or cluster once, however many components they hold."""
    places = ((one.service or NO_SERVICE, one.cluster) for row in found.values() for one in row.workloads)
    return Counter(names[place - 2] for names in places)


def _rank(key: str, place: int, found: Mapping[str, Row]) -> int:
    return _SHOWN.index(found[key].status) * 1_000_000 - len(found[key].workloads) if place == 1 else 0


def _node(key: str, place: int, number: int, weight: int, found: Mapping[str, Row]) -> Node:
    label, detail, href, tone = key, count(weight, "container"), "", "plain"
    if place == 0:
        label, detail = key.removeprefix("pkg:"), "matched"
        href = package_url(key) if key.startswith("pkg:") else ""
    elif place == 1:
        row = found[key]
        label = row.artifact.names[0] if row.artifact.names else short_digest(key)
        detail = f"{row.status.value}, {count(len(row.workloads), 'container')}"
        href = artifact_url(key) if row.artifact.digest else ""
        tone = row.status.value
    elif place == 3:  # the last column
        href = cluster_url(key)
    return Node(_left(place), _top(number), _shortened(label), label, detail, href, tone)


def _links(ways: Iterable[Way], columns: Sequence[Mapping[str, Node]], found: Mapping[str, Row]) -> Iterator[Link]:
    """Join the boxes that a way passes; where several ways share a line, it has the tone of the worst."""
    worst: dict[tuple[int, str, str], int] = defaultdict(lambda: len(_SHOWN))
    for way in ways:
        for place, (one, other) in enumerate(pairwise(way)):
            if one and other:
                ends = (place, _in(one, columns[place]), _in(other, columns[place + 1]))
                worst[ends] = min(worst[ends], _SHOWN.index(found[way[1]].status))
    for (place, one, other), rank in sorted(worst.items()):
        yield Link(_curve(columns[place][one], columns[place + 1][other]), _SHOWN[rank].value)


def _in(key: str, column: Mapping[str, Node]) -> str:
    return key if key in column else _REST


def _curve(start: Node, end: Node) -> str:
    x, y, to_x, to_y = start.x + _NODE, start.y + _TALL // 2, end.x, end.y + _TALL // 2
    middle = (x + to_x) // 2
    return f"M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}"


def _reach(way: Way, number: int, found: Mapping[str, Row]) -> Reach:
    component, key, service, cluster = way
    artifact = found[key].artifact
    return Reach(
        component, artifact.names[0] if artifact.names else "", artifact.digest, service, cluster,
        number if cluster else 0,
    )  # fmt: skip


def _description(ways: Iterable[Way], *, left_out: int) -> str:
    kinds = [{way[place] for way in ways} - {""} for place in range(4)]
    told = [count(len(keys), unit) for keys, unit in zip(kinds, _UNITS, strict=True)]
    more = f" {count(left_out, 'more artifact')} of the answer are not drawn." if left_out else ""
    return f"{told[0]} in {told[1]}, running as {told[2]} in {told[3]}.{more}"


def _shortened(text: str) -> str:
    """Keep the end, which tells names of one registry apart."""
    return text if len(text) <= _LETTERS else f"…{text[1 - _LETTERS :]}"


def _left(place: int) -> int:
    return place * (_NODE + _GAP)


def _top(number: int) -> int:
    return _TOP + number * _STEP
