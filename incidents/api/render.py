"""An answer as docs/api.md fixes it: names, order and types of the JSON, and the flat CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from incidents.impact.answer import Asked, Header, Impact, Match, Row, WorkloadShown

JSON = dict[str, object]
# The last four are the wide forms that East Asian spreadsheets read like the first four.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CSV_COLUMNS = (
    "status", "effect", "digest", "names", "confidence", "indicator", "purl", "direct", "path", "pointer", "evidence",
    "reason", "cluster", "environment", "namespace", "workload_kind", "workload", "container", "service", "team",
    "running_since", "last_seen_at", "ended_at",
)  # fmt: skip


def as_json(impact: Impact) -> JSON:
    """Return the answer's JSON; its keys stand in the order of docs/api.md."""
    return {
        **header_as_json(impact.header),
        "rows": [plain(row) for row in impact.rows],
        "next": impact.next,
        "hash": impact.hash,
    }


def header_as_json(header: Header) -> JSON:
    """Return everything but rows, next and hash."""
    return {
        "asked": _asked(header.asked),
        "data_as_of": plain(header.data_as_of),
        "replica": plain(header.replica),
        "backlog": plain(header.backlog),
        "coverage": plain(header.coverage),
        "summary": plain(header.summary),
        "clusters": plain(header.clusters),
    }


def plain(value: object) -> object:
    """Return dataclasses, times and enums as what JSON knows; times in UTC with `Z`."""
    built: object = msgspec.to_builtins(value)
    return built


def _asked(asked: Asked) -> JSON:
    indicators = [
        {
            **{name: value for name, value in indicator.asked.items() if name != "problem"},
            "artifact_count": indicator.artifact_count,
            "running_artifact_count": indicator.running_artifact_count,
            "workload_count": indicator.workload_count,
            "problem": indicator.asked.get("problem"),
        }
        for indicator in asked.indicators
    ]
    return {
        "indicators": indicators,
        "at": plain(asked.at),
        "from": plain(asked.from_),
        "to": plain(asked.to),
        "environments": list(asked.environments),
        "clusters": list(asked.clusters),
        "teams": list(asked.teams),
        "statuses": [status.value for status in asked.statuses],
    }


def as_csv(pages: Iterable[Impact]) -> Iterator[str]:
    """Yield the flat list, a line a (row, match, workload), page by page (RFC 4180; no cell can be a formula)."""
    yield _line(CSV_COLUMNS)
    for impact in pages:
        for row in impact.rows:
            for match in row.matches or (None,):
                for workload in row.workloads or (None,):
                    yield _line((*_row_cells(row), *_match_cells(match), *_workload_cells(workload)))


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


def _line(cells: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([_cell(cell) for cell in cells])
    return buffer.getvalue()


def _cell(value: object) -> str:
    """Spreadsheets run a cell that begins like a formula: an apostrophe makes it text (docs/api.md)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
