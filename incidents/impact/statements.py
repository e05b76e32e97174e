"""The statements of an incident answer: constants only; what is asked for goes in as typed arrays and times.

They fetch facts, packed: which stretches of which tracks hold the components, what those are about, what runs of them.
What an answer makes of the facts is tally.py's. Classes (matching.MatchClass, plus one for what only takes part in a
build): 0 affected, 1 affected build, 2 possible, 3 possible build, 4 and 5 cleared, 8 unknown.
"""

from inventory.graph.families import FAMILY_MEMBERS, KINDS, SEEN_CANDIDATES, SEEN_POINTS
from inventory.graph.services import SERVICE, SERVICE_OF
from inventory.graph.visibility import VISIBLE_ARTIFACT, all_own, own

_IN_SCOPE = """(%(clusters)s::text[] IS NULL OR c.name = ANY(%(clusters)s))
  AND (%(environments)s::text[] IS NULL OR coalesce((
      SELECT e.slug FROM inventory_environment e WHERE e.id = coalesce(i.environment_id, c.environment_id)
  ), 'unknown') = ANY(%(environments)s))"""
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
  AND {_IN_SCOPE}
  AND {{when}}
"""
NOW = "i.closed_at IS NULL"
THEN = """i.opened_at < %(until)s AND (i.closed_at IS NULL OR i.closed_at > %(since)s)
  AND (i.closed_at IS NULL OR i.closed_at > i.opened_at)"""
RAN = """tstzrange(i.opened_at, i.closed_at)
      && tstzrange(least(%(since)s::timestamptz, %(until)s), %(until)s)"""
"""The same as THEN, asked of an index: where all that ran is read, and not what ran of a few artifacts."""

POINTS_NOW = f"""
SELECT r.interval_id, r.artifact_id, r.track_id, r.seq, r.certainty, r.is_complete FROM inventory_running r
WHERE {all_own("r.teams")}
"""
_SCOPED = "SELECT id, team_id, artifact_id, node_architecture FROM shown WHERE artifact_id IS NOT NULL"
POINTS_THEN = SEEN_POINTS.format(intervals=_SCOPED)
_CANDIDATES = f"""
SELECT c.id AS interval_id, c.artifact_id, min(c.certainty) AS certainty
FROM ({SEEN_CANDIDATES.format(intervals=_SCOPED)}) c
WHERE c.artifact_id IN (SELECT artifact_id FROM named)
GROUP BY c.id, c.artifact_id
"""

_HELD = """
    SELECT p.component_id, p.track_id, p.from_seq, p.to_seq, w.class + ((p.flags >> 1) & 7 IN (3, 4, 5))::int AS class
    FROM {wanted}
    JOIN inventory_presence p ON p.component_id = w.component_id
    WHERE %(teams)s::bigint[] IS NULL OR EXISTS (
        SELECT FROM inventory_track t WHERE t.id = p.track_id AND t.team_id = ANY(%(teams)s::bigint[]))"""
_WANTED = "unnest(%(components)s::int[], %(classes)s::smallint[])"
ASKED = f"""
wanted(component_id, class) AS MATERIALIZED (
    SELECT * FROM {_WANTED}
),
named(artifact_id) AS MATERIALIZED (SELECT DISTINCT unnest(%(artifacts)s::int[])),
held AS MATERIALIZED ({_HELD.format(wanted="wanted w")})"""
"""`wanted` has one row a component; a class is odd where the component only takes part in a build. Who sees all teams
has no track looked up."""
PACK = "string_agg(int4send({0}), ''::bytea)"
PACK_CLASS = "string_agg(substring(int2send({0}::smallint) FROM 2), ''::bytea)"

_SPANS = f"""
SELECT {PACK.format("component_id")}, {PACK.format("track_id")}, {PACK.format("from_seq")},
       {PACK.format("to_seq")}, {PACK_CLASS.format("class")}
FROM held
"""
HELD = _SPANS.replace("FROM held", f"FROM ({_HELD.format(wanted=f'{_WANTED} AS w(component_id, class)')}) held")
"""Where on which tracks the components are, packed: one row of five columns.

To merge the stretches of a track takes the database longer than it takes to count each of them.
"""
HELD_BY_ANY = HELD.replace(PACK.format("component_id"), "NULL::bytea", 1)
"""The same where nobody asks which component it is: the first column is empty."""

VISIBLE_NAMED = f"""
SELECT a.id FROM unnest(%(artifacts)s::int[]) AS n(artifact_id) JOIN inventory_artifact a ON a.id = n.artifact_id
WHERE {VISIBLE_ARTIFACT}
"""

_BESIDE = """
SELECT e.other FROM {0} n CROSS JOIN LATERAL (
    SELECT artifact_id AS other FROM inventory_artifactalias WHERE alias_id = n.artifact_id
    UNION ALL SELECT alias_id FROM inventory_artifactalias WHERE artifact_id = n.artifact_id
    UNION ALL SELECT index_id FROM inventory_indexmember WHERE member_id = n.artifact_id
    UNION ALL SELECT member_id FROM inventory_indexmember WHERE index_id = n.artifact_id OFFSET 0) e"""
_EDGES = f"""
near1 AS (SELECT artifact_id FROM base UNION {_BESIDE.format("base")}),
near2 AS (SELECT artifact_id FROM near1 UNION {_BESIDE.format("near1")}),
near AS MATERIALIZED (SELECT artifact_id FROM near2 UNION {_BESIDE.format("near2")}),
shown AS MATERIALIZED ({{intervals}} AND i.artifact_id IN (SELECT artifact_id FROM near))"""
"""The containers that may run an artifact of `base`: what joins a reported digest to it takes at most three edges.

OFFSET 0 has these looked up for each artifact: all digests that belong together are as many as there are images.
"""
BY_PLACE = f"""
SELECT c.name, e.slug, k.namespace, k.tracks, k.seqs, k.owners, k.workloads, k.marks
FROM (
    SELECT cluster_id, environment_id, namespace, {PACK.format("track_id")} AS tracks, {PACK.format("seq")} AS seqs,
           {PACK.format("owner")} AS owners, {PACK.format("workload_id")} AS workloads,
           {PACK_CLASS.format("mark")} AS marks
    FROM ({{found}}) found GROUP BY 1, 2, 3
) k
JOIN inventory_cluster c ON c.id = k.cluster_id LEFT JOIN inventory_environment e ON e.id = k.environment_id
ORDER BY c.name, e.slug, k.namespace
"""
OWNED = """i.cluster_id, i.environment_id, i.namespace, i.workload_id,
       CASE WHEN r.certainty = 0 THEN r.artifact_id ELSE i.artifact_id END AS owner,
       (r.certainty > 0)::int + 2 * coalesce(i.unseen, false)::int AS mark"""
"""A sure hit belongs to the artifact it runs, an unsure one to the digest that the cluster reported."""

_RUNNING = f"""inventory_running r JOIN ({INTERVALS.format(when=NOW)}) i ON i.id = r.interval_id
    WHERE r.track_id IN (SELECT track_id FROM held) AND {all_own("r.teams")}"""
POINTS = f"""
WITH {ASKED}
{BY_PLACE.format(found=f"SELECT r.track_id, r.seq, {OWNED} FROM {_RUNNING}")}
"""
"""What runs now of the tracks that hold the components, from the projection.

Rows (cluster, environment, namespace, and packed: track, seq, owner, workload, mark), by place. A mark has bit 0 for an
unsure hit, bit 1 for a container that nobody had seen for too long by the time asked.
"""

NAMED_RUNS = f"""
WITH {ASKED}, base AS (SELECT artifact_id FROM named), {_EDGES}
{
    BY_PLACE.format(
        found=f"SELECT r.artifact_id AS track_id, 0 AS seq, {OWNED} FROM ({{candidates}}) r "
        "JOIN ({intervals}) i ON i.id = r.interval_id"
    )
}
"""
UNDESCRIBED = f"""
WITH shown AS MATERIALIZED ({INTERVALS.format(when=NOW)}),
point AS MATERIALIZED ({POINTS_NOW}),
bare AS MATERIALIZED (
    SELECT i.id, i.artifact_id FROM shown i
    WHERE i.artifact_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM point p WHERE p.interval_id = i.id AND p.certainty = 0)
)
{
    BY_PLACE.format(
        found="SELECT 0 AS track_id, 0 AS seq, i.artifact_id AS owner, i.workload_id, i.cluster_id, i.environment_id, "
        "i.namespace, (i.id IN (SELECT id FROM bare))::int AS mark FROM shown i "
        "WHERE i.artifact_id IN (SELECT artifact_id FROM bare)"
    )
}
"""
"""The containers of digests that run now and that no SBOM surely describes: rows as those of POINTS.

All containers of such a digest; mark 1 for those that are not described.
"""


def named_runs(*, is_now: bool) -> str:
    """Return the statement of what runs of the artifacts that are named: rows as POINTS; the track is theirs."""
    intervals = INTERVALS.format(when=NOW if is_now else THEN)
    return NAMED_RUNS.format(intervals=intervals, candidates=_CANDIDATES)


PAGE_FAMILY = f"""
{FAMILY_MEMBERS}
SELECT set_config('page.family', coalesce(array_agg(DISTINCT id), '{{}}')::text, true),
       set_config('page.joined', coalesce(array_agg(DISTINCT id) FILTER (WHERE depth > 0), '{{}}')::text, true)
FROM family
"""
"""Keeps, until the state ends, the page's artifacts with their families, and which of those are joined to any other.

Four statements of a page ask for them: to find them takes as long as half of what most of these do.
"""
_OF_FAMILY = "ANY((SELECT current_setting('page.family')::int[])::int[])"
_JOINED = "SELECT unnest(current_setting('page.joined')::int[])"

_JOINED_INTERVALS = f"""
SELECT i.id, i.team_id, i.artifact_id, i.node_architecture FROM inventory_runinterval i
WHERE i.artifact_id = ANY(ARRAY({_JOINED})) AND {own("i.team_id")} AND {{when}}
"""
_OWNER = "CASE WHEN k.certainty = 0 THEN k.artifact_id ELSE i.artifact_id END"
_OF_RUN = """i.id, i.team_id, i.artifact_id, i.workload_id, i.environment_id, i.container, i.opened_at, i.last_seen_at,
           i.closed_at"""
_SLUG = "(SELECT jsonb_object_agg(id, slug) FROM {0}) ->> ({1})::text"
"""How something is called, of which there are few: the planner, which expects few containers, would read the table for
each of them."""
_ENVIRONMENT = _SLUG.format("inventory_environment", "coalesce(i.environment_id, c.environment_id)")
PAGE_RUNS = f"""
SELECT i.row_id, i.candidate, i.artifact_id, i.certainty, i.workload_id,
       c.name, coalesce({_ENVIRONMENT}, 'unknown'), w.namespace, w.kind, w.name, i.container, nullif({SERVICE}, ''),
       {_SLUG.format("access_team", "i.team_id")},
       i.opened_at, i.last_seen_at, i.closed_at
FROM (
    SELECT i.artifact_id AS row_id, i.artifact_id AS candidate, 0 AS certainty, {_OF_RUN}
    FROM inventory_runinterval i
    WHERE i.artifact_id = ANY(%(ids)s::int[]) AND (i.artifact_id IN ({_JOINED})) IS NOT TRUE
      AND {own("i.team_id")} AND {{when}}
    UNION ALL
    SELECT {_OWNER}, k.artifact_id, k.certainty, {_OF_RUN}
    FROM (SELECT DISTINCT id, artifact_id, certainty FROM ({SEEN_CANDIDATES.format(intervals=_JOINED_INTERVALS)}) k) k
    JOIN inventory_runinterval i ON i.id = k.id
    WHERE ({_OWNER} IN (SELECT unnest(%(ids)s::int[]))) IS TRUE
) i
JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id
{SERVICE_OF}
WHERE {_IN_SCOPE}
ORDER BY i.row_id, c.name, w.namespace, w.kind, w.name, i.container, i.id, i.candidate, i.certainty
"""
"""The containers of a page's rows, row by row: a sure run belongs to the artifact it runs, an unsure one to the digest
that the cluster reported.

Columns (row's artifact, what it runs, reported digest's artifact, certainty, workload), then a workload's fields.
Nothing but itself runs where an artifact is reported that is joined to no other: most are, and there the candidates are
not looked for. IS TRUE keeps the page's artifacts in one table: an array is searched from its beginning for every
container.
"""

_PAGE_MATCHES = f"""
WITH subject AS MATERIALIZED (
    SELECT s.artifact_id, s.track_id, s.seq, s.snapshot_id, s.confidence
    FROM inventory_snapshotsubject s JOIN inventory_track t ON t.id = s.track_id
    WHERE s.artifact_id = {_OF_FAMILY} AND {own("t.team_id")}
),
{{wanted}},
shown AS MATERIALIZED (
    SELECT unnest(%(shown_snapshots)s::int[]) AS snapshot_id, unnest(%(shown_components)s::int[]) AS component_id
)
SELECT held.artifact_id, held.snapshot_id, e.public_id, CASE WHEN held.is_shown THEN NULL ELSE n.outline END,
       held.confidence, held.components, held.flags
FROM (
    SELECT artifact_id, snapshot_id, max(confidence) AS confidence,
           array_agg(component_id ORDER BY component_id) AS components,
           array_agg(flags ORDER BY component_id) AS flags,
           bool_and((snapshot_id, component_id) IN (SELECT snapshot_id, component_id FROM shown)) AS is_shown
    FROM (
        SELECT DISTINCT ON (s.artifact_id, p.component_id)
               s.artifact_id, p.component_id, p.flags, s.snapshot_id, s.confidence
        FROM subject s {{holding}}
        ORDER BY s.artifact_id, p.component_id, s.confidence DESC, s.snapshot_id DESC
    ) newest
    GROUP BY artifact_id, snapshot_id
) held
JOIN inventory_snapshot n ON n.id = held.snapshot_id
JOIN inventory_evidence e ON e.id = n.evidence_id
ORDER BY held.artifact_id, held.snapshot_id
"""
_ALL_WANTED = "wanted AS MATERIALIZED (SELECT unnest(%(components)s::int[]) AS component_id)"
_PRESENT = """
wanted AS MATERIALIZED (
    SELECT unnest(CASE WHEN %(near_components)s::int[] IS NULL
        OR EXISTS (SELECT FROM subject WHERE NOT track_id = ANY(%(near_tracks)s::int[]))
        THEN %(components)s::int[] ELSE %(near_components)s::int[] END) AS component_id
),
present AS MATERIALIZED (
    SELECT p.* FROM wanted CROSS JOIN LATERAL (
        SELECT p.component_id, p.track_id, p.from_seq, p.to_seq, p.flags FROM inventory_presence p
        WHERE p.component_id = wanted.component_id OFFSET 0) p
    WHERE (p.track_id IN (SELECT track_id FROM subject)) IS TRUE
)"""
"""Where all tracks are known to the question, only what it knows to be on them is looked up (near.py).

IS TRUE keeps the tracks in one table for all components: a join would put them into one for each.
"""
_MANY_COMPONENTS = 100
"""From here on it costs less to look each of them up than to read what the tracks of a page hold."""
_AT_SUBJECT = "p.track_id = s.track_id AND p.from_seq <= s.seq AND s.seq < p.to_seq"
_LOOKED_UP = f"""CROSS JOIN wanted CROSS JOIN LATERAL (
            SELECT p.component_id, p.flags FROM inventory_presence p
            WHERE p.component_id = wanted.component_id AND {_AT_SUBJECT} OFFSET 0) p"""
"""Each component at each subject: for few of them, which are in many documents."""
_SPANS_AS_A_LOOK_UP = 10
"""How many ranges of a component are read in the time that it takes to look one up."""


def page_matches(component_count: int, *, row_count: int, span_count: int) -> str:
    """Return the statement of which components the page's artifacts hold, and which snapshots say so.

    `span_count`: how many ranges of these components the question knows of, 0 where it does not.
    It has the outlines of those alone whose places were not all shown before (occurrences.py).
    """
    if component_count > _MANY_COMPONENTS:
        return _PAGE_MATCHES.format(wanted=_PRESENT, holding=f"JOIN present p ON {_AT_SUBJECT}")
    if component_count * row_count * _SPANS_AS_A_LOOK_UP < span_count:
        return _PAGE_MATCHES.format(wanted=_ALL_WANTED, holding=_LOOKED_UP)
    read = f"JOIN inventory_presence p ON {_AT_SUBJECT} JOIN wanted ON wanted.component_id = p.component_id"
    return _PAGE_MATCHES.format(wanted=_ALL_WANTED, holding=read)


PAGE_ARTIFACTS = f"""
SELECT a.id, a.digest, a.label_name, a.label_version, coalesce((
    SELECT array_agg(DISTINCT CASE WHEN n.tag = '' THEN n.name ELSE n.name || ':' || n.tag END)
    FROM inventory_artifactname n
    WHERE n.artifact_id = a.id AND {own("n.team_id")}), '{{}}')
FROM inventory_artifact a WHERE a.id = {_OF_FAMILY}
"""

PAGE_KINDS = KINDS.replace("ANY(%(ids)s)", _OF_FAMILY)
"""What facts call the page's artifacts, and all of their families, which one round trip asks for with the runs."""

COMPONENT_TEXTS = "SELECT id, identity, has_purl FROM inventory_component WHERE id = ANY(%(components)s::int[])"


def page_runs(*, is_now: bool) -> str:
    """Return the statement of the workloads of one page's artifacts."""
    return PAGE_RUNS.format(when=NOW if is_now else THEN)
