"""The facts of one question, as its statements fetch them: packed columns, unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from inventory.graph.packed import column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inventory.graph.packed import Column, Subjects


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of tracks that hold what is asked for: from `since` up to, not including, `until`.

    `components` is empty when stretches of several components have been merged.
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

    def __iter__(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield (track, since, until, class)."""
        return zip(self.tracks, self.since, self.until, self.classes, strict=True)


UNSURE, UNSEEN = 1, 2
"""The bits of a mark (statements.points)."""


@dataclass(frozen=True, slots=True)
class Place:
    """What runs in one namespace of a cluster, in one environment; a row of `statements.points`."""

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


@dataclass(frozen=True)
class Facts:
    """All that an answer is counted from. `named` and `named_points` are of artifacts that are themselves asked for."""

    spans: Spans
    subjects: Subjects
    points: Sequence[Place]
    undescribed: Sequence[Place]
    named: Sequence[int] = ()
    named_points: Sequence[Place] = ()

    @cached_property
    def greatest_artifact(self) -> int:
        owners = (max(place.owners) for place in (*self.points, *self.undescribed, *self.named_points))
        return max(self.subjects.greatest, max(self.named, default=0), max(owners, default=0))
