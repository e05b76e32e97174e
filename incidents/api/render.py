"""An answer as docs/api.md fixes it: names, order and types of the JSON, and the flat CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from rest_framework.renderers import JSONRenderer

from incidents.impact.flat_rows import rows_as_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from incidents.impact.answer import Asked, Impact, IndicatorAnswer

JSON = dict[str, object]


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
