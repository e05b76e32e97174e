"""Where the stretches of an answer lie: which subjects and which running containers each of them covers. Pure.

A stretch is one range of a track that holds a component. A long list of packages has tens of thousands of them, so each
is looked up once, and what it covers is a slice of columns: never a set of objects.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING

from incidents.impact.facts import UNSURE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from incidents.impact.facts import Place, Spans
    from inventory.graph.packed import Column, Subjects

CLEARED_FROM = 4
"""Classes from here on are cleared."""
_NOWHERE = (0, 0)


class Points:
    """The containers that run, sorted by what they run: columns with one entry a container and point of a track."""

    def __init__(self, places: Sequence[Place]) -> None:
        rows = sorted(chain.from_iterable(map(_rows, range(len(places)), places)))
        self.places = places
        columns = zip(*rows, strict=True) if rows else repeat((), 6)
        self.tracks, self.seqs, self.owners, self.workloads, self.marks, self.place_of = (
            array("i", column) for column in columns
        )
        self.has_unsure = any(mark & UNSURE for mark in self.marks)

    def __len__(self) -> int:
        return len(self.tracks)

    def bounds(self) -> dict[int, tuple[int, int]]:
        """Return where each track's containers begin and end."""
        found: dict[int, tuple[int, int]] = {}
        start, tracks = 0, self.tracks
        while start < len(tracks):
            end = bisect_left(tracks, tracks[start] + 1, start)
            found[tracks[start]] = (start, end)
            start = end
        return found


def _rows(number: int, place: Place) -> Iterable[tuple[int, int, int, int, int, int]]:
    return zip(place.tracks, place.seqs, place.owners, place.workloads, place.marks, repeat(number))


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
    running, run_seqs = points.bounds(), points.seqs
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
        by_class.setdefault(row_class, []).append(stretch)
    marks = bytearray(size)
    for row_class in sorted(by_class, reverse=True):
        whole = bytes([row_class + 1]) * size
        for first, last in by_class[row_class]:
            marks[first:last] = whole[first:last]
    return marks
