"""Components that were read before: the next build of a service lists nearly all of them again, byte for byte.

A component is remembered by a hash of its bytes once it was read without a defect, and then whether the schema found
nothing wrong with it; it is never remembered as wrong. What holds other components is not remembered: how many there
are in all, and how deep, each document tells anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.limits import Limits
from inventory.formats.records import ComponentRecord

_MOST_ITEMS: Final = 5_000
"""A longer list is not worth remembering: it would push out what documents share."""
_MOST_KNOWN: Final = 40_000
"""Some 30 MB."""


class Known(msgspec.Struct, gc=False):
    """A component as it was read, without its place; and whether the schema of its version has nothing against it."""

    record: ComponentRecord
    is_valid: bool = False


Memory = dict[bytes, Known]
"""Of one version of the format under one set of limits, by the hash of the bytes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The items of one array of components, and the hash of each; no hashes of a long list."""

    items: Sequence[msgspec.Raw]
    keys: Sequence[bytes]


class _Memories:
    """All that is remembered; all of it is forgotten when it becomes too much."""

    def __init__(self) -> None:
        self._memories: dict[tuple[str, Limits], Memory] = {}

    def of(self, version: str, limits: Limits) -> Memory:
        if sum(map(len, self._memories.values())) >= _MOST_KNOWN:
            self.forget()
        return self._memories.setdefault((version, limits), {})

    def forget(self) -> None:
        self._memories.clear()


_memories = _Memories()
memory_of = _memories.of
forget_all = _memories.forget


def list_components(raw: msgspec.Raw, *, pointer: str) -> Listed:
    """Split an array of components. Raises FormatError `wrong_shape` when the value is anything else."""
    items = json_parts.array_items(raw, pointer=pointer)
    name = hashlib.sha256
    return Listed(items, [name(item).digest() for item in items] if len(items) <= _MOST_ITEMS else ())
