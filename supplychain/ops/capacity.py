"""How much room the database takes, what takes it, and how much is left, as far as its role may know."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, connection, transaction

from supplychain.ops.models import Measure

TABLES_SHOWN = 8
_TABLES = """
SELECT c.relname, pg_total_relation_size(c.oid), greatest(c.reltuples, 0)::bigint
FROM pg_class c WHERE c.relkind IN ('r', 'm') AND c.relnamespace = current_schema()::regnamespace
ORDER BY 2 DESC, 1 LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table with its indexes and its large values; `row_count` is the planner's estimate."""

    name: str
    size_bytes: int
    row_count: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """`free_bytes` is None where the database's folder is not ours to see; `growth_bytes_per_day` needs an hour."""

    database_bytes: int
    tables: tuple[TableSize, ...]
    free_bytes: int | None
    growth_bytes_per_day: int | None


def read_capacity(*, at: datetime) -> Capacity:
    """Return sizes and growth; five statements."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [TABLES_SHOWN])
        tables = tuple(TableSize(*row) for row in cursor.fetchall())
    size = read_database_bytes()
    return Capacity(size, tables, free_bytes=_read_free_bytes(), growth_bytes_per_day=_growth(size, at=at))


def read_database_bytes() -> int:
    """Return the size of the whole database on its disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def read_clock_skew_seconds() -> float:
    """Return how far this machine's clock is ahead of the database's, half of the way there and back taken off."""
    before = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    after = datetime.now(UTC)
    there: datetime = row[0] if row else before
    return (before + (after - before) / 2 - there).total_seconds()


def _read_free_bytes() -> int | None:
    """Ask the disk of the database's folder: on the same machine, and with the right to know where it is."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'")
            row = cursor.fetchone()
        return None if row is None else shutil.disk_usage(row[0]).free
    except (DatabaseError, OSError):
        return None


def _growth(size: int, *, at: datetime) -> int | None:
    oldest = (
        Measure.objects.filter(name="database.bytes", minute__lt=at - timedelta(hours=1)).order_by("minute").first()
    )
    if oldest is None:
        return None
    return round((size - oldest.worst) / ((at - oldest.minute).total_seconds() / 86400))
