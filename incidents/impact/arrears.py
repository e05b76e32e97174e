"""What the primary has and a replica that answered had not yet: counted, so that a lagging replica never looks current.

Documents are told apart by id, not by their place in the order: they are numbered before they are committed, so the
highest number a replica has says nothing about those below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from incidents.impact.answer import Backlog, ReplicaNote
from inventory.graph.one_state import Statement
from inventory.graph.statements import fetch

if TYPE_CHECKING:
    from inventory.graph.one_state import OneState
    from supplychain.database.replica import Reading

_OVERLAP = 10_000
"""Numbers below the replica's highest that may not have been committed when it was: far more than workers there are."""
_NEWEST = "SELECT max(applied_sequence) FROM inventory_evidencestate"
_AT_PRIMARY = """
WITH state AS MATERIALIZED (
    SELECT s.evidence_id, s.state, s.applied_sequence, e.received_at
    FROM inventory_evidencestate s JOIN inventory_evidence e ON e.id = s.evidence_id
    WHERE (s.state IN ('received', 'processing', 'quarantined') OR s.applied_sequence > %(after)s)
      AND (%(teams)s::bigint[] IS NULL OR s.team_id = ANY(%(teams)s))
)
SELECT count(*) FILTER (WHERE state IN ('received', 'processing')),
       min(received_at) FILTER (WHERE state IN ('received', 'processing')),
       count(*) FILTER (WHERE state = 'quarantined'),
       coalesce(array_agg(evidence_id) FILTER (WHERE applied_sequence > %(after)s), '{}')
FROM state
"""
_MISSING = """
SELECT asked.id FROM unnest(%(ids)s::bigint[]) AS asked(id)
WHERE NOT EXISTS (SELECT FROM inventory_evidencestate s
                  WHERE s.evidence_id = asked.id AND s.state IN ('applied', 'applied_with_warnings'))
"""
_OLDEST = "SELECT min(received_at) FROM inventory_evidence WHERE id = ANY(%(ids)s::bigint[])"


@dataclass(frozen=True, slots=True)
class Arrears:
    """What to say of the replica, and the backlog where the replica's own would be too short."""

    note: ReplicaNote | None
    backlog: Backlog | None = None


def arrears(reading: Reading, *, teams: list[int] | None, state: OneState) -> Arrears:
    """Compare what is being read with what the primary has by now. Asks nothing where no replica is configured."""
    if not reading.is_replica:
        passed = reading.passed
        return Arrears(None if passed is None else ReplicaNote(False, passed.value, reading.lag_seconds, None, 0))
    ((newest,),) = state.fetch(Statement(lambda *row: row, _NEWEST, {}))
    note = ReplicaNote(True, None, reading.lag_seconds, newest, 0)
    if reading.as_of is None:
        return Arrears(note)
    ((waiting, oldest, quarantined, recent),) = fetch(
        lambda *row: row, _AT_PRIMARY, {"after": (newest or 0) - _OVERLAP, "teams": teams}
    )
    missing = state.fetch(Statement(int, _MISSING, {"ids": recent}))
    if missing:
        ((oldest_missing,),) = fetch(lambda *row: row, _OLDEST, {"ids": missing})
        oldest = min(oldest or datetime.max.replace(tzinfo=UTC), oldest_missing)
    backlog = Backlog(waiting + len(missing), oldest, quarantined)
    return Arrears(ReplicaNote(True, None, reading.lag_seconds, newest, len(missing)), backlog)
