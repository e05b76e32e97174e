"""A thread in each process that says, every few seconds, that it lives, what it does and what it counted.

Work itself pays a dictionary entry for it, and no statement. What a killed process had not yet told is lost: these are
figures for people who look after the installation, never a record.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection, transaction

from supplychain.ids import uuid7
from supplychain.ops import slow_statements
from supplychain.ops.models import ProcessBeat

logger = logging.getLogger(__name__)

BEAT_SECONDS = 10.0

_ADD_MEASURE = """
INSERT INTO ops_measure (name, minute, count, worst) VALUES (%s, %s, %s, %s)
ON CONFLICT (name, minute) DO UPDATE SET count = ops_measure.count + excluded.count,
    worst = greatest(ops_measure.worst, excluded.worst)
"""
_ADD_SLOW = """
INSERT INTO ops_slowstatement (id, shape, place, count, total_seconds, worst_seconds, worst_at, last_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET count = ops_slowstatement.count + excluded.count,
    total_seconds = ops_slowstatement.total_seconds + excluded.total_seconds,
    worst_at = CASE WHEN excluded.worst_seconds > ops_slowstatement.worst_seconds
               THEN excluded.worst_at ELSE ops_slowstatement.worst_at END,
    worst_seconds = greatest(ops_slowstatement.worst_seconds, excluded.worst_seconds),
    last_at = excluded.last_at
"""


@dataclass(slots=True)
class _Counted:
    count: int = 0
    worst: float = 0.0


@dataclass(slots=True)
class _Process:
    """What this process knows of itself. The lock guards `measures`, which threads add to."""

    kind: str
    id: UUID = field(default_factory=uuid7)
    pid: int = field(default_factory=os.getpid)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    doing: str = ""
    doing_since: datetime | None = None
    done_count: int = 0
    measures: dict[tuple[str, datetime], _Counted] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    stopping: Event = field(default_factory=Event)


_process = _Process("command")


def start(kind: str) -> None:
    """Begin to report this process, in a thread of its own; after a fork, never before it."""
    global _process  # noqa: PLW0603  # one process is one reporter
    _process = _Process(kind)
    Thread(target=_run, args=(_process,), name="reporter", daemon=True).start()


def stop() -> None:
    """Tell what is left to tell and take this process off the list: it ends on purpose."""
    _process.stopping.set()
    _try(_tell_last, _process)


@contextmanager
def working_on(what: str) -> Iterator[None]:
    """Say what this process works on, for as long as the block lasts, and count it afterwards."""
    process = _process
    process.doing, process.doing_since = what, datetime.now(UTC)
    try:
        yield
    finally:
        process.doing, process.doing_since = "", None
        process.done_count += 1


def count(name: str, *, amount: int = 1) -> None:
    """Add to a number of this minute."""
    with _process.lock:
        _counted(name).count += amount


def gauge(name: str, value: float) -> None:
    """Remember the largest value of this minute."""
    with _process.lock:
        found = _counted(name)
        found.worst = max(found.worst, value)


def report(at: datetime) -> None:
    """Write down what this process counted since the last time; what cannot be written is kept for the next."""
    with _process.lock:
        measures, _process.measures = _process.measures, {}
    slow = slow_statements.take()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # in one order, so that no two processes wait for each other's rows
            for (name, minute), found in sorted(measures.items()):
                cursor.execute(_ADD_MEASURE, [name, minute, found.count, found.worst])
            for row in sorted(slow, key=slow_statements.identity):
                times = (row.total_seconds, row.worst_seconds, row.worst_at, at)
                cursor.execute(_ADD_SLOW, (slow_statements.identity(row), row.shape, row.place, row.count, *times))
    except (DatabaseError, InterfaceError):
        _give_back(measures)
        raise


def beat(at: datetime) -> None:
    """Say that this process lives, and what it does."""
    process = _process
    row = ProcessBeat(
        id=process.id,
        kind=process.kind,
        host=socket.gethostname(),
        pid=process.pid,
        started_at=process.started_at,
        beat_at=at,
        doing=process.doing,
        doing_since=process.doing_since,
        done_count=process.done_count,
    )
    ProcessBeat.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["beat_at", "doing", "doing_since", "done_count"],
    )


def _counted(name: str) -> _Counted:
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    return _process.measures.setdefault((name, minute), _Counted())


def _give_back(measures: dict[tuple[str, datetime], _Counted]) -> None:
    with _process.lock:
        for key, found in measures.items():
            kept = _process.measures.setdefault(key, _Counted())
            kept.count += found.count
            kept.worst = max(kept.worst, found.worst)


def _run(process: _Process) -> None:
    while not process.stopping.is_set():
        _try(_tell, process)
        process.stopping.wait(BEAT_SECONDS)


def _tell(process: _Process) -> None:
    if process.stopping.is_set():
        return
    at = datetime.now(UTC)
    beat(at)
    report(at)


def _tell_last(process: _Process) -> None:
    report(datetime.now(UTC))
    ProcessBeat.objects.filter(id=process.id).delete()


def _try(tell: Callable[[_Process], None], process: _Process) -> None:
    """Tell, on a connection that is given back at once; a database that is away costs a line in the log."""
    try:
        tell(process)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("This process could not report.", extra={"reason": type(error).__name__})
    finally:
        connection.close()
