"""Columns of numbers, counted whole: what answers are made of has hundreds of thousands of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

Ints: TypeAlias = "NDArray[np.int32]"
Longs: TypeAlias = "NDArray[np.int64]"
Octets: TypeAlias = "NDArray[np.uint8]"
Flags: TypeAlias = "NDArray[np.bool_]"

_FEW: Final = 64
"""To fill so few ranges one by one costs less than to pass over all positions."""
_SPARSE: Final = 8
"""One position costs as much where it is named as so many do where all are passed over."""


def ints(packed: bytes | None) -> Ints:
    """Unpack big-endian int32, as int4send writes them."""
    return np.frombuffer(packed or b"", dtype=">i4").astype(np.int32)


def longs(packed: bytes | None) -> Longs:
    """Unpack big-endian int64, as int8send writes them."""
    return np.frombuffer(packed or b"", dtype=">i8").astype(np.int64)


def octets(packed: bytes | None) -> Octets:
    """Take bytes as numbers."""
    return np.frombuffer(packed or b"", dtype=np.uint8)


def points_of(tracks: Ints, seqs: Ints) -> Longs:
    """Return points of tracks as one number each, which orders by track, then seq."""
    return tracks.astype(np.int64) << 32 | seqs


def best_of(size: int, classes: Octets, first: Longs, last: Longs) -> Octets:
    """Return for each position the least class, plus one, of the ranges that cover it; zero for none.

    `first` and `last` are where the range of each of `classes` begins, and ends, not included; never `last` < `first`.
    """
    best = np.zeros(size, np.uint8)
    if len(classes) <= _FEW:
        for row_class, begin, end in sorted(
            zip(classes.tolist(), first.tolist(), last.tolist(), strict=True), reverse=True
        ):
            best[begin:end] = row_class + 1
        return best
    for row_class, places in places_by_class(size, classes, first, last):
        best[places] = row_class + 1
    return best


def places_by_class(size: int, classes: Octets, first: Longs, last: Longs) -> Iterator[tuple[int, Longs | Flags]]:
    """Yield each class, the greatest first, with what selects the positions, of `size`, that its ranges cover."""
    for row_class in reversed(np.flatnonzero(np.bincount(classes)).tolist()):
        mine = classes == row_class
        yield row_class, _within(size, first[mine], last[mine])


def _within(size: int, first: Longs, last: Longs) -> Longs | Flags:
    """Return what selects the positions that ranges cover: themselves where they are few, else flags of all."""
    if int((last - first).sum()) * _SPARSE < size:
        return expanded(first, last)
    begun, over = np.bincount(first, minlength=size + 1), np.bincount(last, minlength=size + 1)
    flags: Flags = np.cumsum(begun - over)[:size] > 0
    return flags


def looked_up(table: NDArray[Any], numbers: Octets) -> NDArray[Any]:
    """Return what a table has for each number; none may be outside of it, which is not checked: that takes longer."""
    return table.take(numbers, mode="clip")


def different(values: Longs) -> Longs:
    """Return the different values, in order: numpy.unique looks them up one by one, which takes ten times as long."""
    ordered = np.sort(values)
    return ordered[_is_first(ordered)]


def how_many(values: Ints | Longs) -> int:
    """Return how many different numbers there are: without putting them in order, where none is large."""
    return int(np.count_nonzero(marked(int(values.max(initial=0)) + 1, values)))


def counted(values: Longs) -> tuple[Longs, Longs]:
    """Return the different values, in order, and how often each is there."""
    ordered = np.sort(values)
    first = np.flatnonzero(_is_first(ordered))
    return ordered[first], np.diff(first, append=len(ordered))


def _is_first(ordered: Longs) -> Flags:
    is_first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return is_first


def expanded(first: Longs, last: Longs) -> Longs:
    """Return all positions of ranges, range after range."""
    lengths = last - first
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0, dtype=np.int64) + np.repeat(last - ends, lengths)


def marked(size: int, places: Sequence[int] | Ints | Longs) -> Flags:
    """Return flags of which those at `places` are set."""
    flags = np.zeros(size, np.bool_)
    flags[places] = True
    return flags
