"""The blast radius as a picture: components, the artifacts that hold them, the services these run as, and where.

Drawn by the server as SVG attributes, so that it needs neither script nor styles of its own. It is bounded
(incidents/response/reach.py): one node of each column stands for the rest. The table beside it says the same in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.response.reach import COLUMNS, REST
from supplychain.web.tags import artifact_url, cluster_url, count, package_url, short_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from incidents.response.reach import Column as Ends
    from incidents.response.reach import End, Line, Reach, Way

TITLES = ("Component", "Artifacts", "Services", "Clusters")
_WIDTH, _NODE, _TALL, _STEP, _TOP = 960, 196, 40, 50, 34
_GAP = (_WIDTH - 4 * _NODE) // 3
_LETTERS = 26


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
class Picture:
    """What the template draws. `left_out_count`: artifacts of the answer that were not given."""

    height: int
    columns: tuple[Column, ...]
    links: tuple[Link, ...]
    description: str
    reaches: tuple[Way, ...]
    reach_count: int
    left_out_count: int
    width: int = _WIDTH
    node_width: int = _NODE
    node_height: int = _TALL


def draw(reach: Reach, *, artifact_count: int) -> Picture | None:
    """Draw how far it reaches, of `artifact_count` artifacts in the answer; None where nothing was found."""
    if not reach.artifact_count:
        return None
    columns = [_nodes(place, column) for place, column in enumerate(reach.columns)]
    left_out = max(0, artifact_count - reach.artifact_count)
    return Picture(
        height=_TOP + _STEP * max(len(one) for one in columns),
        columns=tuple(
            Column(title, _left(place), tuple(one.values()))
            for place, (title, one) in enumerate(zip(TITLES, columns, strict=True))
        ),
        links=tuple(_link(line, columns) for line in reach.lines),
        description=_description(reach.columns, left_out=left_out),
        reaches=reach.ways,
        reach_count=reach.way_count,
        left_out_count=left_out,
    )


def _nodes(place: int, column: Ends) -> dict[str, Node]:
    """Return the boxes of a column by their keys; the last stands for the rest."""
    nodes = {end.key: _node(end, place, number) for number, end in enumerate(column.ends)}
    if column.rest_count:
        label = f"{count(column.rest_count, f'more {COLUMNS[place]}')}"
        nodes[REST] = Node(_left(place), _top(len(column.ends)), label, label, "in the table", "", "plain")
    return nodes


def _node(end: End, place: int, number: int) -> Node:
    label, detail, href, tone = end.key, count(end.weight, "container"), "", "plain"
    if place == 0:
        label, detail = end.key.removeprefix("pkg:"), "matched"
        href = package_url(end.key) if end.key.startswith("pkg:") else ""
    elif end.status is not None:
        label = end.name or short_digest(end.key)
        detail = f"{end.status.value}, {detail}"
        href = artifact_url(end.digest) if end.digest else ""
        tone = end.status.value
    elif place == 3:  # the last column
        href = cluster_url(end.key)
    return Node(_left(place), _top(number), _shortened(label), label, detail, href, tone)


def _link(line: Line, columns: Sequence[Mapping[str, Node]]) -> Link:
    return Link(_curve(columns[line.place][line.start], columns[line.place + 1][line.end]), line.status.value)


def _curve(start: Node, end: Node) -> str:
    x, y, to_x, to_y = start.x + _NODE, start.y + _TALL // 2, end.x, end.y + _TALL // 2
    middle = (x + to_x) // 2
    return f"M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}"


def _description(columns: Sequence[Ends], *, left_out: int) -> str:
    told = [count(column.count, unit) for column, unit in zip(columns, COLUMNS, strict=True)]
    more = f" {count(left_out, 'more artifact')} of the answer are not drawn." if left_out else ""
    where = f"running as {told[2]} in {told[3]}" if columns[3].count else "of which none is known to run"
    return f"{told[0]} in {told[1]}, {where}.{more}"


def _shortened(text: str) -> str:
    """Keep the end, which tells names of one registry apart, from a slash on where there is one."""
    if len(text) <= _LETTERS:
        return text
    end = text[1 - _LETTERS :]
    return f"…{end[max(0, end.find('/')) :]}"


def _left(place: int) -> int:
    return place * (_NODE + _GAP)


def _top(number: int) -> int:
    return _TOP + number * _STEP
