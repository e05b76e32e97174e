"""Which service a workload belongs to: what its reports say, else the most specific mapping, else none.

Mappings apply when they are read, so a new one speaks for the past as far as it is valid there. A mapping speaks for
containers of its own team, and for all of the clusters its team owns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.graph.statements import fetch
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from supplychain.access.actors import Actor


def _matches(column: str, *, pattern: str) -> str:
    """Return the condition that a column matches a glob, in which `*` and `?` are the only special characters."""
    literal = rf"replace(replace(replace({pattern}, '\', '\\'), '%%', '\%%'), '_', '\_')"
    return f"{column} LIKE replace(replace({literal}, '*', '%%'), '?', '_')"


def _is_exact(pattern: str) -> str:
    return f"({pattern} !~ '[*?]')::int"


def _literals(pattern: str) -> str:
    return f"length(translate({pattern}, '*?', ''))"


SERVICE_OF = f"""
LEFT JOIN LATERAL (
    SELECT m.service FROM inventory_servicemapping m
    WHERE w.service = '' AND m.team_id IN (i.team_id, c.team_id)
      AND m.valid_from <= %(at)s AND (m.valid_to IS NULL OR m.valid_to > %(at)s)
      AND {_matches("c.name", pattern="m.cluster")}
      AND {_matches("w.namespace", pattern="m.namespace")}
      AND {_matches("w.name", pattern="m.workload")}
    ORDER BY {_is_exact("m.workload")} + {_is_exact("m.namespace")} + {_is_exact("m.cluster")} DESC,
             {_literals("m.workload")} + {_literals("m.namespace")} + {_literals("m.cluster")} DESC,
             m.valid_from DESC, m.id DESC
    LIMIT 1
) mapped ON true
"""
"""Joins `mapped` to `inventory_runinterval i`, `inventory_workload w`, `inventory_cluster c`, as of `%(at)s`. Of the
mappings that match, the one with more exact parts wins, then the one with more literal characters."""

SERVICE = "COALESCE(NULLIF(w.service, ''), mapped.service, '')"
"""The service of such a row; '' where nothing tells."""

_SERVICES = f"""
SELECT DISTINCT ON (w.id) w.id, {SERVICE}
FROM inventory_runinterval i
JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id
{SERVICE_OF}
WHERE w.id = ANY(%(ids)s::int[]) AND {own("i.team_id")}
ORDER BY w.id, {SERVICE} = '', i.id DESC
"""
_UNMAPPED = f"""
SELECT count(DISTINCT w.id)
FROM inventory_runinterval i
JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id
{SERVICE_OF}
WHERE w.service = '' AND mapped.service IS NULL AND {own("i.team_id")}
  AND i.opened_at <= %(at)s AND (i.closed_at IS NULL OR i.closed_at > %(at)s)
"""


@dataclass(frozen=True, slots=True)
class _Service:
    workload_id: int
    service: str


def map_services(workload_ids: Collection[int], *, at: datetime, actor: Actor) -> dict[int, str]:
    """Return {workload id: service} of visible workloads as of an instant, '' where nothing tells. One statement."""
    if not workload_ids:
        return {}
    parameters = {"ids": sorted(workload_ids), "at": at, "teams": visible_teams(actor)}
    return {row.workload_id: row.service for row in fetch(_Service, _SERVICES, parameters)}


def count_unmapped(*, at: datetime, actor: Actor) -> int:
    """Count visible workloads that ran at an instant and belong to no service that we know. One statement."""
    return fetch(int, _UNMAPPED, {"at": at, "teams": visible_teams(actor)})[0]
