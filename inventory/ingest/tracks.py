"""Choose the track a document extends, and say what changes on it. Which one decides only how much is stored.

Measured (docs/adr/0001-presence-ranges.md): the best of the last eight heads of one name, producer and architecture,
and a new track when more than 40 % differs, keeps release lines and architectures apart without being told of them.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supplychain.exchange import Statement, to_int

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from supplychain.exchange import Row

CANDIDATES = 8
MAX_DIFFERENCE = 0.4
_FLAG_BITS = 8

FIND_CANDIDATES = Statement("""
SELECT id, last_seq, set_hash, head, CASE WHEN %(wants_stated)s::bool THEN stated END FROM inventory_track
WHERE team_id = %(team)s::bigint AND name = %(name)s::text AND producer = %(producer)s::text
  AND architecture = %(architecture)s::text
ORDER BY updated_at DESC, id DESC LIMIT %(limit)s::int
""")


@dataclass(frozen=True, slots=True)
class TrackKey:
    """What documents of one track share."""

    team_id: int
    name: str
    producer: str
    architecture: str

    @property
    def lock(self) -> int:
        """The advisory lock under which documents of this key are applied one after the other."""
        text = f"{self.team_id}\x00{self.name}\x00{self.producer}\x00{self.architecture}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True, slots=True)
class Head:
    """A candidate: the newest set of a track."""

    track_id: int
    last_seq: int
    set_hash: bytes
    head: bytes
    stated: bytes = b""
    """What the newest document stated (identifiers.py); read only where this process does not know it."""

    @classmethod
    def of(cls, row: Row) -> Head:
        """Read a row of FIND_CANDIDATES."""
        track_id, last_seq, set_hash, head, stated = row
        return cls(to_int(track_id), to_int(last_seq), set_hash or b"", head or b"", stated or b"")


@dataclass(frozen=True, slots=True)
class ComponentSet:
    """Component ids with their flags, as one sorted column of `id << 8 | flags`; equal sets have equal hashes."""

    packed: bytes
    set_hash: bytes
    count: int

    @classmethod
    def of(cls, flags_by_component: dict[int, int]) -> ComponentSet:
        column = array("Q", sorted([entry << _FLAG_BITS | flags for entry, flags in flags_by_component.items()]))
        packed = column.tobytes()
        return cls(packed, hashlib.blake2b(packed, digest_size=16).digest(), len(column))


@dataclass(frozen=True, slots=True)
class Step:
    """The next point of a track. `track_id` None opens a new one. A changed flag is both dropped and added."""

    track_id: int | None
    seq: int
    dropped: tuple[int, ...]
    added: tuple[int, ...]
    added_flags: tuple[int, ...]


def next_step(components: ComponentSet, *, candidates: Iterable[Head]) -> Step:
    """Return how to store this set with the fewest rows: on the candidate that differs least, or on a new track."""
    heads = list(candidates)
    for head in heads:
        if head.set_hash == components.set_hash:
            return Step(head.track_id, head.last_seq + 1, (), (), ())
    wanted = set(_entries(components.packed))
    best, best_entries, best_size = None, set[int](), max(int(len(wanted) * MAX_DIFFERENCE), 1)
    for head in heads:
        entries = set(_entries(head.head))
        size = len(wanted ^ entries)
        if size <= best_size:
            best, best_entries, best_size = head, entries, size
    added = sorted(wanted - best_entries)
    return Step(
        track_id=None if best is None else best.track_id,
        seq=1 if best is None else best.last_seq + 1,
        dropped=tuple(sorted(entry >> _FLAG_BITS for entry in best_entries - wanted)),
        added=tuple(entry >> _FLAG_BITS for entry in added),
        added_flags=tuple(entry & 0xFF for entry in added),
    )


def unpack(packed: bytes) -> dict[int, int]:
    """Return {component id: flags} of a packed set."""
    return {entry >> _FLAG_BITS: entry & 0xFF for entry in _entries(packed)}


def _entries(packed: bytes) -> Sequence[int]:
    column = array("Q")
    column.frombytes(packed)
    return column
