"""The outline of one SBOM: where each component stands and how it came in, small enough to read for every row shown.

An answer shows a pointer and a path for each match. Reading the whole document for that costs milliseconds a row; the
outline holds just this in about four bytes a component: five columns of integers, compressed.
"""

from __future__ import annotations

import json
import re
from array import array
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import zstandard
from msgspec import Struct

from inventory.formats.records import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from inventory.formats.records import ComponentRecord

UNREACHABLE = -2
_NESTED = 0xFFFF_FFFF
"""Prefix code of a component whose pointer continues its parent's."""
_MAX_PATH = 50
_COLUMNS = "IiiII"
_ZSTD_LEVEL = 3
_XPATH_STEP: Final = re.compile(r"(.*\[)(0|[1-9]\d{0,8})(\])", re.DOTALL)

Prefix = str | list[str]
"""What stands around the number of a place: of a JSON pointer the text before its last `/`; of an XPath the text before
and behind it; of a place without a number all of it, alone in a list."""


class Occurrence(Struct, frozen=True, gc=False):
    """A component at one place of the document.

    `path` holds component ids, from a direct dependency to the component itself; None where the document does not say.
    """

    component_id: int
    pointer: str
    path: tuple[int, ...] | None


@dataclass(slots=True)
class Outline:
    """An outline, unpacked. Columns have one entry a component, in the document's order."""

    component_ids: array[int]
    nested_in: array[int]
    came_by: array[int]
    numbers: array[int]
    prefixes: array[int]
    prefix_table: list[Prefix]
    has_edges: bool

    def find(self, component_ids: Collection[int]) -> list[Occurrence]:
        """Return the occurrences of these components, one each: the one with the shortest path."""
        wanted = set(component_ids)
        best: dict[int, tuple[int, tuple[int, ...] | None]] = {}
        for index, component_id in enumerate(self.component_ids):
            if component_id in wanted:
                path = self._path(index) if self.has_edges else None
                if component_id not in best or _is_shorter(path, best[component_id][1]):
                    best[component_id] = index, path
        return [
            Occurrence(component_id, self._pointer(index), path)
            for component_id, (index, path) in sorted(best.items(), key=itemgetter(0))
        ]

    def _pointer(self, index: int) -> str:
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
    table: dict[tuple[str, ...], int] = {}
    numbers, prefixes, nested_in = array("I"), array("I"), array("i")
    for component in components:
        prefix, number = _split(component.pointer)
        parent = component.parent
        is_nested = parent is not None and parent >= 0 and prefix == _below(components[parent].pointer, prefix)
        prefixes.append(_NESTED if is_nested else table.setdefault(prefix, len(table)))
        numbers.append(number)
        nested_in.append(ROOT if parent is None else parent)
    header = json.dumps(
        {"count": len(components), "prefixes": [_written(one) for one in table], "has_edges": has_edges}
    ).encode()
    columns = (array("I", component_ids), nested_in, array("i", came_by), numbers, prefixes)
    body = b"".join(column.tobytes() for column in columns)
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(len(header).to_bytes(4, "little") + header + body)


def _split(pointer: str) -> tuple[tuple[str, ...], int]:
    """Take a place apart into what stands around its last number, and the number."""
    prefix, slash, number = pointer.rpartition("/")
    if slash and number.isdecimal() and len(number) < 10 and (number == "0" or number[0] != "0"):
        return (prefix,), int(number)
    step = _XPATH_STEP.fullmatch(pointer)
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
    raw = zstandard.ZstdDecompressor().decompress(data)
    start = 4 + int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4:start])
    columns: list[array[int]] = []
    for code in _COLUMNS:
        column: array[int] = array(code)
        end = start + header["count"] * column.itemsize
        column.frombytes(raw[start:end])
        columns.append(column)
        start = end
    component_ids, nested_in, came_by, numbers, prefixes = columns
    return Outline(
        component_ids,
        nested_in,
        came_by,
        numbers,
        prefixes,
        prefix_table=header["prefixes"],
        has_edges=header["has_edges"],
    )


def _is_shorter(path: tuple[int, ...] | None, than: tuple[int, ...] | None) -> bool:
    return path is not None and (than is None or len(path) < len(than))
