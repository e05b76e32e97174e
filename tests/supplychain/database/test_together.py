"""What several threads want at the same time is done by one of them for all."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from functools import partial

import psycopg
import pytest

from inventory.formats.collector import collector_paused
from supplychain.database.together import Together


class Work:
    """Work that waits to be let go on, and tells what was done together."""

    def __init__(self) -> None:
        self.done: list[list[int]] = []
        self.may_go_on = threading.Event()
        self.at_it = 0
        self.most_at_it = 0
        self._lock = threading.Lock()

    def __call__(self, wanted: Sequence[int]) -> list[int]:
        with self._lock:
            self.done.append(list(wanted))
            self.at_it += 1
            self.most_at_it = max(self.most_at_it, self.at_it)
        self.may_go_on.wait(20)
        with self._lock:
            self.at_it -= 1
        if len(wanted) > 1 and 13 in wanted:
            raise psycopg.DataError("one of them")
        if wanted == [13]:
            raise psycopg.DataError("this one")
        if 666 in wanted:
            raise RuntimeError("a fault within")
        return [one * 10 for one in wanted]


class Asking:
    """Threads that each want one thing."""

    def __init__(self, do: Callable[[int], int]) -> None:
        self._do = do
        self.found: dict[int, int | str] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, *wanted: int) -> None:
        for one in wanted:
            self._threads.append(threading.Thread(target=self._ask, args=(one,)))
            self._threads[-1].start()

    def end(self) -> dict[int, int | str]:
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()
        return self.found

    def _ask(self, wanted: int) -> None:
        try:
            self.found[wanted] = self._do(wanted)
        except (psycopg.DataError, RuntimeError) as error:
            self.found[wanted] = str(error)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def work() -> Work:
    return Work()


def waiting_behind_one(work: Work, *wanted: int, most: int = 8) -> Asking:
    """Let the first be worked for while the others wait; then let all go on."""
    together = Together(work, lanes=1, most=most)
    asking = Asking(together.do)
    asking.begin(1)
    until(lambda: work.at_it == 1)
    for place, one in enumerate(wanted, 1):
        asking.begin(one)
        until(partial(_are_waiting, together, place))
    work.may_go_on.set()
    return asking


def _are_waiting(together: Together[int, int], count: int) -> bool:
    return len(together._waiting) == count


def test_who_comes_alone_waits_for_nobody(work):
    work.may_go_on.set()

    assert Together(work).do(4) == 40
    assert work.done == [[4]]


def test_those_who_come_while_another_is_answered_are_answered_together(work):
    assert waiting_behind_one(work, 2, 3, 4).end() == {1: 10, 2: 20, 3: 30, 4: 40}
    assert work.done == [[1], [2, 3, 4]]


def test_no_more_than_some_are_answered_together(work):
    waiting_behind_one(work, 2, 3, 4, 5, 6, most=2).end()

    assert work.done == [[1], [2, 3], [4, 5], [6]]


def test_as_many_are_at_it_as_there_are_lanes(work):
    together = Together(work, lanes=2)
    asking = Asking(together.do)
    asking.begin(1, 2)
    until(lambda: work.at_it == 2)
    asking.begin(3, 4)
    until(partial(_are_waiting, together, 2))
    work.may_go_on.set()

    assert asking.end() == {1: 10, 2: 20, 3: 30, 4: 40}
    assert work.most_at_it == 2


def test_what_the_database_refuses_of_one_is_no_harm_to_the_others(work):
    assert waiting_behind_one(work, 2, 13, 3).end() == {1: 10, 2: 20, 3: 30, 13: "this one"}


def test_a_fault_within_leaves_nobody_waiting(work):
    found = waiting_behind_one(work, 666, 2, 3).end()

    assert found == {1: 10, 666: "a fault within", 2: 20, 3: 30}
    assert Together(work).do(4) == 40


class Watched:
    """What is wanted, and can be watched."""


def test_what_was_wanted_and_found_is_gone_without_a_search_for_garbage():
    together: Together[Watched, Watched] = Together(lambda wanted: [Watched() for _ in wanted])

    with collector_paused():
        wanted = Watched()
        found = together.do(wanted)
        kept = [weakref.ref(wanted), weakref.ref(found)]
        del wanted, found

        assert [one() for one in kept] == [None, None]
