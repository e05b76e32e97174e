"""Columns are counted whole: the same as position by position."""

from __future__ import annotations

import random

import numpy as np
import pytest

from incidents.impact.columns import best_of, looked_up, places_by_class


@pytest.mark.parametrize("longest", [2, 40])
@pytest.mark.parametrize("count", [0, 3, 90])
def test_ranges_cover_the_same_positions_whether_they_are_named_or_passed_over(longest: int, count: int):
    pick = random.Random(f"{longest} {count}")
    size = 4_000 if longest == 2 else 60
    ranges = [(pick.choice([0, 1, 4]), begin := pick.randrange(size), min(size, begin + pick.randint(0, longest)))
              for _ in range(count)]  # fmt: skip
    classes, first, last = (np.array([one[column] for one in ranges], dtype=np.int64) for column in range(3))
    covered = {
        row_class: {place for found, begin, end in ranges if found == row_class for place in range(begin, end)}
        for row_class in sorted({row_class for row_class, _, _ in ranges}, reverse=True)
    }
    places = np.arange(size)

    found = list(places_by_class(size, classes.astype(np.uint8), first, last))
    best = best_of(size, classes.astype(np.uint8), first, last).tolist()

    assert [(row_class, set(places[which].tolist())) for row_class, which in found] == list(covered.items())
    assert best == [
        min((row_class + 1 for row_class, held in covered.items() if place in held), default=0) for place in range(size)
    ]


def test_a_table_is_looked_up_as_by_its_numbers():
    table = np.array([7, 0, 3], dtype=np.uint8)

    assert looked_up(table, np.array([2, 0, 0, 1], dtype=np.uint8)).tolist() == [3, 7, 7, 0]
