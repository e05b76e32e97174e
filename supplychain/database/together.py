"""What several threads want at the same time is done by one for all: the more there is to do, the less each costs.

A statement of many tables costs the server the same for one question as for ten. Where nobody else asks nothing waits:
who comes while others are answered is answered with all who came meanwhile, by the first of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import psycopg

LANES: Final = 3
"""How many are at it at the same time. With fewer, more is done together, and who is kept from a core keeps more
waiting: at a gate on a machine that others kept busy p99 was 186 ms with five, 231 with three, 274 with two."""
MOST: Final = 8
"""So many are done together: what one of them waits for stays short."""

Wanted = TypeVar("Wanted")
Found = TypeVar("Found")
Work = Callable[[Sequence[Wanted]], Sequence[Found]]


@dataclass(slots=True, eq=False)
class _Turn(Generic[Wanted, Found]):
    """One who waits. `led`: whom it has to work for, itself among them, as soon as it is woken with somebody."""

    wanted: Wanted
    woken: threading.Lock = field(default_factory=threading.Lock)
    led: list[_Turn[Wanted, Found]] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.woken.acquire()


class Together(Generic[Wanted, Found]):
    """Does `work` for several threads at once; it returns what each of them wanted, in their order. Thread-safe."""

    def __init__(self, work: Work[Wanted, Found], *, lanes: int = LANES, most: int = MOST) -> None:
        self._work = work
        self._lanes = lanes
        self._most = most
        self._busy = 0
        self._waiting: list[_Turn[Wanted, Found]] = []
        self._lock = threading.Lock()

    def do(self, wanted: Wanted) -> Found:
        """Return what `work` returns for this. It may be called for it twice: what failed together is done alone."""
        turn: _Turn[Wanted, Found] = _Turn(wanted)
        if not self._begins(turn):
            turn.woken.acquire()  # released by who worked for it, or when it is its turn to work
        led, turn.led = turn.led, []  # who leads is led by itself: as a circle all would wait for the collector
        if led:
            self._lead(led)
        return turn.found[0] if turn.found else self._work([wanted])[0]

    def _begins(self, turn: _Turn[Wanted, Found]) -> bool:
        with self._lock:
            if self._busy >= self._lanes:
                self._waiting.append(turn)
                return False
            self._busy += 1
        turn.led = [turn]
        return True

    def _lead(self, led: list[_Turn[Wanted, Found]]) -> None:
        try:
            found = self._work([turn.wanted for turn in led])
            for turn, one in zip(led, found, strict=True):
                turn.found.append(one)
        except psycopg.Error:  # it may be only one of them that the database refuses
            if len(led) == 1:
                raise
        finally:
            self._hand_on()
            for turn in led[1:]:
                turn.woken.release()

    def _hand_on(self) -> None:
        """Let those who came meanwhile be next, or nobody where nobody came."""
        with self._lock:
            led, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            if not led:
                self._busy -= 1
                return
        led[0].led = led
        led[0].woken.release()
