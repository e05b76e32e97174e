"""Where a question is read: from the replica when it may answer, else from the primary (docs/scaling.md).

Positions in the database's log decide, not clocks. The primary is asked first how far its log is written; a replica
that has replayed so far holds everything that was committed before the question. One that has not is given a moment,
and then answers as of the last commit it replayed, or is passed over when that is too long ago.
"""

from __future__ import annotations

import enum
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

_PAUSES = (0.0, 0.005, 0.01, 0.02, 0.04)
"""How long a replica is waited for between two looks: a healthy one is a few milliseconds behind."""
_AWAY_SECONDS = 10.0
"""How long a replica that failed is not asked again, so that only one question in a while waits for it."""
_PRIMARY = "SELECT pg_current_wal_flush_lsn()::text, clock_timestamp()"
_REPLICA = """
SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() >= %(position)s::pg_lsn, pg_last_xact_replay_timestamp()
"""


class Passed(enum.StrEnum):
    """Why the primary answers although there is a replica."""

    AWAY = "away"
    BEHIND = "behind"
    NOT_A_REPLICA = "not_a_replica"


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a question is read. `as_of` is None where everything committed before the question is there."""

    using: str = DEFAULT_DB_ALIAS
    as_of: datetime | None = None
    lag_seconds: float | None = None
    passed: Passed | None = None

    @property
    def is_replica(self) -> bool:
        return self.using != DEFAULT_DB_ALIAS


class _Absence:
    """Until when a replica that failed is left alone: one for the process, all its threads may set it."""

    def __init__(self) -> None:
        self.until = 0.0

    def is_on(self) -> bool:
        return time.monotonic() < self.until

    def begin(self) -> None:
        self.until = time.monotonic() + _AWAY_SECONDS


absence = _Absence()


def read(ask: Callable[[Reading], Result], *, needs_everything: bool = False) -> Result:
    """Ask the replica where it may answer, and the primary else, or when the replica fails in the middle.

    With `needs_everything` a replica that is behind is passed over however little it is.
    """
    reading = choose(needs_everything=needs_everything)
    if not reading.is_replica:
        return ask(reading)
    try:
        return ask(reading)
    except (DatabaseError, InterfaceError) as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise  # too much was asked: the primary would take as long
        return ask(_leave(error))


def choose(*, needs_everything: bool = False) -> Reading:
    """Return where to read now."""
    if settings.READ_DATABASE_ALIAS == DEFAULT_DB_ALIAS:
        return Reading()
    if absence.is_on():
        return Reading(passed=Passed.AWAY)
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_PRIMARY)
        position, now = cursor.fetchone()
    try:
        found = _look(position, now=now, max_lag=settings.DATABASE_REPLICA_MAX_LAG_SECONDS)
    except (DatabaseError, InterfaceError) as error:
        return _leave(error)
    if needs_everything and found.as_of is not None:
        return Reading(lag_seconds=found.lag_seconds, passed=Passed.BEHIND)
    return found


def _look(position: str, *, now: datetime, max_lag: float) -> Reading:
    """Look at the replica until it has replayed the position, or patience ends."""
    replayed_at = None
    for pause in _PAUSES:
        time.sleep(pause)
        with connections[settings.READ_DATABASE_ALIAS].cursor() as cursor:
            cursor.execute(_REPLICA, {"position": position})
            in_recovery, is_current, replayed_at = cursor.fetchone()
        if not in_recovery:
            logger.error("DATABASE_REPLICA_URL names a server that is no replica; its answers are not used.")
            return Reading(passed=Passed.NOT_A_REPLICA)
        if is_current:
            return Reading(settings.READ_DATABASE_ALIAS, lag_seconds=0.0)
    lag = None if replayed_at is None else max(0.0, (now - replayed_at).total_seconds())
    if lag is None or lag > max_lag:
        return Reading(lag_seconds=lag, passed=Passed.BEHIND)
    return Reading(settings.READ_DATABASE_ALIAS, as_of=replayed_at, lag_seconds=lag)


def _leave(error: Exception) -> Reading:
    """Turn to the primary, and leave a replica that is away alone for a while."""
    logger.warning("the replica did not answer", extra={"reason": type(error.__cause__ or error).__name__})
    # Cancelled because the question stood in the way of replay: that one is well.
    if not isinstance(error.__cause__, psycopg.errors.SerializationFailure):
        absence.begin()
    connections[settings.READ_DATABASE_ALIAS].close()
    return Reading(passed=Passed.AWAY)
