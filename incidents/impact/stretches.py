"""Where the stretches of an answer lie: which subjects and which running containers each of them covers. Pure.

A stretch is one range of a track that holds a component. A long list of packages has tens of thousands of them, so each
is looked up once, and what it covers is a slice of columns: never a set of objects.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from incidents.impact.facts import Points, Spans
    from inventory.graph.packed import Column, Subjects

CLEARED_FROM = 4
"""Classes from here on are cleared."""
_NOWHERE = (0, 0)


@dataclass(frozen=True, slots=True)
class Covered:
    """What each stretch covers, in the order of the spans: positions among the subjects, and among the points."""

    subjects_from: Column
    subjects_to: Column
    points_from: Column
    points_to: Column

    def subjects(self) -> Iterator[tuple[int, int]]:
        return zip(self.subjects_from, self.subjects_to, strict=True)

    def points(self) -> Iterator[tuple[int, int]]:
        return zip(self.points_from, self.points_to, strict=True)


def covered(spans: Spans, *, subjects: Subjects, points: Points) -> Covered:
    """Look each stretch up."""
    found = Covered(array("i"), array("i"), array("i"), array("i"))
    add = found.subjects_from.append, found.subjects_to.append, found.points_from.append, found.points_to.append
    add_first, add_last, add_start, add_stop = add
    bounds, seqs = subjects.bounds, subjects.seqs
    running, run_seqs = points.bounds, points.seqs
    for track, since, until in zip(spans.tracks, spans.since, spans.until, strict=True):
        first, last = bounds.get(track, _NOWHERE)
        if first < last:
            if seqs[first] < since:
                first = bisect_left(seqs, since, first, last)
            if first < last and seqs[last - 1] >= until:
                last = bisect_left(seqs, until, first, last)
        add_first(first)
        add_last(last)
        start, stop = running.get(track, _NOWHERE)
        if start < stop:
            if run_seqs[start] < since:
                start = bisect_left(run_seqs, since, start, stop)
            if start < stop and run_seqs[stop - 1] >= until:
                stop = bisect_left(run_seqs, until, start, stop)
        add_start(start)
        add_stop(stop)
    return found


def best_of(size: int, stretches: Iterable[tuple[tuple[int, int], int]]) -> bytearray:
    """Return for each position the least class, plus one, of the stretches that cover it; zero for none."""
    by_class: dict[int, list[tuple[int, int]]] = {}
    for stretch, row_class in stretches:
        if stretch[0] < stretch[1]:
            by_class.setdefault(row_class, []).append(stretch)
    marks = bytearray(size)
    for row_class in sorted(by_class, reverse=True):
        whole = bytes([row_class + 1]) * size
        for first, last in by_class[row_class]:
            marks[first:last] = whole[first:last]
    return marks
