"""How much of verification is due: for the queue's doors, the page of operations, metrics and the API."""

from __future__ import annotations

from inventory.models import trust_version
from inventory.verification import due_sql
from supplychain.exchange import Query, exchange, to_int


def is_due(*, recent: int) -> bool:
    """Tell whether something is due among the newest attestations, or since trust changed; three statements.

    Looking at all of them for one without a verdict reads them all, which is for the sweep.
    """
    newest = to_int(exchange([Query(due_sql.NEWEST)])[0][0][0])
    [rows] = exchange([Query(due_sql.IS_DUE, {"version": trust_version(), "after": newest - recent})])
    return bool(to_int(rows[0][0]))


def count_due() -> int:
    """Count all that is due, whoever's it is; for those who see every team."""
    [rows] = exchange([Query(due_sql.COUNT_DUE, {"version": trust_version(), "after": 0})])
    return to_int(rows[0][0])
