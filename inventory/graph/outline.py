"""The outline of one SBOM: where each component stands and how it came in, small enough to read for every row shown.

An answer shows a pointer and a path for each match. Reading the whole document for that costs milliseconds a row; the
outline holds just this in about four bytes a component: five columns of integers, compressed.
"""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

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
    prefix_table: list[str]
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
        inner = ""
        while self.prefixes[index] == _NESTED:
            inner = f"/components/{self.numbers[index]}{inner}"
            index = self.nested_in[index]
        return f"{self.prefix_table[self.prefixes[index]]}/{self.numbers[index]}{inner}"

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
    table: dict[str, int] = {}
    numbers, prefixes, nested_in = array("I"), array("I"), array("i")
    for component in components:
        prefix, _, number = component.pointer.rpartition("/")
        parent = component.parent
        is_nested = parent is not None and parent >= 0 and prefix == f"{components[parent].pointer}/components"
        prefixes.append(_NESTED if is_nested else table.setdefault(prefix, len(table)))
        numbers.append(int(number))
        nested_in.append(ROOT if parent is None else parent)
    header = json.dumps({"count": len(components), "prefixes": list(table), "has_edges": has_edges}).encode()
    columns = (array("I", component_ids), nested_in, array("i", came_by), numbers, prefixes)
    body = b"".join(column.tobytes() for column in columns)
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(len(header).to_bytes(4, "little") + header + body)


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
