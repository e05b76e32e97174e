"""The flat list of an answer's rows: a line a (row, match, workload), as docs/api.md fixes its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from supplychain.api.tables import csv_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from incidents.impact.answer import Match, Row, WorkloadShown

CSV_COLUMNS = (
    "status", "effect", "digest", "names", "confidence", "indicator", "purl", "direct", "path", "pointer", "evidence",
    "reason", "cluster", "environment", "namespace", "workload_kind", "workload", "container", "service", "team",
    "running_since", "last_seen_at", "ended_at",
)  # fmt: skip


def rows_as_csv(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines, the names of the columns first (RFC 4180; no cell can be a formula)."""
    yield csv_line(CSV_COLUMNS)
    for row in rows:
        for match in row.matches or (None,):
            for workload in row.workloads or (None,):
                yield csv_line((*_row_cells(row), *_match_cells(match), *_workload_cells(workload)))


def _row_cells(row: Row) -> tuple[object, ...]:
    return row.status.value, row.effect.value, row.artifact.digest, " ".join(row.artifact.names), row.confidence


def _match_cells(match: Match | None) -> tuple[object, ...]:
    if match is None:
        return ("",) * 7
    path = " > ".join(match.path) if match.path else ""
    return match.indicator, match.purl, match.direct, path, match.pointer, match.evidence, match.reason


def _workload_cells(workload: WorkloadShown | None) -> tuple[object, ...]:
    if workload is None:
        return ("",) * 11
    shown = workload
    times = [
        None if at is None else msgspec.to_builtins(at)
        for at in (shown.running_since, shown.last_seen_at, shown.ended_at)
    ]
    return (
        shown.cluster, shown.environment, shown.namespace, shown.kind, shown.name, shown.container, shown.service,
        shown.team, *times,
    )  # fmt: skip
