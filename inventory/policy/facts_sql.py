"""What a decision stands on beside the blocks, as SQL: where it is to run, what a tag pointed at, what is known."""

from __future__ import annotations

from inventory.graph.services import SERVICE_OF
from inventory.graph.visibility import VISIBLE_ARTIFACT, own

_TAGS = """
pushed AS (
    SELECT DISTINCT ON (k.n) k.n, t.artifact_id
    FROM asked k JOIN inventory_tagevent t ON t.repository = k.name AND t.tag = k.tag AND t.action = 'push'
    WHERE k.digest IS NULL AND k.tag <> '' ORDER BY k.n, t.observed_at DESC, t.id DESC
),
tagged AS (
    SELECT n, artifact_id FROM pushed
    UNION
    SELECT k.n, x.artifact_id FROM asked k CROSS JOIN LATERAL (
        SELECT artifact_id FROM inventory_tagevent WHERE repository = k.name AND tag = k.tag
        UNION ALL SELECT artifact_id FROM inventory_artifactname a WHERE a.name = k.name AND a.tag = k.tag
        UNION ALL SELECT artifact_id FROM inventory_runinterval WHERE image_name = k.name AND image_tag = k.tag
    ) x WHERE k.digest IS NULL AND k.tag <> '' AND NOT EXISTS (SELECT FROM pushed p WHERE p.n = k.n)
),
"""
_TAGGED = """
UNION ALL
SELECT 'tagged', t.n, a.digest, '' FROM tagged t JOIN inventory_artifact a ON a.id = t.artifact_id
WHERE a.digest IS NOT NULL
"""
_ASKED = """
WITH asked AS (
    SELECT nullif(digest, '') AS digest, name, tag, asker, n::int
    FROM unnest(%(digests)s::text[], %(names)s::text[], %(tags)s::text[], %(askers)s::int[]) WITH ORDINALITY
         AS one(digest, name, tag, asker, n)
),
place AS (
    SELECT cluster, namespace, workload, asker::int
    FROM unnest(%(clusters)s::text[], %(namespaces)s::text[], %(workloads)s::text[]) WITH ORDINALITY
         AS one(cluster, namespace, workload, asker)
),
binding AS (SELECT * FROM policy_block WHERE ends_at IS NULL OR ends_at > %(at)s),
root AS (SELECT k.n, k.asker, a.id FROM asked k JOIN inventory_artifact a ON a.digest = k.digest)
"""
_FACTS = f"""
{_ASKED},
{{tags}}
same AS (
    SELECT n, id FROM root
    UNION SELECT r.n, x.artifact_id FROM root r JOIN inventory_artifactalias x ON x.alias_id = r.id
          WHERE {own("x.team_id")}
    UNION SELECT r.n, x.alias_id FROM root r JOIN inventory_artifactalias x ON x.artifact_id = r.id
          WHERE {own("x.team_id")}
),
kin AS (
    SELECT n, id FROM same
    UNION SELECT s.n, m.index_id FROM same s JOIN inventory_indexmember m ON m.member_id = s.id
          WHERE {own("m.team_id")}
    UNION SELECT s.n, m.member_id FROM same s JOIN inventory_indexmember m ON m.index_id = s.id
          WHERE {own("m.team_id")}
)
SELECT 'place' AS what, h.asker AS n, coalesce(e.slug, '') AS value, coalesce(mapped.service, '') AS more
FROM place h JOIN inventory_cluster c ON c.name = h.cluster
LEFT JOIN inventory_environment e ON e.id = c.environment_id
CROSS JOIN LATERAL (SELECT ''::text AS service, h.namespace, h.workload AS name) w
CROSS JOIN (SELECT NULL::bigint AS team_id) i
{SERVICE_OF}
UNION ALL
SELECT 'kind', count(*)::int, kind, max(id) || ' ' || pg_relation_filenode('inventory_component')
FROM binding GROUP BY kind
{{tagged}}
UNION ALL
SELECT DISTINCT 'listed', k.n, '', '' FROM kin k
JOIN inventory_snapshotsubject s ON s.artifact_id = k.id
JOIN inventory_snapshot p ON p.id = s.snapshot_id AND p.track_id = s.track_id AND p.distinct_count > 0
JOIN inventory_track t ON t.id = s.track_id WHERE {own("t.team_id")}
UNION ALL
SELECT DISTINCT 'made', k.n, '', '' FROM kin k
JOIN inventory_attestationsubject o ON o.artifact_id = k.id AND {own("o.team_id")}
JOIN inventory_provenance p ON p.attestation_id = o.attestation_id
UNION ALL
SELECT DISTINCT 'signed', k.n, '', '' FROM kin k
JOIN inventory_attestationsubject o ON o.artifact_id = k.id AND {own("o.team_id")}
JOIN inventory_attestation a ON a.id = o.attestation_id
WHERE a.signature_count > 0 OR a.envelope = 'simple-signing'
"""
MORE = f"""
{_ASKED},
frozen AS MATERIALIZED (
    SELECT b.public_id, b.created_at, h.asker, h.cluster, h.namespace FROM place h JOIN binding b
    ON b.kind IN ('service', 'environment')
    OR b.kind = 'cluster' AND b.value = h.cluster AND b.namespace IN ('', h.namespace)
),
ran AS (
    SELECT n, asker, id FROM root
    UNION SELECT r.n, r.asker, x.artifact_id FROM root r
          JOIN inventory_artifactalias x ON x.alias_id = r.id AND x.is_proven
    UNION SELECT r.n, r.asker, x.alias_id FROM root r
          JOIN inventory_artifactalias x ON x.artifact_id = r.id AND x.is_proven
)
SELECT 'known', r.n, '', '' FROM root r JOIN inventory_artifact a ON a.id = r.id WHERE {VISIBLE_ARTIFACT}
UNION ALL
SELECT DISTINCT 'ran', r.n, f.public_id::text, ''
FROM frozen f
CROSS JOIN LATERAL (SELECT id FROM inventory_cluster WHERE name = f.cluster OFFSET 0) c
CROSS JOIN LATERAL (
    SELECT id FROM inventory_workload WHERE cluster_id = c.id AND namespace = f.namespace OFFSET 0) w
CROSS JOIN LATERAL (
    SELECT artifact_id, opened_by_id FROM inventory_runinterval
    WHERE workload_id = w.id AND opened_at <= f.created_at AND (closed_at IS NULL OR closed_at > f.created_at) OFFSET 0
) i
JOIN ran r ON r.id = i.artifact_id AND r.asker = f.asker
JOIN inventory_evidence e ON e.id = i.opened_by_id AND e.received_at <= f.created_at
"""
FACTS, FACTS_OF_TAGS = _FACTS.format(tags="", tagged=""), _FACTS.format(tags=_TAGS, tagged=_TAGGED)
"""SELECT (what, n, value, more), without and with what tags point to: parts that are not needed cost too.

Of several who ask at the same time, and see the same teams; `asker` numbers them, and n their subjects, or them where
it is `place`: environment and service of the cluster. `kind`: kinds of blocks in force, how many and which is the
newest, and in which file components are. `tagged`: digests that a tag without digest was last pushed to, or else was
ever seen at. `listed`, `made`, `signed`: the asker's own evidence lists the digest's content, tells its build, holds a
signature. `MORE` is asked where something hangs on it. `known`: the asker's own evidence has heard of the digest, as it
has of one that is listed, made or signed. `ran`: it ran in that namespace when this freeze began, as reported before
it; of freezes of other clusters nothing is told."""
