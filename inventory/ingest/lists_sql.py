"""The statements that store a list: what it says, for all teams; that a team has it, as its own."""

from __future__ import annotations

from supplychain.exchange import Statement

_LIST = "(SELECT a.id FROM inventory_advisory a WHERE a.identifier_key = %(key)s AND a.source = %(source)s)"
_VERSION = f"""(SELECT v.id FROM inventory_advisoryversion v
    WHERE v.advisory_id = {_LIST} AND v.content_hash = decode(%(hash)s, 'hex'))"""

ADD_LIST = Statement("""
INSERT INTO inventory_advisory (source, identifier_key) VALUES (%(source)s, %(key)s)
ON CONFLICT (identifier_key, source) DO NOTHING
""")
# What belongs to a version is written with it or never: a version that is there already is whole.
ADD_VERSION = Statement(f"""
WITH added AS (
    INSERT INTO inventory_advisoryversion (advisory_id, content_hash, identifier, summary, severity, aliases, upstream,
        affected_count, feed_version)
    VALUES ({_LIST}, decode(%(hash)s, 'hex'), %(identifier)s, '', '', '{{}}', '{{}}', %(count)s, %(feed_version)s)
    ON CONFLICT (advisory_id, content_hash) DO NOTHING RETURNING id
)
INSERT INTO inventory_listedindicator (version_id, position, line, kind, given, type, namespace_key, any_namespace,
    name_key, versions, version_range, value, details)
SELECT added.id, r.position, (r.row ->> 'line')::int, r.row ->> 'kind', r.row ->> 'given', r.row ->> 'type',
    r.row ->> 'namespace_key', (r.row ->> 'any_namespace')::bool, r.row ->> 'name_key',
    ARRAY(SELECT jsonb_array_elements_text(r.row -> 'versions')), r.row ->> 'version_range', r.row ->> 'value',
    r.row -> 'details'
FROM added CROSS JOIN jsonb_array_elements(%(rows)s::jsonb) WITH ORDINALITY AS r(row, position)
""")
ADD_SIGHTING = Statement(f"""
INSERT INTO inventory_advisorysighting (team_id, advisory_id, version_id, evidence_id, record_digest, pointer, seen_at)
VALUES (%(team)s, {_LIST}, {_VERSION}, %(evidence)s, decode(%(digest)s, 'hex'), '', %(at)s)
ON CONFLICT (advisory_id, team_id, version_id) DO NOTHING
""")
