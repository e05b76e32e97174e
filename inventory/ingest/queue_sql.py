"""The statements of the queue: who is next, holding a row while it is worked on, and what became of it.

A claim looks at no more than it must, however many documents and teams wait: it steps from one waiting team to the
next (an index entry each), begins behind the team this worker served last, and stops at the first with nothing in
work. Only when all that wait have something in work does it compare them, and those are no more than the workers.
"""

from __future__ import annotations

from supplychain.exchange import Statement

LARGE_LANE = 0x5C70
"""Advisory locks (this, 1), (this, 2), … each let one large document be worked on."""

_LANE = f"""EXISTS (
    SELECT FROM generate_series(1, %(lanes)s::int) AS lane WHERE pg_try_advisory_xact_lock({LARGE_LANE}, lane))"""
_OLDEST = f"""
SELECT s.evidence_id FROM inventory_evidencestate s
WHERE s.state = 'received' AND s.team_id = w.team_id AND s.queued_at <= %(now)s::timestamptz
  AND (NOT s.is_large OR {_LANE})
ORDER BY s.evidence_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""
_NEXT_TEAM = """
SELECT (SELECT s.team_id FROM inventory_evidencestate s
        WHERE s.state = 'received' AND s.team_id > w.team_id ORDER BY s.team_id LIMIT 1)
"""
CLAIM = Statement(f"""
WITH RECURSIVE busy AS MATERIALIZED (
    SELECT team_id, count(*) AS documents FROM inventory_evidencestate
    WHERE state = 'processing' AND claimed_at > %(overdue)s::timestamptz GROUP BY team_id
), ahead(team_id) AS (
    SELECT w.team_id FROM (VALUES (%(after)s::bigint)) AS w(team_id)
    UNION ALL
    {_NEXT_TEAM} FROM ahead w WHERE w.team_id IS NOT NULL
), behind(team_id) AS (
    SELECT w.team_id FROM (VALUES (0::bigint)) AS w(team_id)
    UNION ALL
    {_NEXT_TEAM} FROM behind w WHERE w.team_id < %(after)s::bigint
), abandoned AS (
    SELECT s.evidence_id FROM inventory_evidencestate s
    WHERE s.state = 'processing' AND s.claimed_at <= %(overdue)s::timestamptz
    ORDER BY s.claimed_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
), idle AS (
    SELECT n.evidence_id FROM (
        SELECT team_id FROM ahead WHERE team_id > %(after)s::bigint
        UNION ALL
        SELECT team_id FROM behind WHERE team_id BETWEEN 1 AND %(after)s::bigint
    ) w CROSS JOIN LATERAL ({_OLDEST}) n
    WHERE w.team_id <> ALL (ARRAY(SELECT team_id FROM busy)) LIMIT 1
), shared AS (
    SELECT n.evidence_id FROM (
        SELECT team_id FROM busy ORDER BY documents, team_id <= %(after)s::bigint, team_id
    ) w CROSS JOIN LATERAL ({_OLDEST}) n LIMIT 1
), next AS (
    SELECT evidence_id FROM abandoned UNION ALL SELECT evidence_id FROM idle UNION ALL SELECT evidence_id FROM shared
    LIMIT 1
)
UPDATE inventory_evidencestate s SET state = 'processing', attempts = s.attempts + 1,
    claimed_at = %(now)s::timestamptz
FROM next WHERE s.evidence_id = next.evidence_id
RETURNING s.evidence_id, s.attempts, s.team_id,
    set_config('supplychain.claimed', s.evidence_id || ' ' || s.attempts, false)
""")
TAKE_LANE = Statement(f"SELECT ({_LANE})::int")
# Its statements are the same for every document, and planning some of them costs more than doing them: until the
# transaction ends the server keeps to one plan of each.
_HOLD = f"""
SELECT json_build_object(
    'evidence', to_jsonb(e) - 'dedupe_key',
    'key', json_build_object('id', k.id, 'kinds', k.kinds, 'clusters', k.clusters),
    'artifacts', (SELECT json_object_agg(a.digest, a.id) FROM inventory_artifact a WHERE a.digest = ANY(e.artifacts)),
    'bound_before', CASE WHEN e.artifacts = '{{{{}}}}' THEN (
        SELECT json_object_agg(a.digest, a.id) FROM inventory_evidence f
        JOIN inventory_snapshot n ON n.evidence_id = f.id
        JOIN inventory_snapshotsubject j ON j.snapshot_id = n.id
        JOIN inventory_artifact a ON a.id = j.artifact_id AND a.digest IS NOT NULL
        WHERE f.team_id = e.team_id AND f.blob_id = e.blob_id) END,
    'place', b.place,
    'plans', set_config('plan_cache_mode', 'force_generic_plan', true),
    'generation', pg_relation_filenode('inventory_component'),
    'is_large', s.is_large,
    'has_lane', NOT s.is_large OR {_LANE})::text,
    CASE WHEN s.attempts <= %(most)s::smallint AND octet_length(b.data) <= %(whole)s::int THEN b.data END
FROM inventory_evidencestate s
JOIN inventory_evidence e ON e.id = s.evidence_id
JOIN inventory_evidenceblob b ON b.digest = e.blob_id
LEFT JOIN access_apikey k ON k.id = e.api_key_id
WHERE s.state = 'processing' AND {{claimed}}
FOR NO KEY UPDATE OF s
"""
HOLD = Statement(_HOLD.format(claimed="s.evidence_id = %(evidence)s::bigint AND s.attempts = %(attempt)s::smallint"))
# The same in the exchange of the claim, which leaves its answer in the session for it. When it found nothing, what an
# earlier claim left there is of another moment; after one that was rolled back it is empty.
HOLD_CLAIMED = Statement(
    _HOLD.format(
        claimed="""s.claimed_at = %(now)s::timestamptz
  AND s.evidence_id = nullif(split_part(current_setting('supplychain.claimed', true), ' ', 1), '')::bigint
  AND s.attempts = nullif(split_part(current_setting('supplychain.claimed', true), ' ', 2), '')::smallint"""
    )
)
FINISH_APPLIED = Statement("""
UPDATE inventory_evidencestate SET state = %(state)s, applied_sequence = nextval('inventory_applied_sequence'),
    applied_at = %(at)s::timestamptz, kind = %(kind)s, format = %(format)s, format_version = %(format_version)s,
    schema_valid = %(schema_valid)s::boolean, schema_error_count = %(schema_error_count)s::int,
    subjects = %(subjects)s::text[], counts = %(counts)s::jsonb, warnings = %(warnings)s::jsonb,
    warning_count = %(warning_count)s::int, understood = %(understood)s::jsonb, error = NULL
WHERE evidence_id = %(evidence)s::bigint
""")
FINISH_REJECTED = Statement("""
UPDATE inventory_evidencestate SET state = %(state)s, error = %(error)s::jsonb, warnings = '[]', warning_count = 0
WHERE evidence_id = %(evidence)s::bigint
""")
OVERDUE = Statement("""
SELECT count(*) FROM (
    SELECT 1 FROM inventory_evidencestate
    WHERE state = 'received' AND queued_at <= %(overdue)s::timestamptz
       OR state = 'processing' AND claimed_at <= %(overdue)s::timestamptz
    ORDER BY evidence_id LIMIT %(limit)s::int FOR NO KEY UPDATE SKIP LOCKED) overdue
""")
