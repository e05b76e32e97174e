"""What slow statements cost, as our processes told it, and as the database counts it where it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection, transaction

from supplychain.ops.models import SlowStatement
from supplychain.ops.slow_statements import shape_of


@dataclass(frozen=True, slots=True)
class SlowShape:
    """One shape of a statement, the slowest first."""

    shape: str
    place: str
    count: int
    mean_seconds: float
    worst_seconds: float
    last_at: datetime


def read_slow(*, limit: int) -> list[SlowShape]:
    """Return the shapes that were slowest at their worst."""
    return [
        SlowShape(row.shape, row.place, row.count, row.total_seconds / row.count, row.worst_seconds, row.last_at)
        for row in SlowStatement.objects.order_by("-worst_seconds", "id")[:limit]
    ]


@dataclass(frozen=True, slots=True)
class ServerStatement:
    """One statement as the database counts it, where it has the extension pg_stat_statements."""

    shape: str
    count: int
    mean_seconds: float
    worst_seconds: float


_SERVER = """
SELECT left(query, 4000), calls, mean_exec_time / 1000, max_exec_time / 1000 FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '<%%'
ORDER BY total_exec_time DESC LIMIT %s
"""


def read_server_statements(*, limit: int) -> list[ServerStatement] | None:
    """Return what costs the database most, or None where it does not count."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'")
            if cursor.fetchone() is None:
                return None
            cursor.execute(_SERVER, [limit])
            return [ServerStatement(shape_of(text), *numbers) for text, *numbers in cursor.fetchall()]
    except DatabaseError:  # it is there, and the server was not started with it
        return None
