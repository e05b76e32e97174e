"""Packed columns, as statements send many numbers at once: int4send or int8send of each, one after the other."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Column: TypeAlias = "array[int]"
_INT4 = 23
"""The number of the type in every PostgreSQL."""


def column(packed: bytes | None) -> Column:
    """Unpack big-endian int32, as int4send writes them."""
    numbers = array("i", packed or b"")
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def pack(numbers: Column) -> bytes:
    """Pack numbers as `column` takes them."""
    copy = array("i", numbers)
    if sys.byteorder == "little":
        copy.byteswap()
    return copy.tobytes()


def sql_array(numbers: Iterable[int]) -> bytes:
    """Return numbers as an `int[]` in the server's own form: of tens of thousands neither side writes or reads text."""
    given = array("i", numbers)
    one_dimension = (1, 0, _INT4, len(given), 1) if given else (0, 0, _INT4)
    with_lengths = array("i", [4]) * (2 * len(given))
    with_lengths[1::2] = given
    return pack(array("i", one_dimension) + with_lengths)


def wide_column(packed: bytes | None) -> Column:
    """Unpack big-endian int64, as int8send writes them."""
    numbers = array("q", packed or b"")
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


class Subjects:
    """Which artifacts the snapshots of tracks are about."""

    def __init__(self, tracks: Column, counts: Column, seqs: Column, artifacts: Column) -> None:
        self.seqs, self.artifacts = seqs, artifacts
        self.bounds: dict[int, tuple[int, int]] = {}
        """Where the subjects of each track begin and end; within it they are in order."""
        for track, end, count in zip(tracks, accumulate(counts), counts, strict=True):
            start, _ = self.bounds.get(track, (end - count, end))
            self.bounds[track] = (start, end)

    @classmethod
    def unpack(cls, *columns: bytes | None) -> Subjects:
        """Take the one row of SUBJECTS: blocks follow each other by track and place on it."""
        return cls(*(column(packed) for packed in columns))

    def within(self, track: int, since: int, until: int) -> Column:
        """Return the artifacts of a stretch of a track, repeated ones included."""
        start, end = self.bounds.get(track, (0, 0))
        first = bisect_left(self.seqs, since, start, end)
        return self.artifacts[first : bisect_left(self.seqs, until, first, end)]
