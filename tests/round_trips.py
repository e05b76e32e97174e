"""How often some work waits for the database: what noise cannot move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import psycopg


@dataclass(slots=True)
class Counted:
    count: int = 0


@contextmanager
def round_trips() -> Iterator[Counted]:
    """Count the exchanges with the server inside: statements, BEGIN and COMMIT alike; those sent together are one."""
    counted, wait = Counted(), psycopg.Connection.wait

    def counting(self: psycopg.Connection[Any], work: Any, *arguments: Any, **options: Any) -> Any:
        if getattr(work, "__name__", "") != "_sent":  # until a long question has left: nobody is waited for
            counted.count += 1
        return wait(self, work, *arguments, **options)

    with patch.object(psycopg.Connection, "wait", counting):
        yield counted
