"""What work costs, told so that noise does not move it: by calls, or against a yardstick that takes equally long.

Calls are the same on every machine, and prove most regressions. What is slow inside a call of C shows in time alone:
there the limits are about three times what is measured, for they find another order of growth and nothing finer.
Figures are for `./run bench`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from inventory.formats.collector import collector_paused

Work = Callable[[], object]
Given = TypeVar("Given")
ROUNDS = 7


def calls_of(work: Work) -> int:
    """Return how many functions are called, those of C too; the same number each time."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    with collector_paused():
        sys.setprofile(note)
        try:
            work()
        finally:
            sys.setprofile(before)
    return count


def cost(work: Work, *, of: Work, limit: float) -> float:
    """Return how many times the processor time of a yardstick some work takes.

    One look is enough where it is within the limit. Else the best of many counts, for noise only ever adds; the
    yardstick goes on as long as the work does, and is as likely disturbed.
    """
    times = max(1, round(_seconds(work) / max(_seconds(of), 1e-9)))
    of_work, of_yardstick = [], []
    for _ in range(ROUNDS):
        of_work.append(_seconds(work))
        of_yardstick.append(_seconds(of, times=times) / times)
        if min(of_work) <= limit * min(of_yardstick):
            break
    return min(of_work) / min(of_yardstick)


def assert_linear(work: Callable[[Given], object], short: Given, long: Given) -> None:
    """Refuse work that takes more for each part of what it is given where there are ten times as many."""
    for given in (short, long):
        work(given)  # what is worked out once for all is no part of it

    assert calls_of(lambda: work(long)) <= 10.5 * calls_of(lambda: work(short))
    assert cost(lambda: work(long), of=lambda: work(short), limit=30.0) <= 30.0


def _seconds(work: Work, *, times: int = 1) -> float:
    with collector_paused():
        begun = time.thread_time()
        for _ in range(times):
            work()
        return time.thread_time() - begun
