"""What this process remembers of the estate, for as long as nothing that it was counted from has changed.

Changes leave marks (inventory.models.EstateChange), so the marks that a question sees tell whether a count still holds
in the state it reads: not after a time, and not after a message that may be lost.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.one_state import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

MARKS = """
SELECT string_agg(token::text, ',' ORDER BY token) FILTER (WHERE kind = 'present'),
       string_agg(token::text, ',' ORDER BY token) FILTER (WHERE kind = 'past'),
       string_agg(token::text, ',' ORDER BY token) FILTER (WHERE kind = 'labels'),
       string_agg(token::text, ',' ORDER BY token) FILTER (WHERE kind = 'bases'),
       concat_ws(' ', pg_relation_filenode('inventory_artifact'),
                 CASE WHEN pg_is_in_recovery() THEN 'standby since ' || pg_postmaster_start_time()
                      ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END)
FROM inventory_estatechange
"""


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of the latest changes of each kind; None where there is none, and nothing can be told."""

    present: str | None
    past: str | None
    labels: str | None
    bases: str | None
    generation: str
    """Which file the artifacts are in, on which timeline of the server: a table that was emptied or restored is in
    another, and its ids mean others; so may those of a server that took over before all had reached it."""

    def of(self, *, is_now: bool) -> str | None:
        """Return the marks of all that an answer's ground is counted from; the past hangs on the present as well."""
        if is_now or self.present is None or self.past is None:
            return self.present if is_now else None
        return f"{self.present};{self.past}"


class _Lasting:
    """What is remembered of rows that never change, by their ids: for as long as the tables are the same."""

    def __init__(self) -> None:
        self._generation: str | None = None
        self._forget: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def add(self, forget: Callable[[], None]) -> None:
        self._forget.append(forget)

    def follow(self, generation: str) -> None:
        """Forget all where the tables are no longer those that it was read from."""
        with self._lock:
            if generation != self._generation:
                for forget in self._forget:
                    forget()
                self._generation = generation


_LASTING = _Lasting()
forget_with_the_tables = _LASTING.add
follow_generation = _LASTING.follow


def marks_statement() -> Statement[Marks]:
    """Return the statement that reads the marks."""
    return Statement(Marks, MARKS, {})
