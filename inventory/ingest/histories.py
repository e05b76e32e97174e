"""Histories of containers as rows: load what an event at hand can touch, replay, write back what changed.

Callers hold the projection's exclusive lock, so between reading and writing nobody else changes a row.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from inventory.ingest import runtime_sql
from inventory.ingest.absence import RowKey
from inventory.ingest.intervals import History, Interval, Reason, Run

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a container. `reason` None: it was seen running, since `started_at` if that is known."""

    run: Run
    at: datetime
    started_at: datetime | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, order=True)
class ArtifactCalled:
    """A team's cluster calls an artifact by this name."""

    artifact_id: int
    team_id: int
    name: str
    tag: str


@dataclass(frozen=True, slots=True)
class Change:
    """Rows that were made or that ended; rows that were only seen again are not among `changed_ids`."""

    changed_ids: tuple[int, ...] = ()
    opened_count: int = 0
    ended_count: int = 0


@dataclass(frozen=True, slots=True)
class _Before:
    """What of a stored row may change."""

    opened_at: datetime
    last_seen_at: datetime
    seen_count: int
    closed_at: datetime | None
    reason: Reason | None

    @classmethod
    def of(cls, interval: Interval) -> _Before:
        return cls(interval.opened_at, interval.last_seen_at, interval.seen_count, interval.closed_at, interval.reason)


def replay(events: Mapping[RowKey, Sequence[Event]], *, evidence_id: int) -> Change:
    """Apply events to the containers they happened to, each in the order of time. At most four statements."""
    if not events:
        return Change()
    ordered = {key: sorted(happened, key=lambda event: event.at) for key, happened in events.items()}
    with connection.cursor() as cursor:
        histories = _load(cursor, since={key: _earliest(happened) for key, happened in ordered.items()})
        before = {
            row.id: _Before.of(row) for history in histories.values() for row in history.intervals if row.id is not None
        }
        for key, happened in ordered.items():
            for event in happened:
                _play(histories[key], event, evidence_id=evidence_id)
        return _write(cursor, histories, before=before)


def add_names(called: Collection[ArtifactCalled], *, at: datetime) -> None:
    """Keep the names by which clusters call artifacts. One statement."""
    if not called:
        return
    rows = sorted(called)
    with connection.cursor() as cursor:
        cursor.execute(
            runtime_sql.ADD_NAMES,
            {
                "at": at,
                "teams": [row.team_id for row in rows],
                "artifacts": [row.artifact_id for row in rows],
                "names": [row.name for row in rows],
                "tags": [row.tag for row in rows],
            },
        )


def _earliest(events: Sequence[Event]) -> datetime:
    return min(event.at if event.started_at is None else min(event.at, event.started_at) for event in events)


def _play(history: History, event: Event, *, evidence_id: int) -> None:
    if event.started_at is not None:
        history.start(event.run, at=event.started_at, by=evidence_id)
    if event.reason is None:
        history.observe(event.run, at=event.at, by=evidence_id)
    elif event.reason is Reason.SNAPSHOT_ABSENT:
        history.miss(at=event.at, by=evidence_id)
    else:
        history.end(event.run, at=event.at, by=evidence_id)


def _load(cursor: CursorWrapper, *, since: Mapping[RowKey, datetime]) -> dict[RowKey, History]:
    """Read the rows that an event at or after `since` can touch: open ones, and those that ended no earlier."""
    keys = list(since)
    cursor.execute(
        runtime_sql.LOAD_INTERVALS,
        {
            "workloads": [key.workload_id for key in keys],
            "containers": [key.container for key in keys],
            "pods": [key.pod for key in keys],
            "reporters": [key.reporter_id for key in keys],
            "since": [since[key] for key in keys],
        },
    )
    rows: dict[RowKey, list[Interval]] = defaultdict(list)
    for row_id, workload_id, container, pod, reporter_id, *columns in cursor.fetchall():
        rows[RowKey(workload_id, container, pod, reporter_id)].append(_interval(row_id, columns))
    return {key: History(rows[key]) for key in keys}


def _interval(row_id: int, columns: Sequence[object]) -> Interval:
    run_columns, rest = columns[:8], columns[8:]
    opened_at, last_seen_at, opened_by, seen_count, closed_at, reason, closed_by, end_names_image = rest
    return Interval(
        run=Run(*run_columns),  # type: ignore[arg-type]  # the statement's columns, in the order of Run's fields
        opened_at=opened_at,  # type: ignore[arg-type]
        last_seen_at=last_seen_at,  # type: ignore[arg-type]
        opened_by=opened_by,  # type: ignore[arg-type]
        seen_count=seen_count,  # type: ignore[arg-type]
        closed_at=closed_at,  # type: ignore[arg-type]
        reason=Reason(str(reason)) if reason else None,
        closed_by=closed_by,  # type: ignore[arg-type]
        end_names_image=bool(end_names_image),
        id=row_id,
    )


def _write(cursor: CursorWrapper, histories: Mapping[RowKey, History], *, before: Mapping[int, _Before]) -> Change:
    """Write what changed: ends first, so that no two rows of a container are open at once."""
    dropped = [row.id for history in histories.values() for row in history.dropped if row.id is not None]
    if dropped:
        cursor.execute(runtime_sql.DROP_INTERVALS, {"ids": dropped})
    rows = [(key, row) for key, history in histories.items() for row in history.intervals]
    changed = [row for _, row in rows if row.id is not None and before[row.id] != _Before.of(row)]
    if changed:
        cursor.execute(runtime_sql.UPDATE_INTERVALS, _ends(changed) | {"ids": [row.id for row in changed]})
    added = [(key, row) for key, row in rows if row.id is None]
    changed_ids = [row.id for row in changed if row.id and row.closed_at != before[row.id].closed_at]
    if added:
        cursor.execute(runtime_sql.ADD_INTERVALS, _columns(added) | _ends([row for _, row in added]))
        changed_ids += [row[0] for row in cursor.fetchall()]
    return Change(
        tuple(changed_ids),
        opened_count=sum(not row.is_mark for _, row in added),
        ended_count=sum(row.closed_at is not None and before[row.id].closed_at is None for row in changed if row.id),
    )


def _columns(added: Sequence[tuple[RowKey, Interval]]) -> dict[str, Any]:
    runs = [row.run for _, row in added]
    return {
        "workloads": [key.workload_id for key, _ in added],
        "containers": [key.container for key, _ in added],
        "pods": [key.pod for key, _ in added],
        "reporters": [key.reporter_id for key, _ in added],
        "artifacts": [run.artifact_id for run in runs],
        "image_names": [run.image_name for run in runs],
        "image_tags": [run.image_tag for run in runs],
        "teams": [run.team_id for run in runs],
        "classes": [run.container_class for run in runs],
        "digest_kinds": [run.digest_kind for run in runs],
        "architectures": [run.node_architecture for run in runs],
        "environments": [run.environment_id for run in runs],
    }


def _ends(rows: Sequence[Interval]) -> dict[str, Any]:
    return {
        "opened_at": [row.opened_at for row in rows],
        "last_seen_at": [row.last_seen_at for row in rows],
        "seen_count": [row.seen_count for row in rows],
        "opened_by": [row.opened_by for row in rows],
        "closed_at": [row.closed_at for row in rows],
        "close_reason": [str(row.reason or "") for row in rows],
        "closed_by": [row.closed_by for row in rows],
        "end_names_image": [row.end_names_image for row in rows],
    }
