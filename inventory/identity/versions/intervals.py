"""Sets of versions as sorted, disjoint intervals of one scheme's order. The algebra under every range syntax.

An interval ends at cuts, not at versions: a cut lies just before or just after a version, so `[1,2)` is "from the cut
before 1 to the cut before 2" and all four kinds of bounds, single versions and exclusions are one thing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import total_ordering
from itertools import pairwise

from inventory.identity.versions.schemes import SortKey, sort_key


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A place in the order: just before `version`, or just after it."""

    version: str
    after: bool
    key: SortKey = field(repr=False)

    def same_version(self, other: Cut) -> bool:
        return not self.key < other.key and not other.key < self.key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cut) and self.after == other.after and self.same_version(other)

    def __lt__(self, other: Cut) -> bool:
        if self.key < other.key:
            return True
        return self.after < other.after and not other.key < self.key

    def __hash__(self) -> int:
        return hash((self.version, self.after))


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`; None is without limit. Never empty: `interval` makes them."""

    low: Cut | None
    high: Cut | None

    @property
    def only_version(self) -> str | None:
        """The version, where the interval holds a single one."""
        if self.low is None or self.high is None or self.low.after or not self.high.after:
            return None
        return self.low.version if self.low.same_version(self.high) else None


Intervals = tuple[Interval, ...]

EVERYTHING: Intervals = (Interval(None, None),)
NOTHING: Intervals = ()


def before(scheme: str, version: str) -> Cut:
    """Return the cut just before a version; raises UnevaluableVersion."""
    return Cut(version, False, sort_key(scheme, version))


def after(scheme: str, version: str) -> Cut:
    """Return the cut just after a version; raises UnevaluableVersion."""
    return Cut(version, True, sort_key(scheme, version))


def interval(low: Cut | None, high: Cut | None) -> Intervals:
    """Return the interval between two cuts as a set: nothing where they are the wrong way round."""
    if low is not None and high is not None and not low < high:
        return NOTHING
    return (Interval(low, high),)


def single(scheme: str, version: str) -> Intervals:
    """Return the set of one version."""
    return interval(before(scheme, version), after(scheme, version))


def union(sets: Iterable[Intervals]) -> Intervals:
    """Return what is in any of the sets, sorted, intervals that touch made one."""
    pieces = [piece for one in sets for piece in one]
    unlimited = [piece for piece in pieces if piece.low is None]
    limited = sorted((piece for piece in pieces if piece.low is not None), key=_low)
    merged: list[Interval] = []
    for piece in (*unlimited, *limited):
        last = merged[-1] if merged else None
        if last is not None and _reaches(last, piece):
            merged[-1] = Interval(last.low, _higher(last.high, piece.high))
        else:
            merged.append(piece)
    return tuple(merged)


def intersection(left: Intervals, right: Intervals) -> Intervals:
    """Return what is in both sets."""
    pieces: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        one, other = left[i], right[j]
        pieces.extend(interval(_later(one.low, other.low), _lower(one.high, other.high)))
        if _ends_first(one, other):
            i += 1
        else:
            j += 1
    return tuple(pieces)


def without(whole: Intervals, excluded: Intervals) -> Intervals:
    """Return what is in the first set and not in the second."""
    if not excluded:
        return whole
    outside: list[Interval] = []
    if excluded[0].low is not None:
        outside.append(Interval(None, excluded[0].low))
    outside.extend(Interval(gap.high, following.low) for gap, following in pairwise(excluded))
    if excluded[-1].high is not None:
        outside.append(Interval(excluded[-1].high, None))
    return intersection(whole, tuple(outside))


def holds(intervals: Intervals, place: Cut) -> bool:
    """Say whether a version, given as the cut before it, lies in the set. Takes log(n) comparisons."""
    position = _last_reached(intervals, place)
    if position < 0:
        return False
    high = intervals[position].high
    return high is None or place < high


def holds_beside(intervals: Intervals, place: Cut, *, plain: Cut, speaks_of_all: Callable[[Cut], bool]) -> bool:
    """Say whether a version lies in the set, or only just beyond an upper bound that speaks of all its variants.

    `plain` is the cut before the version without its variant, so `plain` <= `place`.
    """
    for position in range(_last_reached(intervals, place), -1, -1):
        high = intervals[position].high
        if high is None or place < high:
            return True
        if not plain < high:
            return False
        if speaks_of_all(high):
            return True
    return False


def _last_reached(intervals: Intervals, place: Cut) -> int:
    """Return the index of the last interval that begins at or before a place; -1 where all begin after it."""
    return bisect_right(intervals, place, lo=1 if intervals and intervals[0].low is None else 0, key=_low) - 1


def _low(piece: Interval) -> Cut:
    if piece.low is None:
        raise ValueError("an interval without a lower limit has no place among the limited ones")
    return piece.low


def _reaches(last: Interval, piece: Interval) -> bool:
    return last.high is None or piece.low is None or not last.high < piece.low


def _ends_first(one: Interval, other: Interval) -> bool:
    return one.high is not None and (other.high is None or one.high < other.high)


def _later(one: Cut | None, other: Cut | None) -> Cut | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


def _lower(one: Cut | None, other: Cut | None) -> Cut | None:
    if one is None or other is None:
        return one or other
    return min(other, one)


def _higher(one: Cut | None, other: Cut | None) -> Cut | None:
    if one is None or other is None:
        return None
    return max(one, other)
