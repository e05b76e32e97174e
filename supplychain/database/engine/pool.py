"""Connections of the web process: the one used last is used next, and asked whether it lives only now and then.

A connection knows the statements it has prepared, and the server has planned them for it: handed out in turn, each of
ten connections would plan every statement anew. To ask each time whether it lives is a round trip of every request.
"""

from __future__ import annotations

import select
import time
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg_pool import ConnectionPool

ASKED_EVERY_SECONDS: Final = 5.0
_asked: WeakKeyDictionary[psycopg.Connection[Any], float] = WeakKeyDictionary()


class LatestFirstPool(ConnectionPool[psycopg.Connection[Any]]):
    """psycopg's pool takes the connection that was idle longest; it still drops that one when there are too many."""

    def _get_ready_connection(self, timeout: float | None) -> psycopg.Connection[Any] | None:
        self._pool.rotate(1)  # what was put back last stands at the end, and is taken from the front
        return super()._get_ready_connection(timeout)


def check(connection: psycopg.Connection[Any]) -> None:
    """Raise where the connection is gone. A server that ended it has told: then its socket has something to read.

    One that vanished without a word is found by asking, every few seconds.
    """
    now = time.monotonic()
    if now - _asked.get(connection, 0.0) < ASKED_EVERY_SECONDS and not _has_something_to_read(connection):
        return
    ConnectionPool.check_connection(connection)
    _asked[connection] = now


def _has_something_to_read(connection: psycopg.Connection[Any]) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
