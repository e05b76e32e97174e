"""What runs now, for answers: of what is found alone, or all of it, remembered until it changes.

To read all that runs costs as much as a question of what is everywhere; to look it up for a question of what is rare
costs next to nothing. So it is read whole once questions about one state of the estate have read as much of it in
parts: never more than twice what would have been best, whoever asks what, and however often it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from incidents.impact import long_lists, statements
from incidents.impact.counted import Counted, counted_statement
from incidents.impact.facts import Containers, Placed, Points
from incidents.impact.runtime import Scope
from incidents.impact.statements import UNDESCRIBED
from inventory.graph.one_state import Statement
from inventory.graph.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from incidents.impact.remembered import Marks
    from inventory.graph.one_state import OneState

_STATES_KEPT = 16
"""Of a large estate one is a few megabytes."""
_COUNTS_KEPT = 64
RUNNING: Remembered[Points] = Remembered(_STATES_KEPT)
READ: Remembered[int] = Remembered(_STATES_KEPT)
"""How many containers questions have read in parts."""
COUNTED: Remembered[Counted] = Remembered(_COUNTS_KEPT)
BARE: Remembered[Containers] = Remembered(_COUNTS_KEPT)


class WhatRuns:
    """What one answer needs of what runs now; without marks nothing is remembered."""

    def __init__(self, parameters: Mapping[str, object], *, marks: Marks, state: OneState) -> None:
        self._state = state
        self._marks, self._key = marks.present, Scope.of(parameters)
        self._counted: Sequence[Counted] = _known(self._marks, self._key, at=parameters["at"])
        if not self._counted:
            self._counted = state.along(counted_statement(parameters)).rows

    def ask(self, parameters: Mapping[str, object], *, is_long: bool) -> None:
        self._bare = BARE.get(self._marks, self._key)
        if self._bare is None:
            self._bare_places = self._state.along(Statement(Placed.of, UNDESCRIBED, parameters)).rows
        self._points = RUNNING.get(self._marks, self._key)
        self._read = READ.get(self._marks, self._key) or 0
        counted = COUNTED.get(self._marks, self._key)
        self._is_all = is_long or (counted is not None and self._read >= counted.running)
        if self._points is None:
            sql = long_lists.POINTS if self._is_all else statements.POINTS
            self._places = self._state.along(Statement(Placed.of, sql, parameters)).rows

    def points(self) -> Points:
        if self._points is None:
            self._points = Points(Containers.of(self._places))
            if self._is_all:
                RUNNING.put(self._marks, self._key, self._points)
            else:
                READ.put(self._marks, self._key, self._read + len(self._points))
        return self._points

    def undescribed(self) -> Containers:
        if self._bare is None:
            self._bare = Containers.of(self._bare_places)
        BARE.put(self._marks, self._key, self._bare)
        return self._bare

    def counted(self) -> Counted:
        (counted,) = self._counted
        COUNTED.put(self._marks, self._key, counted)
        return counted


def _known(marks: str | None, key: Hashable, *, at: object) -> list[Counted]:
    counted = COUNTED.get(marks, key)
    return [counted] if counted is not None and isinstance(at, datetime) and counted.holds(at) else []
