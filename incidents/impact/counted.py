"""How much of what runs is known: the counts that every answer stands on, and how what runs now is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from incidents.impact.statements import INTERVALS, NOW, POINTS_NOW
from inventory.graph.one_state import Statement
from inventory.graph.services import SERVICE, SERVICE_OF

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

UNDIGESTED: Final = "(SELECT count(*) FROM shown WHERE artifact_id IS NULL)"
UNMAPPED: Final = f"""
    (SELECT count(DISTINCT w.id) FROM shown i JOIN inventory_workload w ON w.id = i.workload_id
     JOIN inventory_cluster c ON c.id = w.cluster_id {SERVICE_OF}
     WHERE w.service = '' AND {SERVICE} = '')"""
ECOSYSTEMS: Final = """
    (SELECT jsonb_object_agg(e.key, e.n)::text FROM (
        SELECT e.key, sum(e.value::int) AS n
        FROM (SELECT DISTINCT track_id, seq FROM point) p
        JOIN inventory_snapshot n ON n.track_id = p.track_id AND n.seq = p.seq
        CROSS JOIN LATERAL jsonb_each_text(n.ecosystems) e GROUP BY 1) e)"""
UNMADE: Final = """
    (SELECT coalesce(sum(n.component_count - coalesce(n.made_count, 0)), 0)::bigint
     FROM (SELECT DISTINCT track_id, seq FROM point) p
     JOIN inventory_snapshot n ON n.track_id = p.track_id AND n.seq = p.seq)"""
CLUSTERS: Final = "(SELECT array_agg(DISTINCT cluster_id) FROM shown)"
NEXT_MAPPING: Final = """
    (SELECT min(b.at) FROM inventory_servicemapping m CROSS JOIN LATERAL (VALUES (m.valid_from), (m.valid_to)) b(at)
     WHERE b.at > %(at)s)"""
"""When one next begins or ends. The others count over `shown`, the intervals, and `point`, the SBOMs of what they run.
"""
_NOW: Final = f"""
WITH shown AS MATERIALIZED ({INTERVALS.format(when=NOW)}),
point AS MATERIALIZED ({POINTS_NOW}),
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
    {UNDIGESTED}, {UNMAPPED}, {UNMADE}, {ECOSYSTEMS}, {CLUSTERS}, %(at)s::timestamptz, {NEXT_MAPPING}
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted. It holds for instants from `at` on, until the next service mapping begins or ends."""

    running: int
    complete: int
    partial: int
    unresolved: int
    undigested: int
    unmapped: int
    unmade: int
    """Components of which no SBOM of what runs says who made or published them."""
    ecosystems: str | None
    cluster_ids: Sequence[int] | None
    at: datetime
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.at <= at and (self.until is None or at < self.until)


def counted_statement(parameters: Mapping[str, object]) -> Statement[Counted]:
    """Return the statement that counts what runs now."""
    return Statement(Counted, _NOW, parameters)
