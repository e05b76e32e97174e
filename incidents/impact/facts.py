"""The facts of one question, as its statements fetch them: packed columns, unpacked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias

import numpy as np

from incidents.impact.columns import different, ints, octets, points_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from incidents.impact.columns import Flags, Ints, Longs, Octets
    from incidents.impact.subjects import Subjects


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of tracks that hold what is asked for: from `since` up to, not including, `until`.

    `components` is empty where nobody asks which component it is.
    """

    components: Ints
    tracks: Ints
    since: Ints
    until: Ints
    classes: Octets

    @classmethod
    def unpack(cls, *columns: bytes | None) -> Self:
        """Take the row of statements.HELD."""
        components, tracks, since, until, classes = columns
        return cls(ints(components), ints(tracks), ints(since), ints(until), octets(classes))

    @classmethod
    def at(cls, points: Longs, *, row_class: int) -> Self:
        """Return spans of one point each, and of no component that is told."""
        tracks, seqs = (points >> 32).astype(np.int32), (points & 0x7FFFFFFF).astype(np.int32)
        return cls(np.zeros_like(tracks), tracks, seqs, seqs + 1, np.full(len(points), row_class, np.uint8))

    def __len__(self) -> int:
        return len(self.tracks)

    def __add__(self, other: Self) -> Spans:
        return Spans(
            np.concatenate((self.components, other.components)),
            np.concatenate((self.tracks, other.tracks)),
            np.concatenate((self.since, other.since)),
            np.concatenate((self.until, other.until)),
            np.concatenate((self.classes, other.classes)),
        )


UNSURE, UNSEEN = 1, 2
"""The bits of a mark (statements.points)."""


class Place(NamedTuple):
    """A namespace of a cluster, in one environment."""

    cluster: str
    environment: str
    namespace: str

    @property
    def key(self) -> tuple[str, bool, str, str]:
        """What orders places; those without environment come last in their cluster."""
        return self.cluster, not self.environment, self.environment, self.namespace


class Placed(NamedTuple):
    """What runs in one place, packed: a row of `statements.points`."""

    place: Place
    tracks: bytes
    seqs: bytes
    owners: bytes
    workloads: bytes
    marks: bytes

    @classmethod
    def of(cls, cluster: str, environment: str | None, namespace: str, *columns: bytes) -> Self:
        return cls(Place(cluster, environment or "", namespace), *columns)


@dataclass(frozen=True, slots=True, eq=False)
class Containers:
    """Containers, in columns: the point of a track that one runs, whose row it is, its workload, marks and place."""

    places: Sequence[Place]
    place_of: Ints
    tracks: Ints
    seqs: Ints
    owners: Ints
    workloads: Ints
    marks: Octets

    @classmethod
    def of(cls, rows: Sequence[Placed]) -> Self:
        """Take rows by place."""
        counts = [len(row.marks) for row in rows]
        tracks, seqs, owners, workloads = (
            ints(b"".join(column)) for column in (list(zip(*rows, strict=True))[1:5] if rows else [()] * 4)
        )
        return cls(
            [row.place for row in rows],
            np.repeat(np.arange(len(rows), dtype=np.int32), counts),
            tracks,
            seqs,
            owners,
            workloads,
            octets(b"".join(row.marks for row in rows)),
        )

    def __len__(self) -> int:
        return len(self.owners)

    def marked(self, marks: Flags) -> Self:
        """Return the same with other marks: 1 where a flag is set."""
        return replace(self, marks=marks.astype(np.uint8))

    @property
    def greatest(self) -> int:
        """The greatest number of an artifact whose row one of them is."""
        return int(self.owners.max(initial=0))


NO_CONTAINERS = Containers.of(())
PointRow: TypeAlias = tuple[int, int, int, int, int, int]
"""A container and a point of what it runs: track, seq, owner, workload, mark, and the number of its place."""


class Points:
    """The containers that run, in the order of what they run: columns with one entry a container and point of a track.

    `at` holds the points, as points_of makes them.
    """

    def __init__(self, containers: Containers) -> None:
        given = points_of(containers.tracks, containers.seqs)
        order = np.lexsort((containers.place_of, containers.marks, containers.workloads, containers.owners, given))
        self.places = containers.places
        self.at: Longs = given[order]
        self.owners = containers.owners[order]
        self.workloads = containers.workloads[order]
        self.place_of = containers.place_of[order]
        marks = containers.marks[order]
        self.unsure: Flags = marks & UNSURE > 0
        self.unseen: Flags = marks & UNSEEN > 0
        self.has_unsure = bool(self.unsure.any())

    @classmethod
    def of_rows(cls, places: Sequence[Place], rows: Iterable[PointRow]) -> Self:
        """Take containers one by one."""
        columns = np.array(list(rows), dtype=np.int32).reshape(-1, 6).T
        tracks, seqs, owners, workloads, marks, place_of = columns
        return cls(Containers(places, place_of, tracks, seqs, owners, workloads, marks.astype(np.uint8)))

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def greatest(self) -> int:
        """The greatest number of an artifact whose row one of them is."""
        return int(self.owners.max(initial=0))

    @cached_property
    def different(self) -> Longs:
        """The points that anything runs, in order, each once."""
        return different(self.at)

    @cached_property
    def repeats(self) -> tuple[Repeats, Repeats]:
        """Return how owners and workloads repeat: where each is met first at a point, and where it is at others too."""
        return Repeats(self.at, self.owners), Repeats(self.at, self.workloads)


class Repeats:
    """How values repeat among columns in the order of points, so that the different ones of whole points are counted.

    `counted[i]`: how many of the first i entries are the first of their value at their point, of values that are at no
    other point. `again`: 1 for the first entry at its point of each other value.
    """

    def __init__(self, at: Longs, values: Ints) -> None:
        self.values = values
        order = np.lexsort((values, at))
        is_first = np.ones(len(at), np.bool_)
        is_first[order[1:]] = (at[order][1:] != at[order][:-1]) | (values[order][1:] != values[order][:-1])
        times = np.bincount(values[is_first], minlength=1)
        is_elsewhere = times[values] > 1 if len(values) else is_first
        self.again: Flags = is_first & is_elsewhere
        self.counted = np.concatenate(([0], np.cumsum(is_first & ~is_elsewhere)))
        self.counted_again = np.concatenate(([0], np.cumsum(self.again)))


@dataclass(frozen=True)
class Facts:
    """All that an answer is counted from. `named` and `named_points` are of artifacts that are themselves asked for.

    The track of a named point is the artifact that it runs.
    """

    spans: Spans
    subjects: Subjects
    points: Points
    undescribed: Containers = NO_CONTAINERS
    named: Sequence[int] = ()
    named_points: Containers = field(default=NO_CONTAINERS)
    told: Containers | None = None
    """All that runs, with what is told of its origin (untold.py); None where no origin is asked for."""
    untold: Containers = NO_CONTAINERS
    """What runs, mark 1 where something that was asked for is not told of its origin."""

    @property
    def tell_components(self) -> bool:
        """Whether they say which component is where, of all that is affected or possible."""
        return len(self.spans.components) == len(self.spans.tracks)

    @cached_property
    def greatest_artifact(self) -> int:
        containers = (self.undescribed, self.untold, self.named_points, self.points)
        return max(self.subjects.greatest, max(self.named, default=0), *(each.greatest for each in containers))
