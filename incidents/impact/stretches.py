"""Where the stretches of an answer lie: which subjects and which running containers each of them covers. Pure.

A stretch is one range of a track that holds a component. A long list of packages has tens of thousands of them: all are
looked up together, and what one covers is a slice of columns, never a set of objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.impact.columns import points_of

if TYPE_CHECKING:
    from incidents.impact.columns import Longs
    from incidents.impact.facts import Points, Spans
    from incidents.impact.subjects import Subjects

CLEARED_FROM = 4
"""Classes from here on are cleared."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What each stretch covers: from and up to which positions among the subjects, and among the points."""

    first: Longs
    last: Longs
    start: Longs
    stop: Longs


def covered(spans: Spans, *, subjects: Subjects, points: Points) -> Covered:
    """Look each stretch up, in the order of the spans."""
    since, until = points_of(spans.tracks, spans.since), points_of(spans.tracks, spans.until)
    return Covered(
        subjects.at.searchsorted(since),
        subjects.at.searchsorted(until),
        points.at.searchsorted(since),
        points.at.searchsorted(until),
    )
