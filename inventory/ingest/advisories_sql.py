"""The statements that store advisories: what they say, for all teams; that a team has them, as its own."""

from __future__ import annotations

from supplychain.exchange import Statement

ADVISORY_LANE = 0x5C71
"""Advisory locks (this, team): a team's documents of advisories are applied one after the other."""

_RECORDS = """jsonb_to_recordset(%(records)s::jsonb) AS r(place int, source text, key text, identifier text, hash text,
    digest text, pointer text, summary text, severity text, aliases text[], alias_keys text[], upstream text[],
    upstream_keys text[], affected_count int, modified timestamptz, published timestamptz, withdrawn timestamptz)"""

LOCK_TEAM = Statement(f"SELECT pg_advisory_xact_lock({ADVISORY_LANE}, %(team)s::int)")
# Equal bytes say the same thing: a feed that is sent every day costs what changed.
FIND_KNOWN = Statement("""
SELECT record_digest FROM inventory_advisorysighting
WHERE team_id = %(team)s::bigint AND record_digest = ANY(ARRAY(
    SELECT decode(d, 'hex') FROM unnest(%(digests)s::text[]) AS d))
""")
ADD_ADVISORIES = Statement(f"""
INSERT INTO inventory_advisory (source, identifier_key)
SELECT DISTINCT ON (r.key, r.source) r.source, r.key FROM {_RECORDS}
WHERE NOT EXISTS (SELECT FROM inventory_advisory a WHERE a.identifier_key = r.key AND a.source = r.source)
ORDER BY r.key, r.source ON CONFLICT (identifier_key, source) DO NOTHING
""")
# What belongs to a version is written with it or never: a version that is there already is whole.
ADD_VERSIONS = Statement(f"""
WITH said AS MATERIALIZED (
    SELECT r.*, a.id AS advisory_id, decode(r.hash, 'hex') AS content FROM {_RECORDS}
    JOIN inventory_advisory a ON a.identifier_key = r.key AND a.source = r.source
), added AS (
    INSERT INTO inventory_advisoryversion (advisory_id, content_hash, identifier, summary, severity, aliases, upstream,
        affected_count, modified_at, published_at, withdrawn_at)
    SELECT advisory_id, content, identifier, summary, severity, aliases, upstream, affected_count, modified,
        published, withdrawn
    FROM said ORDER BY advisory_id, content
    ON CONFLICT (advisory_id, content_hash) DO NOTHING RETURNING id, advisory_id, content_hash
), new AS MATERIALIZED (
    SELECT added.id, said.place, said.alias_keys, said.upstream_keys FROM added
    JOIN said ON said.advisory_id = added.advisory_id AND said.content = added.content_hash
), named AS (
    INSERT INTO inventory_advisoryalias (name_key, version_id, is_upstream)
    SELECT alias, new.id, false FROM new CROSS JOIN unnest(new.alias_keys) AS alias
    UNION ALL SELECT name, new.id, true FROM new CROSS JOIN unnest(new.upstream_keys) AS name
)
INSERT INTO inventory_affectedpackage (version_id, position, ecosystem, name, type, namespace_key, name_key, release,
    versions, ranges, imports, doubt)
SELECT new.id, p.position, p.ecosystem, p.name, p.type, p.namespace_key, p.name_key, p.release, p.versions, p.ranges,
    p.imports, p.doubt
FROM jsonb_to_recordset(%(affected)s::jsonb) AS p(place int, position int, ecosystem text, name text, type text,
    namespace_key text, name_key text, release text, versions text[], ranges text, imports text[],
    doubt text)
JOIN new ON new.place = p.place
""")
ADD_SIGHTINGS = Statement(f"""
INSERT INTO inventory_advisorysighting (team_id, advisory_id, version_id, evidence_id, record_digest, pointer, seen_at)
SELECT %(team)s::bigint, v.advisory_id, v.id, %(evidence)s::bigint, decode(r.digest, 'hex'), r.pointer,
    %(at)s::timestamptz
FROM {_RECORDS}
JOIN inventory_advisory a ON a.identifier_key = r.key AND a.source = r.source
JOIN inventory_advisoryversion v ON v.advisory_id = a.id AND v.content_hash = decode(r.hash, 'hex')
ORDER BY v.id ON CONFLICT (advisory_id, team_id, version_id) DO NOTHING
RETURNING version_id
""")
