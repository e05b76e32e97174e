"""The statements that write what images say of themselves, and what registries tell of their tags."""

from __future__ import annotations

from supplychain.exchange import Statement

ADD_CLAIMS = Statement("""
INSERT INTO inventory_artifactclaim (team_id, artifact_id, claim, value, evidence_id)
SELECT %(team)s::bigint, r.artifact, r.claim, r.value, %(evidence)s::bigint
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(artifact int, claim text, value text)
ORDER BY r.artifact, r.claim, r.value
ON CONFLICT (artifact_id, team_id, claim, value) DO NOTHING
""")
ADD_REFERRERS = Statement("""
INSERT INTO inventory_referrer (team_id, subject_id, referrer_id, artifact_type, evidence_id)
SELECT %(team)s::bigint, r.subject, r.referrer, r.artifact_type, %(evidence)s::bigint
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(subject int, referrer int, artifact_type text)
ORDER BY r.subject, r.referrer
ON CONFLICT (subject_id, referrer_id, team_id) DO NOTHING
""")
ADD_LAYERS = Statement("""
INSERT INTO inventory_imagelayer (team_id, artifact_id, position, digest, is_diff_id, chain, is_last, evidence_id)
SELECT %(team)s::bigint, r.artifact, r.position, r.digest, r.is_diff_id, decode(r.chain, 'hex'), r.is_last,
       %(evidence)s::bigint
FROM jsonb_to_recordset(%(rows)s::jsonb)
     AS r(artifact int, position smallint, digest text, is_diff_id bool, chain text, is_last bool)
ORDER BY r.artifact, r.position
ON CONFLICT (artifact_id, team_id, position) DO NOTHING
""")
ADD_TAG_EVENTS = Statement("""
INSERT INTO inventory_tagevent (team_id, repository, tag, artifact_id, action, source, observed_at, event_id, actor,
    evidence_id, pointer)
SELECT %(team)s::bigint, r.repository, r.tag, r.artifact, r.action, 'registry', r.observed_at, r.event_id, r.actor,
    %(evidence)s::bigint, r.pointer
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(place int, repository text, tag text, artifact int, action text,
    observed_at timestamptz, event_id text, actor text, pointer text)
ORDER BY r.repository, r.tag, r.observed_at, r.place
ON CONFLICT (team_id, repository, tag, observed_at, action, artifact_id, event_id) DO NOTHING RETURNING id
""")
