"""The statements of an incident answer: constants only; what is asked for goes in as typed arrays and times.

Classes (matching.MatchClass, plus one for what only takes part in a build): 0 affected, 1 affected build, 2 possible,
3 possible build, 4 and 5 cleared, 8 unknown.
"""

from inventory.graph.families import FAMILY, RUN_CANDIDATES, RUN_POINTS
from inventory.graph.services import SERVICE, SERVICE_OF
from inventory.graph.visibility import VISIBLE_ARTIFACT, all_own, own

# An interval counts when it is the asker's to see, in the scope asked for, and covers the instant or meets the window.
# `unseen`: its end was only noticed by a later snapshot, and by the instant asked nobody had seen it for too long.
INTERVALS = f"""
SELECT i.id, i.team_id, i.artifact_id, i.node_architecture, i.workload_id, w.cluster_id, w.namespace,
       coalesce(i.environment_id, c.environment_id) AS environment_id,
       i.close_reason = 'snapshot_absent' AND %(since)s::timestamptz IS NOT NULL
           AND i.last_seen_at + make_interval(secs => 3 * c.report_interval_seconds) < %(since)s AS unseen
FROM inventory_runinterval i
JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id
WHERE {own("i.team_id")}
  AND (%(clusters)s::text[] IS NULL OR c.name = ANY(%(clusters)s))
  AND (%(environments)s::text[] IS NULL OR (
      SELECT e.slug FROM inventory_environment e WHERE e.id = coalesce(i.environment_id, c.environment_id)
  ) = ANY(%(environments)s))
  AND {{when}}
"""
NOW = "i.closed_at IS NULL"
THEN = """i.opened_at < %(until)s AND (i.closed_at IS NULL OR i.closed_at > %(since)s)
  AND (i.closed_at IS NULL OR i.closed_at > i.opened_at)"""

POINTS_NOW = f"""
SELECT r.interval_id, r.artifact_id, r.track_id, r.seq, r.certainty FROM inventory_running r
WHERE {all_own("r.teams")}
"""
_SCOPED = "SELECT id, team_id, artifact_id, node_architecture FROM shown WHERE artifact_id IS NOT NULL"
POINTS_THEN = f"""
SELECT p.interval_id, p.artifact_id, p.track_id, p.seq, p.certainty FROM ({RUN_POINTS.format(intervals=_SCOPED)}) p
WHERE {all_own("p.teams")}
"""
_NO_CANDIDATES = "SELECT NULL::bigint AS interval_id, NULL::int AS artifact_id, NULL::int AS certainty WHERE false"
_CANDIDATES = f"""
SELECT c.id AS interval_id, c.artifact_id, min(c.certainty) AS certainty
FROM ({RUN_CANDIDATES.format(intervals=_SCOPED)}) c
WHERE {all_own("c.teams")}
  AND c.artifact_id IN (SELECT artifact_id FROM named)
GROUP BY c.id, c.artifact_id
"""

_ORDER = "rank, workload_count = 0, workload_count DESC, digest NULLS LAST, artifact_id"
_ANSWER = f"""
WITH wanted(component_id, indicator, class) AS MATERIALIZED (
    SELECT * FROM unnest(%(components)s::int[], %(indicators)s::int[], %(classes)s::smallint[])
),
named(artifact_id, indicator, class) AS MATERIALIZED (
    SELECT * FROM unnest(%(artifacts)s::int[], %(artifact_indicators)s::int[], %(artifact_classes)s::smallint[])
),
shown AS MATERIALIZED ({{intervals}}),
span AS MATERIALIZED (
    SELECT p.track_id, w.indicator, w.class + ((p.flags >> 1) & 7 IN (3, 4, 5))::int AS class,
           range_agg(int4range(p.from_seq, p.to_seq)) AS seqs
    FROM wanted w
    JOIN inventory_presence p ON p.component_id = w.component_id
    JOIN inventory_track t ON t.id = p.track_id
    WHERE {own("t.team_id")}
    GROUP BY 1, 2, 3
),
held AS MATERIALIZED (
    SELECT s.artifact_id, h.indicator, min(h.class) AS class
    FROM span h CROSS JOIN LATERAL unnest(h.seqs) AS r(seqs)
    CROSS JOIN LATERAL (
        SELECT s.artifact_id FROM inventory_snapshotsubject s
        WHERE s.track_id = h.track_id AND s.seq >= lower(r.seqs) AND s.seq < upper(r.seqs) OFFSET 0) s
    WHERE h.class < 4
    GROUP BY 1, 2
    UNION ALL
    SELECT n.artifact_id, n.indicator, n.class FROM named n JOIN inventory_artifact a ON a.id = n.artifact_id
    WHERE {VISIBLE_ARTIFACT}
),
point AS MATERIALIZED ({{points}}),
ran AS (
    SELECT p.interval_id, p.artifact_id, p.certainty, h.indicator, h.class
    FROM point p JOIN span h ON h.track_id = p.track_id AND h.seqs @> p.seq
    UNION ALL
    SELECT c.interval_id, c.artifact_id, c.certainty, n.indicator, n.class
    FROM ({{candidates}}) c JOIN named n ON n.artifact_id = c.artifact_id
),
hit AS MATERIALIZED (
    SELECT CASE WHEN r.certainty = 0 THEN r.artifact_id ELSE i.artifact_id END AS artifact_id, r.indicator,
           i.workload_id, i.cluster_id, i.namespace, i.environment_id, i.unseen,
           min(CASE WHEN r.certainty = 0 THEN r.class ELSE greatest(r.class, 2 + r.class %% 2) END) AS class
    FROM ran r JOIN shown i ON i.id = r.interval_id
    WHERE r.certainty = 0 OR r.class < 4
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
run_of AS (
    SELECT artifact_id, min(class) AS class, bool_and(unseen) AS unseen, count(DISTINCT workload_id) AS workload_count
    FROM hit GROUP BY 1
),
artifact AS MATERIALIZED (
    SELECT b.artifact_id, b.workload_count,
           CASE WHEN b.unseen AND b.class < 2 THEN b.class + 2 ELSE b.class END AS class
    FROM (
        SELECT artifact_id, coalesce(r.workload_count, 0) AS workload_count, coalesce(r.unseen, false) AS unseen,
               least(h.class, r.class) AS class
        FROM (SELECT artifact_id, min(class) AS class FROM held GROUP BY 1) h FULL JOIN run_of r USING (artifact_id)
    ) b
    WHERE NOT %(is_scoped)s OR b.workload_count > 0
    UNION ALL
    SELECT i.artifact_id, count(DISTINCT i.workload_id), 8
    FROM shown i
    WHERE i.artifact_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM point p WHERE p.interval_id = i.id)
      AND NOT EXISTS (SELECT 1 FROM held h WHERE h.artifact_id = i.artifact_id)
      AND NOT EXISTS (SELECT 1 FROM run_of r WHERE r.artifact_id = i.artifact_id)
    GROUP BY 1
),
place AS MATERIALIZED (
    SELECT a.artifact_id, a.class, h.workload_id, h.cluster_id, h.namespace, h.environment_id
    FROM artifact a JOIN hit h USING (artifact_id)
    UNION
    SELECT a.artifact_id, a.class, i.workload_id, i.cluster_id, i.namespace, i.environment_id
    FROM artifact a JOIN shown i USING (artifact_id) WHERE a.class = 8
),
listed AS MATERIALIZED (
    SELECT a.artifact_id, a.class, a.workload_count, d.digest,
           CASE WHEN a.class < 4 THEN a.class / 2 WHEN a.class = 8 THEN 2 ELSE 3 END AS rank
    FROM artifact a JOIN inventory_artifact d ON d.id = a.artifact_id
    WHERE a.class = ANY(%(listed_classes)s::int[])
)
SELECT
    (SELECT jsonb_object_agg(c.class, jsonb_build_array(c.artifacts, c.running)) FROM (
        SELECT class, count(*) AS artifacts, count(*) FILTER (WHERE workload_count > 0) AS running
        FROM artifact GROUP BY 1) c),
    (SELECT jsonb_agg(jsonb_build_array(g.grouping, g.workloads, g.namespaces, g.clusters)) FROM (
        SELECT status.grouping, count(DISTINCT p.workload_id) AS workloads,
               count(DISTINCT (p.cluster_id, p.namespace)) AS namespaces, count(DISTINCT p.cluster_id) AS clusters
        FROM place p CROSS JOIN LATERAL (
            SELECT CASE WHEN p.class < 4 THEN p.class / 2 WHEN p.class = 8 THEN 2 ELSE 3 END AS grouping
            UNION ALL SELECT 4 WHERE p.class IN (1, 3)) status
        GROUP BY 1) g),
    (SELECT jsonb_agg(jsonb_build_array(c.name, e.slug, k.namespace, k.n) ORDER BY c.name, e.slug, k.namespace) FROM (
        SELECT p.cluster_id, p.environment_id, p.namespace, count(DISTINCT p.workload_id) AS n
        FROM place p WHERE p.class = ANY(%(listed_classes)s::int[]) GROUP BY 1, 2, 3) k
     JOIN inventory_cluster c ON c.id = k.cluster_id LEFT JOIN inventory_environment e ON e.id = k.environment_id),
    (SELECT jsonb_agg(jsonb_build_array(x.indicator, x.artifacts, x.running, x.workloads)) FROM (
        SELECT indicator, count(DISTINCT artifact_id) AS artifacts,
               count(DISTINCT artifact_id) FILTER (WHERE workload_id IS NOT NULL) AS running,
               count(DISTINCT workload_id) AS workloads
        FROM (SELECT indicator, artifact_id, NULL::int AS workload_id FROM held WHERE NOT %(is_scoped)s
              UNION ALL SELECT indicator, artifact_id, workload_id FROM hit WHERE class < 4) y
        GROUP BY 1) x),
    ordered.ids, ordered.classes, ordered.fingerprint
FROM (
    SELECT array_agg(artifact_id ORDER BY {_ORDER}) AS ids,
           array_agg(class ORDER BY {_ORDER}) AS classes,
           encode(sha256(convert_to(
               string_agg(coalesce(digest, '') || class, ',' ORDER BY digest, class), 'UTF8')), 'hex') AS fingerprint
    FROM listed) ordered
"""


def answer(*, is_now: bool, has_artifacts: bool) -> str:
    """Return the statement of the answer: of what runs now from the projection, of the past from the intervals."""
    return _ANSWER.format(
        intervals=INTERVALS.format(when=NOW if is_now else THEN),
        points=POINTS_NOW if is_now else POINTS_THEN,
        candidates=_CANDIDATES if has_artifacts else _NO_CANDIDATES,
    )


PAGE_RUNS = f"""
WITH shown AS MATERIALIZED ({{intervals}} AND i.artifact_id = ANY(ARRAY({FAMILY})))
SELECT DISTINCT k.artifact_id, s.artifact_id AS reported_id, reported.digest AS reported_digest, k.certainty, i.id,
       c.name, e.slug, w.namespace, w.kind, w.name, i.container, {SERVICE}, t.slug,
       i.opened_at, i.last_seen_at, i.closed_at
FROM ({RUN_CANDIDATES.format(intervals=_SCOPED)}) k
JOIN shown s ON s.id = k.id
JOIN inventory_runinterval i ON i.id = k.id
JOIN inventory_artifact reported ON reported.id = i.artifact_id
JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id
JOIN access_team t ON t.id = i.team_id
{SERVICE_OF}
LEFT JOIN inventory_environment e ON e.id = s.environment_id
WHERE {all_own("k.teams")}
  AND (k.artifact_id = ANY(%(ids)s) AND k.certainty = 0 OR s.artifact_id = ANY(%(ids)s) AND k.certainty > 0)
ORDER BY c.name, w.namespace, w.kind, w.name, i.container, i.id, k.artifact_id
"""

PAGE_MATCHES = f"""
SELECT artifact_id, snapshot_id, evidence_id, outline, max(confidence),
       array_agg(component_id ORDER BY component_id) AS components, array_agg(flags ORDER BY component_id) AS flags
FROM (
    SELECT DISTINCT ON (s.artifact_id, p.component_id)
           s.artifact_id, p.component_id, p.flags, s.snapshot_id, s.confidence, e.public_id AS evidence_id, n.outline
    FROM inventory_snapshotsubject s
    JOIN inventory_track t ON t.id = s.track_id
    JOIN inventory_presence p ON p.track_id = s.track_id AND p.component_id = ANY(%(components)s)
        AND p.from_seq <= s.seq AND s.seq < p.to_seq
    JOIN inventory_snapshot n ON n.id = s.snapshot_id
    JOIN inventory_evidence e ON e.id = n.evidence_id
    WHERE s.artifact_id = ANY(%(ids)s) AND {own("t.team_id")}
    ORDER BY s.artifact_id, p.component_id, s.confidence DESC, s.snapshot_id DESC
) newest
GROUP BY artifact_id, snapshot_id, evidence_id, outline
ORDER BY artifact_id, snapshot_id
"""

PAGE_ARTIFACTS = f"""
SELECT a.id, a.digest, a.label_name, a.label_version, coalesce((
    SELECT array_agg(DISTINCT CASE WHEN n.tag = '' THEN n.name ELSE n.name || ':' || n.tag END)
    FROM inventory_artifactname n
    WHERE n.artifact_id = a.id AND {own("n.team_id")}), '{{}}')
FROM inventory_artifact a WHERE a.id = ANY(%(ids)s)
"""

COMPONENT_TEXTS = "SELECT id, identity, has_purl FROM inventory_component WHERE id = ANY(%(components)s)"


def page_runs(*, is_now: bool) -> str:
    """Return the statement of the workloads of one page's artifacts."""
    return PAGE_RUNS.format(intervals=INTERVALS.format(when=NOW if is_now else THEN))
