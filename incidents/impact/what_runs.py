"""What runs, or ran at a time, for answers: of what is found alone, or all of it, remembered until it changes.

To read all that runs costs as much as a question of what is everywhere; to look it up for a question of what is rare
costs next to nothing. So it is read whole once questions about one state of the estate have read as much of it in
parts: never more than twice what would have been best, whoever asks what, and however often it changes. Of a time in
the past the same holds: in an incident one window is asked about again and again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.impact import long_lists, statements
from incidents.impact.facts import Place, Points
from incidents.impact.remembered import Remembered
from inventory.graph.one_state import Statement
from inventory.models.runtime import STALE_AFTER_INTERVALS

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from inventory.graph.one_state import OneState

_STATES_KEPT = 16
"""Of a large estate one is a few megabytes."""
_SILENT = f"""
SELECT md5(string_agg(concat_ws(':', c.id, c.report_interval_seconds, c.last_heard_at + make_interval(
    secs => {STALE_AFTER_INTERVALS} * c.report_interval_seconds) < %(since)s::timestamptz), ',' ORDER BY c.id))
FROM inventory_cluster c
"""

RUNNING: Remembered[Points] = Remembered(_STATES_KEPT)
READ: Remembered[int] = Remembered(_STATES_KEPT)
"""How many containers questions have read in parts."""


def silence(since: object) -> Statement[str | None]:
    """Return the statement that tells apart which clusters had been silent for too long by a time.

    To hear of a cluster leaves no mark, and makes sure what it runs in the past as well.
    """
    return Statement(lambda found: found, _SILENT, {"since": since})


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
