"""Which statements each connection has prepared, and how a new one learns those that this process asks.

The first question on a connection takes the server several times as long as the next: it reads what it has to know of
each table, and plans each statement. A pool that grows under load would pay for that when there is least time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from psycopg import pq

if TYPE_CHECKING:
    from collections.abc import Collection

    import psycopg

MOST: Final = 150
"""Statements that are learnt: the first that the process asked. The product has fewer on its hot paths."""
_OPENING: Final = b"""
BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '5s'
"""
_known: WeakKeyDictionary[psycopg.Connection[Any], set[bytes]] = WeakKeyDictionary()
_asked: dict[bytes, tuple[bytes, int]] = {}
"""The SQL of each statement by its name, and how many parameters it has."""


def known_to(connection: psycopg.Connection[Any]) -> set[bytes]:
    """Return the names of the statements that a connection has prepared."""
    return _known.setdefault(connection, set())


def note_prepared(name: bytes, sql: bytes, *, parameter_count: int, on: psycopg.Connection[Any]) -> None:
    """Remember that a connection has prepared a statement."""
    known_to(on).add(name)
    if len(_asked) < MOST:
        _asked.setdefault(name, (sql, parameter_count))


def learn(connection: psycopg.Connection[Any], *, only: Collection[bytes] | None = None) -> None:
    """Let a new connection prepare and plan what the process has asked before, or some of it. Nothing is executed.

    The server refuses what no longer fits the tables, and the rest of the transaction with it: that is prepared when it
    is asked, as ever.
    """
    asked = {name: _asked[name] for name in tuple(_asked) if only is None or name in only}
    if not asked:
        return
    server, known = connection.pgconn, known_to(connection)
    server.exec_(_OPENING)
    for name, (sql, parameter_count) in asked.items():
        if server.prepare(name, sql).status != pq.ExecStatus.COMMAND_OK:
            break
        known.add(name)
        server.exec_(_explained(name, parameter_count=parameter_count))
    server.exec_(b"COMMIT")


def _explained(name: bytes, *, parameter_count: int) -> bytes:
    """Return what lets the server plan a statement: to explain one makes the plan that is kept."""
    values = ", ".join(["NULL"] * parameter_count)
    return b'EXPLAIN (COSTS OFF) EXECUTE "%b"%b' % (name, f"({values})".encode() if values else b"")
