"""What counting the lines of a long list costs: most are one component on one stretch, which others share."""

from __future__ import annotations

import numpy as np

from incidents.impact.candidates import ComponentMatch
from incidents.impact.columns import Ints, points_of
from incidents.impact.facts import Containers, Facts, Place, Points, Spans
from incidents.impact.judging import MatchClass
from incidents.impact.lines import count_lines
from incidents.impact.matching import Matches
from incidents.impact.portions import Packages
from incidents.impact.stretches import covered
from incidents.impact.subjects import Subjects
from tests.effort import calls_of

LINES = 2_000


def column(*numbers: int) -> Ints:
    return np.array(numbers, dtype=np.int32)


SUBJECTS = Subjects(points_of(column(7, 7, 7, 7, 7), column(1, 2, 3, 4, 5)), column(11, 12, 13, 12, 14))
"""A track whose second and fourth build are one artifact."""
RUNNING = Containers(
    [Place("prod", "", "shop")],
    column(0, 0, 0),
    column(7, 7, 7),
    column(2, 4, 5),
    column(12, 12, 14),
    column(1, 2, 2),
    np.zeros(3, np.uint8),
)


def facts_of(*stretches: tuple[int, int]) -> Facts:
    """Give each stretch of the track to one component; there are as many lines."""
    since, until = zip(*stretches, strict=True)
    components, count = column(*range(len(stretches))), len(stretches)
    spans = Spans(components, column(*[7] * count), column(*since), column(*until), np.zeros(count, np.uint8))
    return Facts(spans, SUBJECTS, Points(RUNNING))


def counted(facts: Facts) -> dict[int, tuple[int, int, int]]:
    matches = Matches(
        components=tuple(
            ComponentMatch(component, component, MatchClass.AFFECTED, "")
            for component in facts.spans.components.tolist()
        ),
        artifacts=(),
        candidates=Packages(()),
    )
    where = covered(facts.spans, subjects=facts.subjects, points=facts.points)
    return count_lines(facts, where=where, matches=matches, is_scoped=False)


def test_an_artifact_that_is_twice_on_a_stretch_is_counted_once_and_so_are_its_workloads():
    assert counted(facts_of((1, 6), (1, 4), (2, 3), (5, 6), (6, 9))) == {
        0: (4, 2, 2),
        1: (3, 1, 1),
        2: (1, 1, 1),
        3: (1, 1, 1),
        4: (0, 0, 0),
    }


def test_a_line_whose_stretch_was_counted_for_another_costs_next_to_nothing():
    facts = facts_of(*[(1, 6)] * LINES)

    assert calls_of(lambda: counted(facts)) < 10 * LINES
