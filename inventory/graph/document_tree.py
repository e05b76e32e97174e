"""The tree of one SBOM, a level at a time: from its stored outline, never from its bytes.

An outline is a few bytes a component, so a level of a document with 100,000 components costs milliseconds. What the
outline does not hold (hashes, every dependency) is read from the bytes again, and only of small documents
(graph/reading_again.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.records import ROOT, Scope
from inventory.graph.naming import spell
from inventory.graph.outline import UNREACHABLE, Outline, Way, unpack
from inventory.graph.statements import containing, fetch
from inventory.models.presence import DIRECT, NO_EDGES, SCOPE_SHIFT
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inventory.models import Snapshot

MAX_FOUND = 50
_SCOPE_BITS = 7

_COMPONENTS = """
SELECT c.id, c.identity, c.has_purl, c.version, k.type, k.namespace_key, k.name_key, p.flags
FROM inventory_component c
JOIN inventory_package k ON k.id = c.package_id
LEFT JOIN inventory_presence p ON p.component_id = c.id AND p.track_id = %(track)s AND p.from_seq <= %(seq)s
    AND p.to_seq > %(seq)s
WHERE c.id = ANY(%(ids)s::int[])
"""
_FIND = """
SELECT c.id FROM inventory_presence p
JOIN inventory_component c ON c.id = p.component_id
JOIN inventory_package k ON k.id = c.package_id
WHERE p.track_id = %(track)s AND p.from_seq <= %(seq)s AND p.to_seq > %(seq)s
    AND (UPPER(c.identity) LIKE %(pattern)s OR UPPER(k.name_key) LIKE %(pattern)s)
ORDER BY c.identity LIMIT %(limit)s
"""


class PlaceNotFoundError(DomainError):
    """The document has no component at this place."""

    def __init__(self) -> None:
        super().__init__("not_found", "The document has no component at this place.", status=404)


@dataclass(frozen=True, slots=True)
class Node:
    """One component at one place of the document. `number` is its place in the order of the outline.

    `is_direct` None: the document does not say what its root depends on. `below_count`: places directly below.
    """

    number: int
    pointer: str
    name: str
    version: str
    purl: str | None
    package: str | None
    type: str
    scope: Scope
    is_direct: bool | None
    below_count: int


@dataclass(frozen=True, slots=True)
class Level:
    """A page of what stands directly below `node` (None: the top). `trail` leads from the top to it.

    `next` is the number to go on behind; `loose_count`: places that the document connects to nothing.
    """

    way: Way
    node: Node | None
    trail: tuple[Node, ...]
    rows: tuple[Node, ...]
    total: int
    next: int | None
    loose_count: int
    has_dependencies: bool
    is_loose: bool


class DocumentTree:
    """The outline of one SBOM with the names of its components."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._outline: Outline = unpack(bytes(snapshot.outline))

    @property
    def first_way(self) -> Way:
        """The tree to show first: how things came in, where the document says so."""
        return Way.DEPENDENCY if self._outline.has_edges else Way.WRITTEN

    def place(self, pointer: str) -> int:
        """Return the component a pointer leads to or into. Raises PlaceNotFoundError."""
        found = self._outline.at(pointer)
        if found is None:
            raise PlaceNotFoundError
        return found

    def level(self, number: int, *, way: Way, after: int, limit: int, is_loose: bool = False) -> Level:
        """Return a page of the places below one; ROOT is the top. One statement. Raises PlaceNotFoundError.

        `is_loose` asks for what the document connects to nothing, which is in no other level.
        """
        if number != ROOT and not 0 <= number < len(self._outline.component_ids):
            raise PlaceNotFoundError
        below = self._outline.below(UNREACHABLE if is_loose else number, way=way)
        shown = [place for place in below if place > after][:limit]
        trail = [] if number == ROOT else [*self._outline.trail(number, way=way), number]
        nodes = self._nodes([*trail, *shown], way=way)
        rows = nodes[len(trail) :]
        return Level(
            way=way,
            node=nodes[len(trail) - 1] if trail else None,
            trail=nodes[: len(trail)],
            rows=rows,
            total=len(below),
            next=shown[-1] if shown and shown[-1] != below[-1] else None,
            loose_count=0 if way is Way.WRITTEN else len(self._outline.below(UNREACHABLE, way=way)),
            has_dependencies=self._outline.has_edges,
            is_loose=is_loose,
        )

    def find(self, text: str) -> tuple[Node, ...]:
        """Return up to MAX_FOUND components whose name or purl holds the text, each at its nearest place.

        Two statements.
        """
        parameters = self._point() | {"pattern": containing(text), "limit": MAX_FOUND}
        ids = fetch(int, _FIND, parameters)
        places = [occurrence.index for occurrence in self._outline.find(ids)]
        return self._nodes(sorted(places), way=self.first_way)

    def nodes(self, numbers: Iterable[int]) -> tuple[Node, ...]:
        """Return these places with their names. One statement."""
        return self._nodes(list(numbers), way=self.first_way)

    def _nodes(self, places: Sequence[int], *, way: Way) -> tuple[Node, ...]:
        if not places:
            return ()
        ids = [self._outline.component_ids[place] for place in places]
        known = {row.id: row for row in fetch(_Named, _COMPONENTS, self._point() | {"ids": sorted(set(ids))})}
        counts = self._outline.counts_below(places, way=way)
        return tuple(
            known[component_id].as_node(place, pointer=self._outline.pointer(place), below_count=counts[place])
            for place, component_id in zip(places, ids, strict=True)
        )

    def _point(self) -> dict[str, object]:
        return {"track": self.snapshot.track_id, "seq": self.snapshot.seq}


@dataclass(frozen=True, slots=True)
class _Named:
    id: int
    identity: str
    has_purl: bool
    version: str
    type: str
    namespace_key: str
    name_key: str
    flags: int | None

    def as_node(self, place: int, *, pointer: str, below_count: int) -> Node:
        spelling = spell(self.identity, namespace_key=self.namespace_key, name_key=self.name_key)
        flags = NO_EDGES if self.flags is None else self.flags
        return Node(
            number=place,
            pointer=pointer,
            name=spelling.display_name,
            version=self.version,
            purl=self.identity if self.has_purl else None,
            package=spelling.purl,
            type=self.type,
            scope=Scope(flags >> SCOPE_SHIFT & _SCOPE_BITS),
            is_direct=None if flags & NO_EDGES else bool(flags & DIRECT),
            below_count=below_count,
        )
