"""Out of what an answer is given: what runs, what of it an SBOM describes, what waits, and who has gone silent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from incidents.impact.answer import Backlog, ClusterFreshness, Coverage
from incidents.impact.statements import INTERVALS, NOW, POINTS_NOW, POINTS_THEN, THEN
from inventory.graph.one_state import Statement
from inventory.graph.services import SERVICE, SERVICE_OF
from inventory.models.runtime import STALE_AFTER_INTERVALS

if TYPE_CHECKING:
    from collections.abc import Mapping

_COVERAGE = """
WITH shown AS MATERIALIZED ({intervals}),
point AS MATERIALIZED ({points}),
described AS MATERIALIZED (
    SELECT i.artifact_id, bool_or(p.is_complete AND p.certainty = 0) AS is_complete,
           bool_and(p.certainty > 0) AS is_unresolved
    FROM shown i JOIN point p ON p.interval_id = i.id
    GROUP BY 1
)
SELECT
    (SELECT count(DISTINCT artifact_id) FROM shown),
    (SELECT count(*) FROM described WHERE is_complete),
    (SELECT count(*) FROM described WHERE NOT is_complete),
    (SELECT count(*) FROM described WHERE is_unresolved),
    (SELECT count(*) FROM shown WHERE artifact_id IS NULL),
    (SELECT count(DISTINCT w.id) FROM shown i JOIN inventory_workload w ON w.id = i.workload_id
     JOIN inventory_cluster c ON c.id = w.cluster_id {service_of}
     WHERE w.service = '' AND {service} = ''),
    (SELECT count(DISTINCT s.snapshot_id) FROM inventory_artifact a
     JOIN inventory_snapshotsubject s ON s.artifact_id = a.id JOIN inventory_track t ON t.id = s.track_id
     WHERE a.digest IS NULL AND (%(teams)s::bigint[] IS NULL OR t.team_id = ANY(%(teams)s))),
    (SELECT jsonb_object_agg(e.key, e.n) FROM (
        SELECT e.key, sum(e.value::int) AS n
        FROM (SELECT DISTINCT track_id, seq FROM point) p
        JOIN inventory_snapshot n ON n.track_id = p.track_id AND n.seq = p.seq
        CROSS JOIN LATERAL jsonb_each_text(n.ecosystems) e GROUP BY 1) e),
    (SELECT jsonb_agg(jsonb_build_array(c.name, extract(epoch FROM c.last_heard_at), c.report_interval_seconds)
                      ORDER BY c.name)
     FROM inventory_cluster c
     WHERE (%(clusters)s::text[] IS NULL OR c.name = ANY(%(clusters)s))
       AND (%(teams)s::bigint[] IS NULL OR c.team_id = ANY(%(teams)s)
            OR c.id IN (SELECT cluster_id FROM shown))),
    (SELECT jsonb_build_array(count(*) FILTER (WHERE s.state <> 'quarantined'),
                              extract(epoch FROM min(e.received_at) FILTER (WHERE s.state <> 'quarantined')),
                              count(*) FILTER (WHERE s.state = 'quarantined'))
     FROM inventory_evidencestate s JOIN inventory_evidence e ON e.id = s.evidence_id
     WHERE s.state IN ('received', 'processing', 'quarantined')
       AND (%(teams)s::bigint[] IS NULL OR s.team_id = ANY(%(teams)s)))
"""


@dataclass(frozen=True, slots=True)
class _Row:
    """The one row of _COVERAGE; the last three are JSON."""

    running: int
    complete: int
    partial: int
    unresolved: int
    undigested: int
    unmapped: int
    labelled: int
    ecosystems: str | None
    clusters: str | None
    backlog: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What an answer stands on."""

    coverage: Coverage
    backlog: Backlog


def ground_statement(parameters: Mapping[str, object], *, is_now: bool, now: datetime) -> Statement[Ground]:
    """Return the statement of coverage and backlog. `parameters` are those of the answer's own statement."""
    sql = _COVERAGE.format(
        intervals=INTERVALS.format(when=NOW if is_now else THEN),
        points=POINTS_NOW if is_now else POINTS_THEN,
        service_of=SERVICE_OF,
        service=SERVICE,
    )
    return Statement(lambda *columns: _ground(_Row(*columns), now=now), sql, parameters)


def _ground(row: _Row, *, now: datetime) -> Ground:
    # Django's cursors give jsonb as text.
    waiting, oldest, quarantined = json.loads(row.backlog)
    coverage = Coverage(
        running_artifact_count=row.running,
        sbom_complete_count=row.complete,
        sbom_partial_count=row.partial,
        without_sbom_count=row.running - row.complete - row.partial,
        containers_without_digest_count=row.undigested,
        sbom_without_digest_count=row.labelled,
        index_unresolved_count=row.unresolved,
        unmapped_service_count=row.unmapped,
        ecosystems=dict(sorted(json.loads(row.ecosystems or "{}").items())),
        clusters=tuple(_freshness(*cluster, now=now) for cluster in json.loads(row.clusters or "[]")),
    )
    return Ground(coverage, Backlog(waiting, None if oldest is None else _moment(oldest), quarantined))


def _freshness(name: str, heard: float, interval_seconds: int, *, now: datetime) -> ClusterFreshness:
    last_heard_at = _moment(heard)
    stale = now - last_heard_at > timedelta(seconds=interval_seconds * STALE_AFTER_INTERVALS)
    return ClusterFreshness(name, last_heard_at, stale=stale)


def _moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, tz=UTC)
