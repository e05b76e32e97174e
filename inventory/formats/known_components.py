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
from inventory.identity import purls

_MOST_ITEMS: Final = 5_000
"""A longer list is not worth remembering: it would push out what documents share. It also needs the room."""
_MOST_KNOWN: Final = 100_000
"""Some 75 MB. The newest builds of 200 services have 55,000 different components; with less, each pushes others out."""


class Known(msgspec.Struct, gc=False):
    """A component as it was read, without its place; and whether the schema of its version has nothing against it."""

    record: ComponentRecord
    is_valid: bool = False


class Memory:
    """Of one version of the format under one set of limits, by the hash of the bytes.

    It has two halves: what is added or found again is in the younger one. When it is told to age, the younger becomes
    the older, and what was not met since the last time is forgotten.
    """

    __slots__ = ("_old", "_young")

    def __init__(self) -> None:
        self._young: dict[bytes, Known] = {}
        self._old: dict[bytes, Known] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, keys: Sequence[bytes]) -> list[Known | None]:
        """Return what is known of each."""
        found = [*map(self._young.get, keys)]
        if self._old:
            for place, key in enumerate(keys):
                if found[place] is None and (known := self._old.pop(key, None)) is not None:
                    self._young[key] = found[place] = known
        return found

    def add(self, key: bytes, known: Known) -> None:
        self._young[key] = known

    def age(self) -> None:
        self._old, self._young = self._young, {}

    @property
    def young_count(self) -> int:
        return len(self._young)


@dataclass(frozen=True, slots=True)
class Listed:
    """The items of one array of components, and the hash of each; no hashes of a long list."""

    items: Sequence[msgspec.Raw]
    keys: Sequence[bytes]


class _Memories:
    """All that is remembered; it ages when it becomes too much."""

    def __init__(self) -> None:
        self._memories: dict[tuple[str, Limits], Memory] = {}

    def of(self, version: str, limits: Limits) -> Memory:
        memories = self._memories.values()
        if sum(memory.young_count for memory in memories) >= _MOST_KNOWN // 2:
            for memory in memories:
                memory.age()
        return self._memories.setdefault((version, limits), Memory())

    def forget(self) -> None:
        self._memories.clear()


_memories = _Memories()
memory_of = _memories.of
forget_all = _memories.forget


def is_long(count: int) -> bool:
    """Tell whether a list of so many components needs the room of what is remembered, and is not worth remembering."""
    return count > _MOST_ITEMS


def give_room() -> None:
    """Forget components and purls that were read: before a long list is read, and again what it left behind."""
    forget_all()
    purls.forget_all()


def list_components(raw: msgspec.Raw, *, pointer: str) -> Listed:
    """Split an array of components. Raises FormatError `wrong_shape` when the value is anything else."""
    items = json_parts.array_items(raw, pointer=pointer)
    if is_long(len(items)):
        give_room()
        return Listed(items, ())
    name = hashlib.sha256
    return Listed(items, [name(item).digest() for item in items])
