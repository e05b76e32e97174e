"""What is counted of processes that come and go while something is measured."""

from __future__ import annotations

import os

from tests.bench.processes import core_seconds, core_seconds_between


def test_what_a_process_ran_before_is_not_counted_and_one_that_came_meanwhile_is_from_its_start() -> None:
    before, after = {1: (10.0, 4.0), 2: (100.0, 90.0)}, {1: (13.0, 4.5), 3: (2.0, 1.0)}

    assert core_seconds_between(before, after) == (5.0, 1.5)


def test_a_process_that_runs_is_seen_to_run() -> None:
    before = core_seconds([os.getpid()])
    sum(range(1_000_000))

    assert core_seconds_between(before, core_seconds([os.getpid()]))[0] > 0
    assert core_seconds([0]) == {0: (0.0, 0.0)}
