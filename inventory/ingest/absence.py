"""What a snapshot says by leaving it out: open intervals that it confirms, and those that it ends.

A snapshot ends every interval of its namespaces whose (workload, container, digest family) it does not contain
(docs/runtime.md). Where its records name pods, a pod that is gone has ended although its siblings run on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from inventory.ingest import runtime_sql

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class RowKey:
    """One container as rows know it: whose reports, which workload, container and pod."""

    workload_id: int
    container: str
    pod: str
    reporter_id: int


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An open interval of the namespaces that a snapshot covers."""

    key: RowKey
    artifact_id: int | None
    image_name: str
    image_tag: str
    team_id: int
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Present:
    """One running container of a snapshot."""

    key: RowKey
    artifact_id: int | None
    image_name: str
    image_tag: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Open intervals that the snapshot does not report itself: those it contains by family, and those it does not."""

    confirmed: tuple[OpenRow, ...]
    absent: tuple[OpenRow, ...]


def find_open(cluster_id: int, *, namespaces: Collection[str] | None) -> list[OpenRow]:
    """Return the open intervals of a cluster's namespaces, of all of them with None. One statement."""
    wanted = None if namespaces is None else sorted(namespaces)
    with connection.cursor() as cursor:
        cursor.execute(runtime_sql.OPEN_IN_NAMESPACES, {"cluster": cluster_id, "namespaces": wanted})
        return [OpenRow(RowKey(*row[:4]), *row[4:]) for row in cursor.fetchall()]


def judge(rows: Iterable[OpenRow], *, present: Iterable[Present], team_ids: Collection[int]) -> Judged:
    """Tell what a snapshot confirms from what it ends, by the memberships that these teams state. One statement."""
    seen: dict[tuple[int, str], list[Present]] = defaultdict(list)
    for found in present:
        seen[found.key.workload_id, found.key.container].append(found)
    reported = {found.key for group in seen.values() for found in group}
    candidates = {
        row: _same_place(row, present=seen.get((row.key.workload_id, row.key.container), []))
        for row in rows
        if row.key not in reported
    }
    related = _related(candidates, team_ids=team_ids)
    confirmed = [row for row, places in candidates.items() if any(_matches(row, p, related) for p in places)]
    kept = set(confirmed)
    return Judged(tuple(confirmed), tuple(row for row in candidates if row not in kept))


def _same_place(row: OpenRow, *, present: list[Present]) -> list[Present]:
    """Return what runs in the row's place: its own pod where both name pods, else any of the workload's containers."""
    if row.key.pod and any(found.key.pod for found in present):
        return [found for found in present if found.key.pod == row.key.pod]
    return present


def _matches(row: OpenRow, found: Present, related: frozenset[tuple[int, int]]) -> bool:
    if row.artifact_id is None or found.artifact_id is None:
        return (row.image_name, row.image_tag) == (found.image_name, found.image_tag)
    return row.artifact_id == found.artifact_id or (row.artifact_id, found.artifact_id) in related


def _related(candidates: Mapping[OpenRow, list[Present]], *, team_ids: Collection[int]) -> frozenset[tuple[int, int]]:
    """Return the pairs of reported digests that are one image, of those that differ and share a place."""
    pairs = {
        (row.artifact_id, found.artifact_id)
        for row, places in candidates.items()
        for found in places
        if row.artifact_id is not None and found.artifact_id is not None and row.artifact_id != found.artifact_id
    }
    if not pairs:
        return frozenset()
    parameters = {
        "roots": sorted({root for root, _ in pairs}),
        "others": sorted({other for _, other in pairs}),
        "teams": sorted(team_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(runtime_sql.RELATED, parameters)
        return frozenset((root, other) for root, other in cursor.fetchall())
