"""The whole answer as one statement each: what the packed facts and the tally are compared with.

Classes (matching.MatchClass, plus one for what only takes part in a build): 0 affected, 1 affected build, 2 possible,
3 possible build, 4 and 5 cleared, 8 unknown.
"""

from inventory.graph.families import RUN_CANDIDATES, RUN_POINTS
from inventory.graph.services import SERVICE, SERVICE_OF
from inventory.graph.visibility import VISIBLE_ARTIFACT, all_own, own

# An interval counts when it is the asker's to see, in the scope asked for, and covers the instant or meets the window.
# `unseen`: by the instant asked nobody had seen it for too long; its end was only noticed by a later snapshot, or it
# has none because its cluster has been silent since.
INTERVALS = f"""
SELECT i.id, i.team_id, i.artifact_id, i.node_architecture, i.workload_id, w.cluster_id, w.namespace,
       coalesce(i.environment_id, c.environment_id) AS environment_id,
       CASE WHEN i.close_reason = 'snapshot_absent' THEN i.last_seen_at
            WHEN i.closed_at IS NULL THEN c.last_heard_at END
           + make_interval(secs => 3 * c.report_interval_seconds) < %(since)s::timestamptz AS unseen
FROM inventory_runinterval i
JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id
WHERE {own("i.team_id")}
  AND (%(clusters)s::text[] IS NULL OR c.name = ANY(%(clusters)s))
  AND (%(environments)s::text[] IS NULL OR coalesce((
      SELECT e.slug FROM inventory_environment e WHERE e.id = coalesce(i.environment_id, c.environment_id)
  ), 'unknown') = ANY(%(environments)s))
  AND {{when}}
"""
NOW = "i.closed_at IS NULL"
THEN = """i.opened_at < %(until)s AND (i.closed_at IS NULL OR i.closed_at > %(since)s)
  AND (i.closed_at IS NULL OR i.closed_at > i.opened_at)"""

POINTS_NOW = f"""
SELECT r.interval_id, r.artifact_id, r.track_id, r.seq, r.certainty, r.is_complete FROM inventory_running r
WHERE {all_own("r.teams")}
"""
_SCOPED = "SELECT id, team_id, artifact_id, node_architecture FROM shown WHERE artifact_id IS NOT NULL"
POINTS_THEN = f"""
SELECT p.interval_id, p.artifact_id, p.track_id, p.seq, p.certainty, p.is_complete
FROM ({RUN_POINTS.format(intervals=_SCOPED)}) p
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

_ASKED = """
wanted(component_id, indicator, class) AS MATERIALIZED (
    SELECT * FROM unnest(%(components)s::int[], %(indicators)s::int[], %(classes)s::smallint[])
),
named(artifact_id, indicator, class) AS MATERIALIZED (
    SELECT * FROM unnest(%(artifacts)s::int[], %(artifact_indicators)s::int[], %(artifact_classes)s::smallint[])
)"""
_VISIBLE_NAMED = f"""
    SELECT n.artifact_id, n.indicator, n.class FROM named n JOIN inventory_artifact a ON a.id = n.artifact_id
    WHERE {VISIBLE_ARTIFACT}"""
_SUBJECTS = """
    CROSS JOIN LATERAL unnest(h.seqs) AS r(seqs)
    CROSS JOIN LATERAL (
        SELECT s.artifact_id FROM inventory_snapshotsubject s
        WHERE s.track_id = h.track_id AND s.seq >= lower(r.seqs) AND s.seq < upper(r.seqs) OFFSET 0) s"""
# Who owns a hit: a sure one the artifact it runs, an unsure one the digest that the cluster reported.
_OWNER = "CASE WHEN r.certainty = 0 THEN r.artifact_id ELSE i.artifact_id END"
_GROUPING = "CASE WHEN {column} < 4 THEN {column} / 2 WHEN {column} = 8 THEN 2 ELSE 3 END"

_ANSWER = f"""
WITH {_ASKED},
shown AS MATERIALIZED ({{intervals}}),
span AS MATERIALIZED (
    SELECT p.track_id, w.class + ((p.flags >> 1) & 7 IN (3, 4, 5))::int AS class,
           range_agg(int4range(p.from_seq, p.to_seq)) AS seqs
    FROM wanted w
    JOIN inventory_presence p ON p.component_id = w.component_id
    JOIN inventory_track t ON t.id = p.track_id
    WHERE {own("t.team_id")}
    GROUP BY 1, 2
),
held AS MATERIALIZED (
    SELECT artifact_id, min(class) AS class FROM (
        SELECT s.artifact_id, h.class FROM span h {_SUBJECTS} WHERE h.class < 4
        UNION ALL
        SELECT artifact_id, class FROM ({_VISIBLE_NAMED}) n
    ) holding GROUP BY 1
),
point AS MATERIALIZED ({{points}}),
ran AS (
    SELECT p.interval_id, p.artifact_id, p.certainty, h.class
    FROM point p JOIN span h ON h.track_id = p.track_id AND h.seqs @> p.seq
    UNION ALL
    SELECT c.interval_id, c.artifact_id, c.certainty, n.class
    FROM ({{candidates}}) c JOIN named n ON n.artifact_id = c.artifact_id
),
hit AS MATERIALIZED (
    SELECT {_OWNER} AS artifact_id, i.workload_id, i.cluster_id, i.namespace, i.environment_id, i.unseen,
           min(CASE WHEN r.certainty = 0 THEN r.class ELSE greatest(r.class, 2 + r.class %% 2) END) AS class
    FROM ran r JOIN shown i ON i.id = r.interval_id
    WHERE r.certainty = 0 OR r.class < 4
    GROUP BY 1, 2, 3, 4, 5, 6
),
run_of AS (
    SELECT artifact_id, min(class) AS class, bool_and(coalesce(unseen, false)) AS unseen,
           count(DISTINCT workload_id) AS workload_count
    FROM hit GROUP BY 1
),
artifact AS MATERIALIZED (
    SELECT b.artifact_id, b.workload_count,
           CASE WHEN b.unseen AND b.class < 2 THEN b.class + 2 ELSE b.class END AS class
    FROM (
        SELECT artifact_id, coalesce(r.workload_count, 0) AS workload_count, coalesce(r.unseen, false) AS unseen,
               least(h.class, r.class) AS class
        FROM held h FULL JOIN run_of r USING (artifact_id)
    ) b
    WHERE NOT %(is_scoped)s OR b.workload_count > 0
    UNION ALL
    SELECT i.artifact_id, count(DISTINCT i.workload_id), 8
    FROM shown i
    WHERE i.artifact_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM point p WHERE p.interval_id = i.id AND p.certainty = 0)
      AND NOT EXISTS (SELECT 1 FROM held h WHERE h.artifact_id = i.artifact_id)
      AND NOT EXISTS (SELECT 1 FROM run_of r WHERE r.artifact_id = i.artifact_id)
    GROUP BY 1
),
place AS MATERIALIZED (
    SELECT a.artifact_id, a.class, h.workload_id, h.cluster_id, h.namespace, h.environment_id
    FROM hit h JOIN artifact a USING (artifact_id)
    UNION
    SELECT a.artifact_id, a.class, i.workload_id, i.cluster_id, i.namespace, i.environment_id
    FROM shown i JOIN artifact a USING (artifact_id) WHERE a.class = 8
)
SELECT
    (SELECT jsonb_object_agg(c.class, jsonb_build_array(c.artifacts, c.running)) FROM (
        SELECT class, count(*) AS artifacts, count(*) FILTER (WHERE workload_count > 0) AS running
        FROM artifact GROUP BY 1) c),
    (SELECT jsonb_agg(jsonb_build_array(g.grouping, g.workloads, g.namespaces, g.clusters)) FROM (
        SELECT status.grouping, count(DISTINCT p.workload_id) AS workloads,
               count(DISTINCT (p.cluster_id, p.namespace)) AS namespaces, count(DISTINCT p.cluster_id) AS clusters
        FROM place p CROSS JOIN LATERAL (
            SELECT {_GROUPING.format(column="p.class")} AS grouping
            UNION ALL SELECT 4 WHERE p.class IN (1, 3)
            UNION ALL SELECT 5 WHERE p.class < 4) status
        GROUP BY 1) g),
    (SELECT jsonb_agg(jsonb_build_array(c.name, coalesce(e.slug, 'unknown'), k.namespace, k.n)
                      ORDER BY c.name, e.slug, k.namespace) FROM (
        SELECT p.cluster_id, p.environment_id, p.namespace, count(DISTINCT p.workload_id) AS n
        FROM place p WHERE p.class = ANY(%(listed_classes)s::int[]) GROUP BY 1, 2, 3) k
     JOIN inventory_cluster c ON c.id = k.cluster_id LEFT JOIN inventory_environment e ON e.id = k.environment_id),
    ordered.ids, ordered.classes, ordered.hash
FROM (
    SELECT string_agg(int4send(artifact_id), ''::bytea) AS ids,
           string_agg(substring(int2send(class::smallint) FROM 2), ''::bytea) AS classes,
           encode(sha256(string_agg(convert_to(coalesce(digest, '') || class, 'UTF8'), ','::bytea)), 'hex') AS hash
    FROM (
        SELECT a.artifact_id, a.class, d.digest FROM artifact a JOIN inventory_artifact d ON d.id = a.artifact_id
        WHERE a.class = ANY(%(listed_classes)s::int[])
        ORDER BY {_GROUPING.format(column="a.class")}, a.workload_count = 0, a.workload_count DESC,
                 d.digest NULLS LAST, a.artifact_id) listed) ordered
"""
"""One row: counts by class, by group of the rows' places (4: builds alone, 5: affected or possible), places by
cluster, and the rows in order: ids as big-endian int32, classes as bytes, a hash over (digest, class)."""

_PER_INDICATOR = f"""
WITH {_ASKED},
shown AS MATERIALIZED ({{intervals}}),
span AS MATERIALIZED (
    SELECT p.track_id, w.indicator, range_agg(int4range(p.from_seq, p.to_seq)) AS seqs
    FROM wanted w
    JOIN inventory_presence p ON p.component_id = w.component_id
    JOIN inventory_track t ON t.id = p.track_id
    WHERE w.class < 4 AND {own("t.team_id")}
    GROUP BY 1, 2
),
point AS MATERIALIZED ({{points}}),
hit AS MATERIALIZED (
    SELECT DISTINCT r.indicator, {_OWNER} AS artifact_id, i.workload_id
    FROM (
        SELECT p.interval_id, p.artifact_id, p.certainty, h.indicator
        FROM point p JOIN span h ON h.track_id = p.track_id AND h.seqs @> p.seq
        UNION ALL
        SELECT c.interval_id, c.artifact_id, c.certainty, n.indicator
        FROM ({{candidates}}) c JOIN named n ON n.artifact_id = c.artifact_id
    ) r JOIN shown i ON i.id = r.interval_id
),
matched AS (
    SELECT h.indicator, s.artifact_id FROM span h {_SUBJECTS} WHERE NOT %(is_scoped)s
    UNION
    SELECT indicator, artifact_id FROM ({_VISIBLE_NAMED}) n WHERE NOT %(is_scoped)s
    UNION
    SELECT indicator, artifact_id FROM hit
)
SELECT m.indicator, m.artifacts, coalesce(k.running, 0), coalesce(k.workloads, 0)
FROM (SELECT indicator, count(*) AS artifacts FROM matched GROUP BY 1) m
LEFT JOIN (
    SELECT indicator, count(DISTINCT artifact_id) AS running, count(DISTINCT workload_id) AS workloads
    FROM hit GROUP BY 1) k USING (indicator)
"""
"""Rows (indicator, artifacts, running artifacts, workloads): what each line of a longer question came to."""


def answer(*, is_now: bool, has_artifacts: bool) -> str:
    """Return the statement of the answer: of what runs now from the projection, of the past from the intervals."""
    return _of_time(_ANSWER, is_now=is_now, has_artifacts=has_artifacts)


def per_indicator(*, is_now: bool, has_artifacts: bool) -> str:
    """Return the statement that counts for each indicator of the same question."""
    return _of_time(_PER_INDICATOR, is_now=is_now, has_artifacts=has_artifacts)


def _of_time(sql: str, *, is_now: bool, has_artifacts: bool) -> str:
    return sql.format(
        intervals=INTERVALS.format(when=NOW if is_now else THEN),
        points=POINTS_NOW if is_now else POINTS_THEN,
        candidates=_CANDIDATES if has_artifacts else _NO_CANDIDATES,
    )


_PAGE_RUNS = f"""
WITH shown AS ({{intervals}})
SELECT DISTINCT k.row_id, k.artifact_id, i.artifact_id, k.certainty, w.id,
       c.name, coalesce(e.slug, 'unknown'), w.namespace, w.kind, w.name, i.container, nullif({SERVICE}, ''), t.slug,
       i.opened_at, i.last_seen_at, i.closed_at, i.id
FROM (
    SELECT r.id, r.artifact_id, r.certainty, r.teams,
           CASE WHEN r.certainty = 0 THEN r.artifact_id ELSE s.artifact_id END AS row_id
    FROM ({RUN_CANDIDATES.format(intervals=_SCOPED)}) r JOIN shown s ON s.id = r.id
) k
JOIN inventory_runinterval i ON i.id = k.id
JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id
JOIN access_team t ON t.id = i.team_id
{SERVICE_OF}
LEFT JOIN inventory_environment e ON e.id = coalesce(i.environment_id, c.environment_id)
WHERE {all_own("k.teams")} AND k.row_id = ANY(%(ids)s::int[])
ORDER BY k.row_id, c.name, w.namespace, w.kind, w.name, i.container, i.id, k.artifact_id, k.certainty
"""
"""The containers of a page's rows, found among all that run: the columns of statements.PAGE_RUNS, then the interval."""


def page_runs(*, is_now: bool) -> str:
    """Return the statement of what runs the artifacts `%(ids)s`."""
    return _PAGE_RUNS.format(intervals=INTERVALS.format(when=NOW if is_now else THEN))
