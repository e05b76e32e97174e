"""What a question knows of the tracks that a page is about: there few of its thousands of components are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from incidents.impact.columns import different, marked
from inventory.graph.packed import sql_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from incidents.impact.fact_reading import Parameters
    from incidents.impact.facts import Facts

NOTHING_NEAR: Parameters = {"near_components": None, "near_tracks": None}


def near(artifacts: Sequence[int], *, facts: Facts) -> Parameters:
    """Return the parameters of statements.page_matches: tracks of these artifacts, what of the question is on them.

    Other members of their families may be on other tracks; the statement finds that out.
    """
    wanted = marked(facts.greatest_artifact + 1, artifacts)
    subjects, points, spans = facts.subjects, facts.points, facts.spans
    at = np.concatenate((points.at[wanted[points.owners]], subjects.at[wanted[subjects.artifacts]]))
    tracks = different(at >> 32)
    is_near = marked(int(max(tracks.max(initial=0), spans.tracks.max(initial=0))) + 1, tracks)
    components = different(spans.components[is_near[spans.tracks]].astype(np.int64))
    return {"near_components": sql_array(components.tolist()), "near_tracks": sql_array(tracks.tolist())}
