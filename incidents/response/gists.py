"""The gist of a large kept answer: what pages, actions and differences need of it, small enough to be read for a page.

It is stored in parts, so that each is read when somebody needs it: what is said of all rows, in columns; what should be
done; what matched, written once; and the rows themselves, a stretch at a time, without the places in documents. The
digests of the stored pages stand with it, so that a page of rows can be read, and trusted, without the others.

It says nothing of its own: it is made (packing.py) from what is stored, and one of another shape than this release's is
left alone.
"""

from __future__ import annotations

import hashlib
import zlib
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from incidents.impact.answer import Match, Provenance, Via, WorkloadShown
from incidents.response.derived import Derived
from incidents.response.differences import BuildDifference, Changes, Known
from incidents.response.reach import Reach
from incidents.response.said import Said
from incidents.response.strengths import Unknown
from inventory.formats.collector import collector_paused
from inventory.graph.packed import column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHAPE: Final = 3
"""Of what packing.py writes: one more whenever that changes. A process of another release may read what this one wrote,
and then reads the stored pages instead."""
HEAD, DIGESTS, ACTIONS, MATCHES = range(4)
"""Parts that are read together. The stretches of rows follow from FIRST_ROWS on."""
FIRST_ROWS: Final = 16
STRETCH: Final = 1_000
"""Rows that are read together."""
DIGEST_PREFIX: Final = "sha256:"
DIGEST_BYTES: Final = 32
_LEVEL: Final = 1


class StoredPage(Struct, frozen=True, array_like=True, gc=False):
    """A stored page: how many rows it has, and the SHA-256 of its bytes."""

    row_count: int
    digest: bytes


class Spot(Struct, frozen=True, array_like=True, gc=False):
    """Where rows run, as they can be narrowed by it."""

    cluster: str
    namespace: str
    service: str | None
    team: str


class Since(Struct, frozen=True, array_like=True, gc=False):
    """What is other than in the answer before, of this number."""

    number: int
    rows: Changes
    builds: BuildDifference


class Head(Struct, frozen=True, array_like=True, gc=False):
    """What is said of all rows. Numbers are packed (graph/packed.py).

    `odd` are the rows that no SHA-256 names, by their places: another digest, or what is known by its names. Row
    `spot_rows[i]` runs at `spots[spot_numbers[i]]`. `via` are the digests through which any row is reached.
    """

    pages: tuple[StoredPage, ...]
    verdicts: bytes
    odd: dict[int, str | tuple[str, ...]]
    spots: tuple[Spot, ...]
    spot_rows: bytes
    spot_numbers: bytes
    via: tuple[str, ...]
    unknown: tuple[Unknown, ...]
    since: Since | None
    reach: msgspec.Raw


class SaidOf(Struct, frozen=True, array_like=True, gc=False):
    """What is said of a subject (Answer.subjects_of)."""

    subject: tuple[str, ...]
    said: Said


class Actions(Struct, frozen=True, array_like=True, gc=False):
    """What should be done, what is said of everything but digests, and the ids of what was found, row by row."""

    derived: Derived
    said: tuple[SaidOf, ...]
    artifacts: bytes


class Matches(Struct, frozen=True, array_like=True, gc=False):
    """What rows name by its number."""

    matches: tuple[Match, ...]
    provenances: tuple[Provenance, ...]


class Line(Struct, frozen=True, array_like=True, gc=False):
    """A row, but for what the head says of it. `matches` and `provenance` are numbers of the part for them."""

    names: tuple[str, ...]
    kind: str
    matches: tuple[int, ...]
    via: tuple[Via, ...]
    provenance: int
    workloads: tuple[WorkloadShown, ...]
    vex: tuple[str, ...]
    confidence: str


_HEAD: Final = msgspec.msgpack.Decoder(Head)
_ACTIONS: Final = msgspec.msgpack.Decoder(Actions)
_MATCHES: Final = msgspec.msgpack.Decoder(Matches)
_LINES: Final = msgspec.msgpack.Decoder(tuple[Line, ...])
_REACH: Final = msgspec.msgpack.Decoder(Reach)


class Gist:
    """The first parts of a gist as they are stored; each is unpacked when somebody looks at it."""

    def __init__(self, parts: Mapping[int, bytes]) -> None:
        self._parts = dict(parts)
        with collector_paused():
            self.head = _HEAD.decode(_unpacked(self._parts.pop(HEAD)))

    def __len__(self) -> int:
        return len(self.head.verdicts)

    @property
    def unknown(self) -> Sequence[Unknown]:
        """The rows that were found, as if nothing were known of their builds."""
        return self.head.unknown

    @cached_property
    def known(self) -> Known:
        """Which rows there are, and what they are."""
        text = self._parts[DIGESTS].hex()
        width = 2 * DIGEST_BYTES
        keys: list[object] = [DIGEST_PREFIX + text[start : start + width] for start in range(0, len(text), width)]
        for place, key in self.head.odd.items():
            keys[place] = key
        return Known(keys, self.head.verdicts)

    @cached_property
    def matches(self) -> Matches:
        """What matched, and where rows come from."""
        with collector_paused():
            return _MATCHES.decode(_unpacked(self._parts[MATCHES]))

    def read_derived(self) -> Derived:
        """Return what should be done."""
        return self._actions.derived

    def read_said(self) -> Mapping[tuple[str, ...], Said]:
        """Return what is said of everything that an action may be done to, but digests."""
        return {one.subject: one.said for one in self._actions.said}

    def read_artifacts(self) -> dict[int, str]:
        """Return the digests of what was found, by the ids of the artifacts."""
        ids = zip(column(self._actions.artifacts), self.known.keys, strict=True)
        return {artifact_id: str(key) for artifact_id, key in ids if artifact_id}

    def read_reach(self) -> Reach:
        """Return how far what was found reaches."""
        return _REACH.decode(self.head.reach)

    @cached_property
    def _actions(self) -> Actions:
        with collector_paused():
            return _ACTIONS.decode(_unpacked(self._parts[ACTIONS]))


def unpack_lines(packed: bytes) -> tuple[Line, ...]:
    """Return the rows of a stretch."""
    with collector_paused():
        return _LINES.decode(_unpacked(packed))


def packed(part: object) -> bytes:
    """Return a part as it is stored."""
    return zlib.compress(msgspec.msgpack.encode(part), _LEVEL)


def _unpacked(content: bytes) -> bytes:
    return zlib.decompress(content)


def digest_of(content: bytes, *, part: int, content_digest: str) -> str:
    """Return what tells that a part is whole, which one it is, and of which answer."""
    return f"sha256:{hashlib.sha256(f'{content_digest} {part} '.encode() + content).hexdigest()}"
