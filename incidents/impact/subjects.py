"""Which artifacts the snapshots of tracks are about, in columns that are in order of track and seq."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from incidents.impact.columns import ints, points_of

if TYPE_CHECKING:
    from incidents.impact.columns import Flags, Ints, Longs


@dataclass(frozen=True)
class Subjects:
    """`at` holds where each is, as columns.points_of makes it; an artifact may be there several times."""

    at: Longs
    artifacts: Ints

    @classmethod
    def unpack(cls, *columns: bytes | None) -> Self:
        """Take the one row of SUBJECTS: blocks follow each other by track and place on it."""
        tracks, counts, seqs, artifacts = map(ints, columns)
        return cls(points_of(np.repeat(tracks, counts), seqs), artifacts)

    @property
    def tracks(self) -> Longs:
        return self.at >> 32

    @cached_property
    def greatest(self) -> int:
        """The greatest number of an artifact."""
        return int(self.artifacts.max(initial=0))

    @cached_property
    def repeated(self) -> Flags:
        """Return for each whether its artifact is there more than once."""
        times = np.bincount(self.artifacts, minlength=1)
        repeated: Flags = times[self.artifacts] > 1
        return repeated
