"""Fill tables with COPY: one connection a table, indexes built afterwards, foreign keys not checked row by row."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self

import psycopg
from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

_CHUNK_LINES = 2_000
_INDEXES = """
SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid),
       pg_get_indexdef(i.indexrelid)
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
WHERE i.indrelid = ANY(%s::regclass[])
  AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.conindid = i.indexrelid AND f.contype = 'f')
ORDER BY 1, 2
"""
_SEQUENCE = """
SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest((SELECT max(id) FROM {table}), 1))
"""


class Stream:
    """Lines on their way into one table. Each is a row in COPY's text form, without its line end."""

    def __init__(self, table: str, columns: str, *, keep_triggers: bool = False) -> None:
        self._sql = f"COPY {table} ({columns}) FROM STDIN"
        self._keep_triggers = keep_triggers
        self._lines: list[str] = []
        self._open = ExitStack()
        self._copy: psycopg.Copy | None = None

    def __enter__(self) -> Self:
        database = self._open.enter_context(connect())
        database.execute("SET synchronous_commit = off")
        if not self._keep_triggers:
            database.execute("SET session_replication_role = replica")
        cursor = self._open.enter_context(database.cursor())
        self._copy = self._open.enter_context(cursor.copy(self._sql.encode()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._open.__exit__(kind, error, trace)

    def add(self, line: str) -> None:
        """Send a row; soon, not at once."""
        self._lines.append(line)
        if len(self._lines) >= _CHUNK_LINES:
            self._flush()

    def _flush(self) -> None:
        if self._lines and self._copy is not None:
            self._copy.write("\n".join(self._lines).encode() + b"\n")
            self._lines.clear()


def connect() -> psycopg.Connection[Any]:
    """Open a connection of its own to Django's database; each statement commits."""
    parameters = {name: value for name, value in connection.get_connection_params().items() if name != "pool"}
    return psycopg.connect(**parameters | {"autocommit": True, "cursor_factory": psycopg.Cursor})


@contextmanager
def without_indexes(tables: Sequence[str]) -> Iterator[None]:
    """Drop the indexes of these tables that no foreign key needs, and build them after the block."""
    with connect() as database:
        found = database.execute(_INDEXES, [list(tables)]).fetchall()
        for table, index, constraint, _, _ in found:
            database.execute(
                f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}"
            )
    yield
    with connect() as database:
        database.execute("SET maintenance_work_mem = '1GB'")
        for table, _, constraint, definition, index in found:
            database.execute(
                f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {definition}" if constraint else index.encode()
            )


def follow_ids(tables: Sequence[str]) -> None:
    """Let the next ids of these tables come after those that were copied."""
    with connect() as database:
        for table in tables:
            database.execute(_SEQUENCE.format(table=table))


def null(value: object) -> str:
    """Write a value that may be missing."""
    return r"\N" if value is None else str(value)


def hexadecimal(value: bytes) -> str:
    """Write bytes."""
    return rf"\\x{value.hex()}"
