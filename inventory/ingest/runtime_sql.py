"""The statements of a runtime report: a fixed number of them, however many records it has."""

from __future__ import annotations

ADD_CLUSTERS = """
INSERT INTO inventory_cluster (team_id, name, uid, report_interval_seconds, first_heard_at, last_heard_at)
SELECT %(team)s, name, '', %(interval)s, %(at)s, %(at)s FROM unnest(%(names)s::text[]) AS name
ON CONFLICT (name) DO NOTHING
"""
FIND_CLUSTERS = """
SELECT c.id, c.name, c.team_id, c.uid, e.slug
FROM inventory_cluster c LEFT JOIN inventory_environment e ON e.id = c.environment_id
WHERE c.name = ANY(%(names)s)
"""
HEAR_CLUSTERS = """
UPDATE inventory_cluster SET last_heard_at = GREATEST(last_heard_at, %(at)s), uid = COALESCE(NULLIF(%(uid)s, ''), uid)
WHERE id = ANY(%(ids)s)
"""
ADD_ENVIRONMENTS = """
INSERT INTO inventory_environment (slug, is_production)
SELECT * FROM unnest(%(slugs)s::text[], %(productions)s::bool[]) ON CONFLICT (slug) DO NOTHING
"""
FIND_ENVIRONMENTS = "SELECT slug, id FROM inventory_environment WHERE slug = ANY(%(slugs)s)"
FIND_TEAMS = "SELECT slug, id FROM access_team WHERE slug = ANY(%(slugs)s)"

_WORKLOADS = """
FROM unnest(%(clusters)s::int[], %(namespaces)s::text[], %(kinds)s::text[], %(names)s::text[],
            %(services)s::text[], %(risks)s::text[], %(owned)s::bool[])
     AS n(cluster_id, namespace, kind, name, service, risks, is_owned)
"""
ADD_WORKLOADS = f"""
INSERT INTO inventory_workload (cluster_id, namespace, kind, name, service, runtime_risks)
SELECT cluster_id, namespace, kind, name, service, COALESCE(string_to_array(risks, ','), '{{}}')
{_WORKLOADS}
ON CONFLICT (cluster_id, namespace, kind, name) DO NOTHING
"""
DESCRIBE_WORKLOADS = f"""
UPDATE inventory_workload w
SET service = COALESCE(NULLIF(n.service, ''), w.service),
    runtime_risks = COALESCE(string_to_array(n.risks, ','), w.runtime_risks)
{_WORKLOADS}
WHERE (w.cluster_id, w.namespace, w.kind, w.name) = (n.cluster_id, n.namespace, n.kind, n.name) AND n.is_owned
  AND (w.service, w.runtime_risks::text[]) IS DISTINCT FROM
      (COALESCE(NULLIF(n.service, ''), w.service), COALESCE(string_to_array(n.risks, ','), w.runtime_risks::text[]))
"""  # noqa: S608  # put together from this file's constants
"""The newest report of the cluster's own team names the service; one that says nothing changes nothing."""
FIND_WORKLOADS = f"""
SELECT w.cluster_id, w.namespace, w.kind, w.name, w.id
{_WORKLOADS}
JOIN inventory_workload w USING (cluster_id, namespace, kind, name)
"""
ADD_NAMES = """
INSERT INTO inventory_artifactname (team_id, artifact_id, name, tag, first_seen_at)
SELECT n.team_id, n.artifact_id, n.name, n.tag, %(at)s
FROM unnest(%(teams)s::bigint[], %(artifacts)s::int[], %(names)s::text[], %(tags)s::text[])
     AS n(team_id, artifact_id, name, tag)
WHERE NOT EXISTS (SELECT 1 FROM inventory_artifactname k
                  WHERE (k.artifact_id, k.team_id, k.name, k.tag) = (n.artifact_id, n.team_id, n.name, n.tag))
ORDER BY n.artifact_id, n.team_id, n.name, n.tag
ON CONFLICT (artifact_id, team_id, name, tag) DO NOTHING
"""
"""Asked first, inserted then: a report every five minutes would otherwise burn an id for each name it repeats."""

OPEN_IN_NAMESPACES = """
SELECT i.workload_id, i.container, i.pod, i.reporter_id, i.artifact_id, i.image_name, i.image_tag, i.team_id,
       i.last_seen_at
FROM inventory_runinterval i
WHERE i.closed_at IS NULL AND i.workload_id = ANY(ARRAY(
    SELECT w.id FROM inventory_workload w
    WHERE w.cluster_id = %(cluster)s
      AND (%(namespaces)s::text[] IS NULL OR w.namespace = ANY(%(namespaces)s::text[]))))
"""
"""The workloads first: a join is planned wrongly while nobody has counted a new cluster's rows."""
RELATED = """
WITH RECURSIVE family(root, id, depth) AS (
    SELECT id, id, 0 FROM unnest(%(roots)s::int[]) AS id
    UNION
    SELECT f.root, edge.id, f.depth + 1 FROM family f JOIN LATERAL (
        SELECT member_id AS id FROM inventory_indexmember WHERE index_id = f.id AND team_id = ANY(%(teams)s)
        UNION ALL SELECT index_id FROM inventory_indexmember WHERE member_id = f.id AND team_id = ANY(%(teams)s)
        UNION ALL SELECT artifact_id FROM inventory_artifactalias WHERE alias_id = f.id AND team_id = ANY(%(teams)s)
        UNION ALL SELECT alias_id FROM inventory_artifactalias WHERE artifact_id = f.id AND team_id = ANY(%(teams)s)
    ) edge ON true
    WHERE f.depth < 3
)
SELECT DISTINCT root, id FROM family WHERE root <> id AND id = ANY(%(others)s::int[])
"""
"""Pairs of artifacts of one family (index, its members, their configs), as the given teams' documents state it."""

LOAD_INTERVALS = """
SELECT i.id, i.workload_id, i.container, i.pod, i.reporter_id, i.artifact_id, i.image_name, i.image_tag, i.team_id,
       i.container_class, i.digest_kind, i.node_architecture, i.environment_id, i.opened_at, i.last_seen_at,
       i.opened_by_id, i.seen_count, i.closed_at, i.close_reason, i.closed_by_id, i.end_names_image
FROM unnest(%(workloads)s::int[], %(containers)s::text[], %(pods)s::text[], %(reporters)s::bigint[],
            %(since)s::timestamptz[]) AS k(workload_id, container, pod, reporter_id, since)
JOIN inventory_runinterval i USING (workload_id, container, pod, reporter_id)
WHERE i.closed_at IS NULL OR i.closed_at >= k.since
"""
DROP_INTERVALS = "DELETE FROM inventory_runinterval WHERE id = ANY(%(ids)s)"
UPDATE_INTERVALS = """
UPDATE inventory_runinterval i
SET opened_at = u.opened_at, last_seen_at = u.last_seen_at, seen_count = u.seen_count, opened_by_id = u.opened_by,
    closed_at = u.closed_at, close_reason = u.close_reason, closed_by_id = u.closed_by,
    end_names_image = u.end_names_image
FROM unnest(%(ids)s::bigint[], %(opened_at)s::timestamptz[], %(last_seen_at)s::timestamptz[], %(seen_count)s::int[],
            %(opened_by)s::bigint[], %(closed_at)s::timestamptz[], %(close_reason)s::text[], %(closed_by)s::bigint[],
            %(end_names_image)s::bool[])
     AS u(id, opened_at, last_seen_at, seen_count, opened_by, closed_at, close_reason, closed_by, end_names_image)
WHERE i.id = u.id
"""
ADD_INTERVALS = """
INSERT INTO inventory_runinterval (
    workload_id, container, pod, reporter_id, artifact_id, image_name, image_tag, team_id, container_class, digest_kind,
    node_architecture, environment_id, opened_at, last_seen_at, opened_by_id, seen_count, closed_at, close_reason,
    closed_by_id, end_names_image)
SELECT * FROM unnest(
    %(workloads)s::int[], %(containers)s::text[], %(pods)s::text[], %(reporters)s::bigint[], %(artifacts)s::int[],
    %(image_names)s::text[], %(image_tags)s::text[], %(teams)s::bigint[], %(classes)s::text[], %(digest_kinds)s::text[],
    %(architectures)s::text[], %(environments)s::int[], %(opened_at)s::timestamptz[], %(last_seen_at)s::timestamptz[],
    %(opened_by)s::bigint[], %(seen_count)s::int[], %(closed_at)s::timestamptz[], %(close_reason)s::text[],
    %(closed_by)s::bigint[], %(end_names_image)s::bool[])
RETURNING id
"""
