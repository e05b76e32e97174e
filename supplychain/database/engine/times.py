"""Instants as the database writes them, read by the interpreter itself: a page may hold ten thousand."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from psycopg.adapt import AdaptersMap
from psycopg.types.datetime import TimestamptzLoader

if TYPE_CHECKING:
    from psycopg.abc import Buffer


class InstantLoader(TimestamptzLoader):
    """Reads an instant in UTC in a fiftieth of the time that psycopg takes for one whose time zone Django sets.

    What the interpreter does not read (`infinity`, years before ours) psycopg judges.
    """

    timezone: Final = UTC
    """What Django compares with its own, before it would register a loader for each statement."""

    def load(self, data: Buffer) -> datetime:
        text = bytes(data).decode("ascii")
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return super().load(data)
        return found if found.tzinfo is UTC else found.astimezone(UTC)


@lru_cache
def with_instants(context: AdaptersMap) -> AdaptersMap:
    """Return the same ways to read and write values, but for instants."""
    own = AdaptersMap(context)
    own.register_loader("timestamptz", InstantLoader)
    return own
