"""What runs now, for answers: of what is found alone, or all of it, remembered until it changes.

To read all that runs costs as much as a question of what is everywhere; to look it up for a question of what is rare
costs next to nothing. So it is read whole once questions about one state of the estate have read as much of it in
parts: never more than twice what would have been best, whoever asks what, and however often it changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.impact import long_lists, statements
from incidents.impact.facts import Place, Points
from incidents.impact.remembered import Remembered
from inventory.graph.one_state import Statement

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from inventory.graph.one_state import OneState

_STATES_KEPT = 16
"""Of a large estate one is a few megabytes."""

RUNNING: Remembered[Points] = Remembered(_STATES_KEPT)
READ: Remembered[int] = Remembered(_STATES_KEPT)
"""How many containers questions have read in parts."""


class WhatRuns:
    """What one answer needs of it, asked for along with the next exchange unless it is known.

    `all_count` says about how many there are, None where nobody knows; without `marks` nothing is remembered.
    """

    def __init__(
        self,
        parameters: Mapping[str, object],
        *,
        marks: str | None,
        key: Hashable,
        all_count: int | None,
        is_long: bool,
        is_now: bool,
        state: OneState,
    ) -> None:
        self._marks, self._key = marks, key
        self._known = RUNNING.get(marks, key)
        self._read = READ.get(marks, key) or 0
        self._is_all = is_long or (all_count is not None and self._read >= all_count)
        if self._known is None:
            sql = (long_lists if self._is_all else statements).points(is_now=is_now)
            self._asked = state.along(Statement(Place.unpack, sql, parameters))

    def points(self) -> Points:
        """Return it once the exchange is over, and remember it where it is all."""
        if self._known is None:
            self._known = Points(self._asked.rows)
            if self._is_all:
                RUNNING.put(self._marks, self._key, self._known)
            else:
                READ.put(self._marks, self._key, self._read + len(self._known))
        return self._known
