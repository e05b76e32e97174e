"""The statements that store advisories: what they say, for all teams; that a team has them, as its own."""

from __future__ import annotations

from supplychain.exchange import Statement

ADVISORY_LANE = 0x5C75
"""Advisory locks (this, team): a team's documents of advisories are applied one after the other."""

_NAMED = """unnest(%(keys)s::text[], %(sources)s::text[], %(hashes)s::text[], %(digests)s::text[], %(pointers)s::text[])
    WITH ORDINALITY AS r(key, source, hash, digest, pointer, place)
JOIN inventory_advisory a ON a.identifier_key = r.key AND a.source = r.source
JOIN inventory_advisoryversion v ON v.advisory_id = a.id AND v.content_hash = decode(r.hash, 'hex')"""

LOCK_TEAM = Statement(f"SELECT pg_advisory_xact_lock({ADVISORY_LANE}, %(team)s::int)")
# Equal bytes say the same thing: a feed that is sent every day costs what changed.
FIND_KNOWN = Statement("""
SELECT record_digest FROM inventory_advisorysighting
WHERE team_id = %(team)s::bigint AND record_digest = ANY(ARRAY(
    SELECT decode(d, 'hex') FROM unnest(%(digests)s::text[]) AS d))
""")
ADD_ADVISORIES = Statement("""
INSERT INTO inventory_advisory (source, identifier_key)
SELECT DISTINCT ON (r.key, r.source) r.source, r.key
FROM unnest(%(keys)s::text[], %(sources)s::text[]) AS r(key, source)
WHERE NOT EXISTS (SELECT FROM inventory_advisory a WHERE a.identifier_key = r.key AND a.source = r.source)
ORDER BY r.key, r.source ON CONFLICT (identifier_key, source) DO NOTHING
""")
# What belongs to a version is written with it or never: a version that is there already is whole. No rows of a thousand
# are joined: the planner knows nothing of their number, and would compare each with each. So a version's id is drawn
# before, and IS TRUE keeps the look at what was added a hash.
ADD_VERSIONS = Statement("""
WITH said AS MATERIALIZED (
    SELECT r.*, a.id AS advisory_id, decode(r.hash, 'hex') AS content,
        nextval('inventory_advisoryversion_id_seq') AS id
    FROM jsonb_to_recordset(%(records)s::jsonb) AS r(source text, key text, identifier text, hash text, summary text,
        severity text, aliases text[], alias_keys text[], upstream text[], upstream_keys text[], affected_count int,
        modified timestamptz, published timestamptz, withdrawn timestamptz, affected jsonb)
    JOIN inventory_advisory a ON a.identifier_key = r.key AND a.source = r.source
    WHERE (SELECT true FROM inventory_advisoryversion v
           WHERE v.advisory_id = a.id AND v.content_hash = decode(r.hash, 'hex')) IS NULL
), added AS (
    INSERT INTO inventory_advisoryversion (id, advisory_id, content_hash, identifier, summary, severity, aliases,
        upstream, affected_count, modified_at, published_at, withdrawn_at)
    SELECT id, advisory_id, content, identifier, summary, severity, aliases, upstream, affected_count, modified,
        published, withdrawn
    FROM said ORDER BY advisory_id, content
    ON CONFLICT (advisory_id, content_hash) DO NOTHING RETURNING id
), new AS MATERIALIZED (
    SELECT id, alias_keys, upstream_keys, affected FROM said WHERE (id IN (SELECT id FROM added)) IS TRUE
), named AS (
    INSERT INTO inventory_advisoryalias (name_key, version_id, is_upstream)
    SELECT alias, new.id, false FROM new CROSS JOIN unnest(new.alias_keys) AS alias
    UNION ALL SELECT name, new.id, true FROM new CROSS JOIN unnest(new.upstream_keys) AS name
)
INSERT INTO inventory_affectedpackage (version_id, position, ecosystem, name, type, namespace_key, name_key, release,
    versions, ranges, imports, doubt)
SELECT new.id, p.position, p.ecosystem, p.name, p.type, p.namespace_key, p.name_key, p.release, p.versions, p.ranges,
    p.imports, p.doubt
FROM new CROSS JOIN LATERAL jsonb_to_recordset(new.affected) AS p(position int, ecosystem text, name text, type text,
    namespace_key text, name_key text, release text, versions text[], ranges text, imports text[], doubt text)
""")
_SIGHTING = """inventory_advisorysighting (team_id, advisory_id, version_id, evidence_id, record_digest, pointer,
    seen_at)"""
ADD_SIGHTINGS = Statement(f"""
INSERT INTO {_SIGHTING}
SELECT %(team)s::bigint, v.advisory_id, v.id, %(evidence)s::bigint, decode(r.digest, 'hex'), r.pointer,
    %(at)s::timestamptz
FROM {_NAMED}
ORDER BY v.id ON CONFLICT (advisory_id, team_id, version_id) DO NOTHING
RETURNING version_id
""")
# Portions: what a large document came to so far, kept until it is applied as a whole (portions.py).
ADD_PORTION = Statement(f"""
INSERT INTO inventory_advisoryportion (evidence_id, position, records, rejected, withdrawn, until, defects, advisories,
    versions, digests, pointers)
SELECT %(evidence)s::bigint, %(position)s::int, %(record_count)s::int, %(rejected)s::int, %(withdrawn)s::int, %(until)s,
    %(defects)s::jsonb, coalesce(array_agg(v.advisory_id ORDER BY r.place), '{{}}'),
    coalesce(array_agg(v.id ORDER BY r.place), '{{}}'),
    coalesce(array_agg(decode(r.digest, 'hex') ORDER BY r.place), '{{}}'),
    coalesce(array_agg(r.pointer ORDER BY r.place), '{{}}')
FROM {_NAMED}
ON CONFLICT (evidence_id, position) DO NOTHING
""")
PORTIONS = Statement("""
SELECT coalesce(max(position) + 1, 0)::bigint, coalesce(sum(records), 0), coalesce(sum(rejected), 0),
    coalesce(sum(withdrawn), 0), coalesce((array_agg(until ORDER BY position DESC))[1], ''),
    coalesce((array_agg(defects ORDER BY position DESC))[1], 'null')::text
FROM inventory_advisoryportion WHERE evidence_id = %(evidence)s::bigint
""")
ADD_SIGHTINGS_OF_PORTIONS = Statement(f"""
WITH added AS (
    INSERT INTO {_SIGHTING}
    SELECT DISTINCT ON (said.version) %(team)s::bigint, said.advisory, said.version, %(evidence)s::bigint, said.digest,
        said.pointer, %(at)s::timestamptz
    FROM inventory_advisoryportion p
    CROSS JOIN LATERAL unnest(p.advisories, p.versions, p.digests, p.pointers)
        WITH ORDINALITY AS said(advisory, version, digest, pointer, place)
    WHERE p.evidence_id = %(evidence)s::bigint
    ORDER BY said.version, p.position, said.place
    ON CONFLICT (advisory_id, team_id, version_id) DO NOTHING RETURNING id)
SELECT count(*) FROM added
""")
FORGET_PORTIONS = Statement("DELETE FROM inventory_advisoryportion WHERE evidence_id = %(evidence)s::bigint")
