"""An answer as docs/api.md fixes it: names, order and types of the JSON, and the flat CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from rest_framework.renderers import JSONRenderer

from supplychain.api.tables import csv_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from incidents.impact.answer import Asked, Impact, IndicatorAnswer, Match, Row, WorkloadShown

JSON = dict[str, object]
CSV_COLUMNS = (
    "status", "effect", "digest", "names", "confidence", "indicator", "purl", "direct", "path", "pointer", "evidence",
    "reason", "cluster", "environment", "namespace", "workload_kind", "workload", "container", "service", "team",
    "running_since", "last_seen_at", "ended_at",
)  # fmt: skip


class ImpactRenderer(JSONRenderer):
    """Writes what `as_json` returns without making it of plain values first: an answer may have megabytes."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if self.get_indent(accepted_media_type or "", renderer_context or {}) is not None:
            return super().render(plain(data), accepted_media_type, renderer_context)
        return msgspec.json.encode(data)


def as_json(impact: Impact) -> JSON:
    """Return the answer for ImpactRenderer; its keys stand in the order of docs/api.md."""
    header = impact.header
    return {
        "asked": asked_as_json(header.asked),
        "data_as_of": header.data_as_of,
        "replica": header.replica,
        "backlog": header.backlog,
        "coverage": header.coverage,
        "feeds": header.feeds,
        "builds": header.builds,
        "summary": header.summary,
        "clusters": header.clusters,
        "rows": impact.rows,
        "next": impact.next,
        "hash": impact.hash,
    }


def plain(value: object) -> object:
    """Return dataclasses, times and enums as what JSON knows; times in UTC with `Z`."""
    built: object = msgspec.to_builtins(value)
    return built


def asked_as_json(asked: Asked) -> JSON:
    """Return the question as understood, with what each indicator came to."""
    return {
        "indicators": [_indicator(indicator) for indicator in asked.indicators],
        "at": asked.at,
        "from": asked.from_,
        "to": asked.to,
        "environments": asked.environments,
        "clusters": asked.clusters,
        "teams": asked.teams,
        "statuses": asked.statuses,
    }


def _indicator(indicator: IndicatorAnswer) -> JSON:
    shown = dict(indicator.asked)
    problem = shown.pop("problem", None)
    shown["artifact_count"] = indicator.artifact_count
    shown["running_artifact_count"] = indicator.running_artifact_count
    shown["workload_count"] = indicator.workload_count
    shown["problem"] = problem
    return shown


def as_csv(pages: Iterable[Impact]) -> Iterator[str]:
    """Return the flat list, a line a (row, match, workload), page by page (RFC 4180; no cell can be a formula)."""
    return rows_as_csv(row for impact in pages for row in impact.rows)


def rows_as_csv(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the same of rows."""
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
    times = [None if at is None else plain(at) for at in (shown.running_since, shown.last_seen_at, shown.ended_at)]
    return (
        shown.cluster, shown.environment, shown.namespace, shown.kind, shown.name, shown.container, shown.service,
        shown.team, *times,
    )  # fmt: skip
