"""What a process remembers of what it counted, for as long as nothing that it was counted from has changed.

Changes leave marks (inventory.models.EstateChange), and a new SBOM lengthens its track: so what a reader sees of these
tells whether a count still holds, not after a time, and not after a message that may be lost.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

from inventory.graph.families import visible_teams
from inventory.graph.statements import fetch
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from collections.abc import Hashable

    from supplychain.access.actors import Actor

Value = TypeVar("Value")

_MARKS = f"""
SELECT concat_ws(';', marks.present, marks.labels, tracks.count, tracks.length,
                 pg_relation_filenode('inventory_artifact'))
FROM (SELECT string_agg(token::text, ',' ORDER BY token) FILTER (WHERE kind = 'present') AS present,
             string_agg(token::text, ',' ORDER BY token) FILTER (WHERE kind = 'labels') AS labels
      FROM inventory_estatechange) marks
CROSS JOIN (SELECT count(*), coalesce(sum(t.last_seq), 0) AS length FROM inventory_track t
            WHERE {own("t.team_id")}) tracks
WHERE marks.present IS NOT NULL AND marks.labels IS NOT NULL
"""


def spread_marks(*, actor: Actor) -> str | None:
    """Return what changes with everything that tells how far packages of the actor's SBOMs reach. One statement.

    That is what these SBOMs hold, what they are about, and what runs of it: an SBOM is never changed, a new one gets
    the next number of its track, and one that is bound to a digest later is applied anew.
    """
    marks = fetch(str, _MARKS, {"teams": visible_teams(actor)})
    return marks[0] if marks else None


class Remembered(Generic[Value]):
    """The latest values by key, the least recently used one forgotten first. A key without marks keeps nothing."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, marks: str | None, key: Hashable) -> Value | None:
        with self._lock:
            value = None if marks is None else self._values.get((marks, key))
            if value is not None:
                self._values.move_to_end((marks, key))
            return value

    def put(self, marks: str | None, key: Hashable, value: Value) -> None:
        if marks is None:
            return
        with self._lock:
            self._values[marks, key] = value
            self._values.move_to_end((marks, key))
            if len(self._values) > self._size:
                self._values.popitem(last=False)

    def forget(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._values.clear()
