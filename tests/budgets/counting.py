"""Count how often a process waits for the database: every exchange, commits included, whatever travels in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connections


@dataclass(slots=True)
class Waits:
    """Exchanges with the server so far."""

    count: int = 0


@contextmanager
def counted_waits() -> Iterator[Waits]:
    """Count the exchanges of the block on every connection of this process; to connect is not counted."""
    for wrapper in connections.all():
        wrapper.ensure_connection()
    waits, wait = Waits(), psycopg.Connection.wait

    def counted(raw: psycopg.Connection[Any], asked: Generator[Any, Any, Any], *given: Any, **named: Any) -> Any:
        return wait(raw, _noted(asked, waits), *given, **named)

    with patch.object(psycopg.Connection, "wait", counted):
        yield waits


def _noted(asked: Generator[Any, Any, Any], waits: Waits) -> Generator[Any, Any, Any]:
    """Do what was asked of a connection, and count it if there was anything to wait for.

    To change its mode, or to commit what is committed, there is not.
    """
    try:
        state = next(asked)
        waits.count += 1
        while True:
            state = asked.send((yield state))
    except StopIteration as end:
        return end.value
