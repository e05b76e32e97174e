"""The outline of one SBOM: where each component stands and how it came in, small enough to read for every row shown.

An answer shows a pointer and a path for each match. Reading the whole document for that costs milliseconds a row; the
outline holds just this in about four bytes a component: five columns of integers, compressed.
"""

from __future__ import annotations

import enum
import json
import re
import sys
import threading
from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec
import zstandard
from msgspec import Struct

from inventory.formats.pointers import NUMBER_OF_PLACE
from inventory.formats.records import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from inventory.formats.records import ComponentRecord

UNREACHABLE = -2
_NESTED = 0xFFFF_FFFF
"""Prefix code of a component whose pointer continues its parent's."""
_MAX_PATH = 50
_COLUMNS: Final[tuple[Literal["I", "i"], ...]] = ("I", "i", "i", "I", "I")
_SIZE = 4
_ZSTD_LEVEL = 3
_DIGITS: Final = re.compile(r"\d{1,9}(?!\d)", re.ASCII)
_NUMBERED: Final = re.compile(r"(.*\[|line )(0|[1-9]\d{0,8})(\]|)", re.DOTALL)
"""An XPath that ends in a number, or a line."""

Prefix = str | list[str]
"""What stands around the number of a place: of a JSON pointer the text before its last `/`; of an XPath or a line the
text before and behind it; of a place without a number all of it, alone in a list."""


Column: TypeAlias = "memoryview[int]"


class _Header(Struct, frozen=True):
    """What stands before the columns."""

    count: int
    prefixes: list[Prefix]
    has_edges: bool


_HEADER: Final = msgspec.json.Decoder(_Header)
_own: Final = threading.local()


class Way(enum.StrEnum):
    """Two trees over the places of one document: as it is written, and as each came in by a shortest way."""

    WRITTEN = "written"
    DEPENDENCY = "dependency"


class Occurrence(Struct, frozen=True, gc=False):
    """A component at one place of the document; `index` is the place in the document's order.

    `path` holds component ids, from a direct dependency to the component itself; None where the document does not say.
    """

    component_id: int
    pointer: str
    path: tuple[int, ...] | None
    index: int = 0


@dataclass(slots=True)
class Outline:
    """An outline, unpacked. Columns have one entry a component, in the document's order."""

    packed_ids: bytes
    component_ids: Column
    nested_in: Column
    came_by: Column
    numbers: Column
    prefixes: Column
    prefix_table: list[Prefix]
    has_edges: bool

    def find(self, component_ids: Collection[int]) -> list[Occurrence]:
        """Return the occurrences of these components, one each: the one with the shortest path."""
        found: list[Occurrence] = []
        for component_id in sorted(set(component_ids)):
            best: tuple[int, tuple[int, ...] | None] | None = None
            for index in self._places(component_id):
                path = self._path(index) if self.has_edges else None
                if best is None or _is_shorter(path, best[1]):
                    best = index, path
            if best is not None:
                found.append(Occurrence(component_id, self.pointer(best[0]), best[1], best[0]))
        return found

    def _places(self, component_id: int) -> Iterator[int]:
        """Yield the indexes of a component, found among the bytes of the column: hundreds of numbers in no time."""
        number = component_id.to_bytes(_SIZE, sys.byteorder)
        at = self.packed_ids.find(number)
        while at >= 0:
            if at % _SIZE == 0:
                yield at // _SIZE
            at = self.packed_ids.find(number, at + 1)

    def below(self, index: int, *, way: Way) -> list[int]:
        """Return the places directly below one, in the document's order.

        ROOT and UNREACHABLE stand for what is at the top, and for what the document connects to nothing.
        """
        return [place for place, above in enumerate(self._above(way)) if above == index]

    def counts_below(self, indexes: Collection[int], *, way: Way) -> dict[int, int]:
        """Count the places directly below each of these."""
        counted = Counter(self._above(way))
        return {index: counted[index] for index in indexes}

    def trail(self, index: int, *, way: Way) -> list[int]:
        """Return the places above one, the topmost first, at most _MAX_PATH of them."""
        column = self._above(way)
        steps: list[int] = []
        above = column[index]
        while above >= 0 and len(steps) < _MAX_PATH:
            steps.append(above)
            above = column[above]
        return steps[::-1]

    def at(self, pointer: str) -> int | None:
        """Return the component at a place of the document, or the one that the place is inside of."""
        wanted = {code: number for code, one in enumerate(self.prefix_table) if (number := _number(one, pointer)) >= 0}
        places = (
            index for index, code in enumerate(self.prefixes) if code in wanted and self.numbers[index] == wanted[code]
        )
        found = max(places, key=lambda index: len(self.pointer(index)), default=None)
        while found is not None and (nested := self._nested_at(found, pointer)) is not None:
            found = nested
        return found

    def _nested_at(self, index: int, pointer: str) -> int | None:
        place = self.pointer(index)
        is_xpath = place.endswith("]")
        wanted = _number([f"{place}/components/component[", "]"] if is_xpath else f"{place}/components", pointer)
        inner = (place for place, above in enumerate(self.nested_in) if above == index) if wanted >= 0 else ()
        return next((one for one in inner if self.prefixes[one] == _NESTED and self.numbers[one] == wanted), None)

    def _above(self, way: Way) -> Column:
        return self.nested_in if way is Way.WRITTEN else self.came_by

    def pointer(self, index: int) -> str:
        """Return the place of a component in the document, as its format writes places."""
        numbers: list[int] = []
        while self.prefixes[index] == _NESTED:
            numbers.append(self.numbers[index])
            index = self.nested_in[index]
        prefix, number = self.prefix_table[self.prefixes[index]], self.numbers[index]
        if isinstance(prefix, str):
            return f"{prefix}/{number}" + "".join(f"/components/{inner}" for inner in reversed(numbers))
        top = f"{prefix[0]}{number}{prefix[1]}" if len(prefix) > 1 else prefix[0]
        return top + "".join(f"/components/component[{inner}]" for inner in reversed(numbers))

    def _path(self, index: int) -> tuple[int, ...] | None:
        """Return the way from a direct dependency; None where it does not begin at the root."""
        steps: list[int] = []
        while index >= 0 and len(steps) < _MAX_PATH:
            steps.append(self.component_ids[index])
            index = self.came_by[index]
        return tuple(steps[::-1]) if index == ROOT else None


def pack(
    components: Sequence[ComponentRecord], *, component_ids: Sequence[int], came_by: Sequence[int], has_edges: bool
) -> bytes:
    """Pack the outline of a document whose components are given in its order, with their ids and shortest parents."""
    places = _flat_places(components) or _places(components)
    header = json.dumps({"count": len(components), "prefixes": places.table, "has_edges": has_edges}).encode()
    columns = (
        array("I", component_ids), places.nested_in, array("i", came_by), places.numbers, places.prefixes,
    )  # fmt: skip
    body = b"".join(column.tobytes() for column in columns)
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(len(header).to_bytes(4, "little") + header + body)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where components stand, in columns."""

    numbers: array[int]
    prefixes: array[int]
    nested_in: array[int]
    table: Sequence[Prefix]


def _flat_places(components: Sequence[ComponentRecord]) -> _Places | None:
    """Return the places of components that all stand in one plain list; None for any others."""
    found = [NUMBER_OF_PLACE.get(component.pointer, -1) for component in components if component.parent is None]
    count = len(components)
    if not count or len(found) != count or min(found) < 0:
        return None
    return _Places(array("I", found), array("I", [0]) * count, array("i", [ROOT]) * count, ["/components"])


def _places(components: Sequence[ComponentRecord]) -> _Places:
    table: dict[tuple[str, ...], int] = {}
    numbers, prefixes, nested_in = array("I"), array("I"), array("i")
    for component in components:
        prefix, number = _split(component.pointer)
        parent = component.parent
        is_nested = parent is not None and parent >= 0 and prefix == _below(components[parent].pointer, prefix)
        prefixes.append(_NESTED if is_nested else table.setdefault(prefix, len(table)))
        numbers.append(number)
        nested_in.append(ROOT if parent is None else parent)
    return _Places(numbers, prefixes, nested_in, [_written(one) for one in table])


def _split(pointer: str) -> tuple[tuple[str, ...], int]:
    """Take a place apart into what stands around its last number, and the number."""
    prefix, slash, number = pointer.rpartition("/")
    if slash and number.isdecimal() and len(number) < 10 and (number == "0" or number[0] != "0"):
        return (prefix,), int(number)
    step = _NUMBERED.fullmatch(pointer)
    return ((step[1], step[3]), int(step[2])) if step else ((pointer, "", ""), 0)


def _below(parent: str, prefix: tuple[str, ...]) -> tuple[str, ...]:
    """Return what stands around the number of a component that is nested in one at `parent`."""
    return (f"{parent}/components",) if len(prefix) == 1 else (f"{parent}/components/component[", "]")


def _written(prefix: tuple[str, ...]) -> Prefix:
    if len(prefix) == 1:
        return prefix[0]
    return list(prefix) if len(prefix) == 2 else [prefix[0]]


def unpack(data: bytes) -> Outline:
    """Unpack what `pack` made; `data` is our own, so its size needs no ceiling."""
    raw = _decompressor().decompress(data)
    start = 4 + int.from_bytes(raw[:4], "little")
    header = _HEADER.decode(raw[4:start])
    size = header.count * _SIZE
    view = memoryview(raw)
    component_ids, nested_in, came_by, numbers, prefixes = (
        view[place : place + size].cast(code) for code, place in zip(_COLUMNS, count(start, size), strict=False)
    )
    return Outline(
        raw[start : start + size],
        component_ids,
        nested_in,
        came_by,
        numbers,
        prefixes,
        prefix_table=header.prefixes,
        has_edges=header.has_edges,
    )


def _decompressor() -> zstandard.ZstdDecompressor:
    """Return this thread's: it takes longer to make one than to use it, and two threads may not use the same."""
    found: zstandard.ZstdDecompressor | None = getattr(_own, "decompressor", None)
    if found is None:
        found = _own.decompressor = zstandard.ZstdDecompressor()
    return found


def _is_shorter(path: tuple[int, ...] | None, than: tuple[int, ...] | None) -> bool:
    return path is not None and (than is None or len(path) < len(than))


def _number(prefix: Prefix, pointer: str) -> int:
    """Return the number that a place has within these surroundings (0 where they have none); -1 for one elsewhere."""
    head, tail = (f"{prefix}/", "") if isinstance(prefix, str) else (prefix[0], prefix[1] if len(prefix) > 1 else "")
    if not pointer.startswith(head):
        return -1
    has_number = isinstance(prefix, str) or len(prefix) > 1
    digits = _DIGITS.match(pointer, len(head)) if has_number else None
    end = digits.end() if digits else len(head)
    if (
        has_number is not bool(digits)
        or not pointer.startswith(tail, end)
        or pointer[end + len(tail) :][:1] not in {"", "/"}
    ):
        return -1
    return int(digits[0]) if digits else 0
