"""Packed columns, as statements send many numbers at once: int4send or int8send of each, one after the other."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from itertools import accumulate
from typing import TypeAlias

Column: TypeAlias = "array[int]"


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

    @property
    def greatest(self) -> int:
        return max(self.artifacts, default=0)
