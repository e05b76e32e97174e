"""What a question knows of the tracks that a page is about: there few of its thousands of components are looked up."""

from __future__ import annotations

from bisect import bisect_right
from itertools import compress
from typing import TYPE_CHECKING

from inventory.graph.packed import sql_array

if TYPE_CHECKING:
    from collections.abc import Collection

    from incidents.impact.fact_reading import Parameters
    from incidents.impact.facts import Facts

NOTHING_NEAR: Parameters = {"near_components": None, "near_tracks": None}


def near(artifacts: Collection[int], *, facts: Facts) -> Parameters:
    """Return the parameters of statements.page_matches: tracks of these artifacts, what of the question is on them.

    Other members of their families may be on other tracks; the statement finds that out.
    """
    wanted = frozenset(artifacts)
    subjects, points, spans = facts.subjects, facts.points, facts.spans
    tracks = set(compress(points.tracks, map(wanted.__contains__, points.owners)))
    bounds = list(subjects.bounds.items())
    starts = [start for _, (start, _) in bounds]
    for place in compress(range(len(subjects.artifacts)), map(wanted.__contains__, subjects.artifacts)):
        tracks.add(bounds[bisect_right(starts, place) - 1][0])
    components = set(compress(spans.components, map(tracks.__contains__, spans.tracks)))
    return {"near_components": sql_array(components), "near_tracks": sql_array(tracks)}
