"""The facts of one question, as its statements fetch them: packed columns, unpacked."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from typing import TYPE_CHECKING, TypeAlias

from inventory.graph.packed import column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from inventory.graph.packed import Column, Subjects


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of tracks that hold what is asked for: from `since` up to, not including, `until`.

    `components` is empty where nobody asks which component it is.
    """

    components: Column
    tracks: Column
    since: Column
    until: Column
    classes: bytes

    @classmethod
    def unpack(cls, components: bytes | None, tracks: bytes | None, since: bytes | None, *rest: bytes | None) -> Spans:
        until, classes = rest
        return cls(column(components), column(tracks), column(since), column(until), bytes(classes or b""))

    def __add__(self, other: Spans) -> Spans:
        return Spans(
            self.components + other.components,
            self.tracks + other.tracks,
            self.since + other.since,
            self.until + other.until,
            self.classes + other.classes,
        )

    def __iter__(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield (track, since, until, class)."""
        return zip(self.tracks, self.since, self.until, self.classes, strict=True)


UNSURE, UNSEEN = 1, 2
"""The bits of a mark (statements.points)."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What runs in one namespace of a cluster, in one environment; a row of `statements.points`.

    Equal to itself alone; two of one `key` are one place.
    """

    cluster: str
    environment: str
    namespace: str
    tracks: Column
    seqs: Column
    owners: Column
    workloads: Column
    marks: bytes

    @classmethod
    def unpack(cls, cluster: str, environment: str | None, namespace: str, *columns: bytes) -> Place:
        *numbers, marks = columns
        tracks, seqs, owners, workloads = (column(packed) for packed in numbers)
        return cls(cluster, environment or "", namespace, tracks, seqs, owners, workloads, bytes(marks))

    @property
    def key(self) -> tuple[str, bool, str, str]:
        """What orders places; those without environment come last in their cluster."""
        return self.cluster, not self.environment, self.environment, self.namespace


PointRow: TypeAlias = tuple[int, int, int, int, int, int]
"""A container and a point of what it runs: track, seq, owner, workload, mark, and the number of its place."""


class Points:
    """The containers that run, sorted by what they run: columns with one entry a container and point of a track."""

    def __init__(self, places: Sequence[Place], rows: Iterable[PointRow]) -> None:
        ordered = sorted(rows)
        self.places = places
        columns = zip(*ordered, strict=True) if ordered else repeat((), 6)
        self.tracks, self.seqs, self.owners, self.workloads, self.marks, self.place_of = (
            array("i", column) for column in columns
        )
        self.unsure = [number for number, mark in enumerate(self.marks) if mark & UNSURE]
        self.unseen = [number for number, mark in enumerate(self.marks) if mark & UNSEEN]

    @classmethod
    def of(cls, places: Sequence[Place]) -> Points:
        """Take places whose columns have the points."""
        return cls(places, chain.from_iterable(map(_rows, range(len(places)), places)))

    def __len__(self) -> int:
        return len(self.tracks)

    @cached_property
    def greatest(self) -> int:
        """The greatest number of an artifact whose row one of them is."""
        return max(self.owners, default=0)

    @cached_property
    def bounds(self) -> dict[int, tuple[int, int]]:
        """Return where each track's containers begin and end."""
        found: dict[int, tuple[int, int]] = {}
        start, tracks = 0, self.tracks
        while start < len(tracks):
            end = bisect_left(tracks, tracks[start] + 1, start)
            found[tracks[start]] = (start, end)
            start = end
        return found


def _rows(number: int, place: Place) -> Iterable[PointRow]:
    return zip(place.tracks, place.seqs, place.owners, place.workloads, place.marks, repeat(number))


@dataclass(frozen=True)
class Facts:
    """All that an answer is counted from. `named` and `named_points` are of artifacts that are themselves asked for."""

    spans: Spans
    subjects: Subjects
    points: Points
    undescribed: Sequence[Place]
    named: Sequence[int] = ()
    named_points: Sequence[Place] = ()
    told: Sequence[Place] | None = None
    """All that runs, with what is told of its origin (untold.py); None where no origin is asked for."""
    untold: Sequence[Place] = ()
    """What runs and of whose origin something that was asked for is not told; mark 1 for those containers."""

    @property
    def tell_components(self) -> bool:
        """Whether they say which component is where, of all that is affected or possible."""
        return len(self.spans.components) == len(self.spans.tracks)

    @cached_property
    def greatest_artifact(self) -> int:
        owners = (max(place.owners) for place in (*self.undescribed, *self.untold, *self.named_points))
        return max(self.subjects.greatest, max(self.named, default=0), self.points.greatest, max(owners, default=0))
