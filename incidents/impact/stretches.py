"""Where the stretches of an answer lie: which subjects and which running containers each of them covers. Pure.

A stretch is one range of a track that holds a component. A long list of packages has tens of thousands of them, half of
which are the same range of another component: each range is looked up once, and what it covers is a slice of columns,
never a set of objects.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import compress
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from incidents.impact.facts import Points, Spans
    from inventory.graph.packed import Subjects

Covered: TypeAlias = tuple[int, int, int, int]
"""From and up to which positions among the subjects, and among the points."""
CLEARED_FROM = 4
"""Classes from here on are cleared."""
ONLY: Final = [bytes(number == kept for number in range(256)) for kept in range(256)]
"""Tables that make one number 1, and all others 0."""
_NOWHERE = (0, 0)


def covered(spans: Spans, *, subjects: Subjects, points: Points) -> list[Covered]:
    """Look each stretch up: what it covers, in the order of the spans."""
    known = _Known(subjects, points)
    return list(map(known.__getitem__, zip(spans.tracks, spans.since, spans.until, strict=True)))


class _Known(dict[tuple[int, int, int], Covered]):
    """What each range of a track covers, looked up the first time it is asked for."""

    def __init__(self, subjects: Subjects, points: Points) -> None:
        super().__init__()
        self._subjects, self._seqs = subjects.bounds, subjects.seqs
        self._points, self._run_seqs = points.bounds, points.seqs

    def __missing__(self, stretch: tuple[int, int, int]) -> Covered:
        track, since, until = stretch
        seqs, run_seqs = self._seqs, self._run_seqs
        first, last = self._subjects.get(track, _NOWHERE)
        if first < last:
            if seqs[first] < since:
                first = bisect_left(seqs, since, first, last)
            if first < last and seqs[last - 1] >= until:
                last = bisect_left(seqs, until, first, last)
        start, stop = self._points.get(track, _NOWHERE)
        if start < stop:
            if run_seqs[start] < since:
                start = bisect_left(run_seqs, since, start, stop)
            if start < stop and run_seqs[stop - 1] >= until:
                stop = bisect_left(run_seqs, until, start, stop)
        found = self[stretch] = first, last, start, stop
        return found


def ranges_by_class(where: Sequence[Covered], classes: bytes) -> dict[int, set[Covered]]:
    """Return the different ranges that each class has."""
    return {each: set(compress(where, classes.translate(ONLY[each]))) for each in set(classes)}


def best_of(size: int, ranges: Iterable[tuple[int, Iterable[tuple[int, int]]]]) -> bytearray:
    """Return for each position the least class, plus one, of the ranges that cover it; zero for none."""
    marks = bytearray(size)
    for row_class, covering in sorted(ranges, key=lambda each: each[0], reverse=True):
        whole = bytes([row_class + 1]) * size
        for first, last in covering:
            if first < last:
                marks[first:last] = whole[first:last]
    return marks
