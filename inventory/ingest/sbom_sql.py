"""The statements that write an SBOM.

All take the point they write: `team`, `track`, `seq`, `snapshot`, `at`.
"""

from __future__ import annotations

from supplychain.exchange import Statement

# The plans of all that follows are kept (queue_sql.HOLD), so they must suit tables that grow: made on an empty one, a
# walk over all rows would look best.
LOCK_KEY = Statement("""
SELECT nextval(pg_get_serial_sequence('inventory_snapshot', 'id')),
       nextval(pg_get_serial_sequence('inventory_track', 'id')),
       set_config('enable_seqscan', 'off', true)
FROM pg_advisory_xact_lock(%(lock)s::bigint)
""")
ADD_TRACK = Statement("""
INSERT INTO inventory_track
    (id, team_id, name, producer, architecture, last_seq, set_hash, head, head_count, stated, updated_at)
VALUES (%(track)s::int, %(team)s::bigint, %(name)s, %(producer)s, %(architecture)s, %(seq)s::int, %(set_hash)s,
    %(head)s, %(head_count)s, %(stated)s, %(at)s::timestamptz)
""")
REPEAT_TRACK = Statement("""
UPDATE inventory_track SET last_seq = %(seq)s::int, updated_at = %(at)s::timestamptz WHERE id = %(track)s::int
""")
EXTEND_TRACK = Statement("""
UPDATE inventory_track SET last_seq = %(seq)s::int, set_hash = %(set_hash)s, head = %(head)s,
    head_count = %(head_count)s, stated = %(stated)s, updated_at = %(at)s::timestamptz
WHERE id = %(track)s::int
""")
ADD_FIRST_REACH = Statement("""
INSERT INTO inventory_packagereach (team_id, package_id, track_count)
SELECT reader.team_id, new.package_id, 1
FROM (SELECT DISTINCT c.package_id FROM inventory_component c WHERE c.id = ANY(%(added)s::int[])) new
CROSS JOIN (VALUES (%(team)s::bigint), (NULL)) reader(team_id)
ORDER BY new.package_id, reader.team_id
ON CONFLICT (package_id, team_id) DO UPDATE SET track_count = inventory_packagereach.track_count + 1
""")
ADD_REACH = Statement("""
INSERT INTO inventory_packagereach (team_id, package_id, track_count)
SELECT reader.team_id, new.package_id, 1
FROM (
    SELECT DISTINCT c.package_id FROM inventory_component c WHERE c.id = ANY(%(added)s::int[])
    EXCEPT
    SELECT c.package_id FROM inventory_component c WHERE c.id = ANY(%(dropped)s::int[])
) new CROSS JOIN (VALUES (%(team)s::bigint), (NULL)) reader(team_id)
WHERE NOT EXISTS (
    SELECT FROM inventory_component c JOIN inventory_presence p ON p.component_id = c.id
    WHERE c.package_id = new.package_id AND p.track_id = %(track)s::int OFFSET 0)
ORDER BY new.package_id, reader.team_id
ON CONFLICT (package_id, team_id) DO UPDATE SET track_count = inventory_packagereach.track_count + 1
""")
CLOSE_PRESENCE = Statement("""
UPDATE inventory_presence SET to_seq = %(seq)s::int
WHERE track_id = %(track)s::int AND component_id = ANY(%(dropped)s::int[]) AND to_seq = 2147483647
""")
ADD_PRESENCE = Statement("""
INSERT INTO inventory_presence (component_id, track_id, from_seq, to_seq, flags)
SELECT a.component_id, %(track)s::int, %(seq)s::int, 2147483647, a.flags
FROM unnest(%(added)s::int[], %(flags)s::smallint[]) AS a(component_id, flags)
""")
ADD_SNAPSHOT = Statement("""
INSERT INTO inventory_snapshot
    (id, evidence_id, part, track_id, seq, component_count, distinct_count, is_complete, producer_version, set_hash,
     outline, ecosystems, made_count)
VALUES (%(snapshot)s::int, %(evidence)s::bigint, %(part)s::smallint, %(track)s::int, %(seq)s::int,
    %(component_count)s, %(distinct_count)s, %(is_complete)s, %(producer_version)s, %(set_hash)s, %(outline)s,
    %(ecosystems)s::jsonb, %(made_count)s::int)
""")
ADD_SUBJECTS = Statement("""
INSERT INTO inventory_snapshotsubject (snapshot_id, artifact_id, track_id, seq, kind, source, confidence)
SELECT %(snapshot)s::int, s.artifact_id, %(track)s::int, %(seq)s::int, s.kind, s.source, s.confidence
FROM unnest(%(artifacts)s::int[], %(kinds)s::text[], %(sources)s::text[], %(confidences)s::smallint[])
    AS s(artifact_id, kind, source, confidence)
""")
ADD_NAMES = Statement("""
INSERT INTO inventory_artifactname (team_id, artifact_id, name, tag, first_seen_at)
SELECT %(team)s::bigint, n.artifact_id, n.name, n.tag, %(at)s::timestamptz
FROM unnest(%(artifacts)s::int[], %(names)s::text[], %(tags)s::text[]) AS n(artifact_id, name, tag)
ON CONFLICT (artifact_id, team_id, name, tag) DO NOTHING
""")
UNLABEL = Statement("""
DELETE FROM inventory_snapshotsubject s
USING inventory_snapshot n, inventory_evidence e, inventory_artifact a
WHERE n.id = s.snapshot_id AND e.id = n.evidence_id AND a.id = s.artifact_id
  AND e.blob_id = %(blob)s AND e.team_id = %(team)s::bigint AND a.digest IS NULL
""")
# The images are subjects or members of the document, so they have rows by now; any other is left out.
ADD_CLAIMS = Statement("""
INSERT INTO inventory_artifactclaim (team_id, artifact_id, claim, value, evidence_id)
SELECT %(team)s::bigint, a.id, c.claim, c.value, %(evidence)s::bigint
FROM unnest(%(images)s::text[], %(claims)s::text[], %(values)s::text[]) AS c(image, claim, value)
JOIN inventory_artifact a ON a.digest = c.image
ORDER BY a.id, c.claim, c.value
ON CONFLICT (artifact_id, team_id, claim, value) DO NOTHING
""")
ADD_HASHES = Statement("""
INSERT INTO inventory_componenthash (team_id, component_id, algorithm, value)
SELECT %(team)s::bigint, h.component_id, h.algorithm, decode(h.value, 'hex')
FROM unnest(%(components)s::int[], %(algorithms)s::text[], %(values)s::text[]) AS h(component_id, algorithm, value)
ON CONFLICT (value, algorithm, component_id, team_id) DO NOTHING
""")
ADD_CPES = Statement("""
INSERT INTO inventory_componentcpe (team_id, component_id, cpe)
SELECT %(team)s::bigint, c.component_id, c.cpe
FROM unnest(%(components)s::int[], %(cpes)s::text[]) AS c(component_id, cpe)
ON CONFLICT (cpe, component_id, team_id) DO NOTHING
""")
ADD_SOURCES = Statement("""
INSERT INTO inventory_componentsource (team_id, component_id, kind, value)
SELECT %(team)s::bigint, s.component_id, s.kind, s.value
FROM unnest(%(components)s::int[], %(kinds)s::text[], %(values)s::text[]) AS s(component_id, kind, value)
ON CONFLICT (value, kind, component_id, team_id) DO NOTHING
""")
