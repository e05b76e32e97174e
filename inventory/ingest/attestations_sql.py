"""The statements that write attestations: one a table, whatever the number of rows, which travel as one JSON text."""

from __future__ import annotations

from supplychain.exchange import Statement

ADD_ATTESTATIONS = Statement("""
INSERT INTO inventory_attestation (team_id, envelope_digest, envelope, envelope_version, payload_type, payload_digest,
    statement_type, predicate_type, predicate, facts, subject_count, signature_count, log_entry_count, timestamp_count,
    first_received_at)
SELECT %(team)s::bigint, r.envelope_digest, r.envelope, r.envelope_version, r.payload_type, r.payload_digest,
    r.statement_type, r.predicate_type, r.predicate, r.facts, r.subject_count, r.signature_count, r.log_entry_count,
    r.timestamp_count, %(received_at)s::timestamptz
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(envelope_digest text, envelope text, envelope_version text,
    payload_type text, payload_digest text, statement_type text, predicate_type text, predicate text, facts jsonb,
    subject_count int, signature_count smallint, log_entry_count smallint, timestamp_count smallint)
ORDER BY r.envelope_digest
ON CONFLICT (team_id, envelope_digest) DO NOTHING RETURNING id
""")
FIND_ATTESTATIONS = Statement("""
SELECT envelope_digest, id FROM inventory_attestation
WHERE team_id = %(team)s::bigint AND envelope_digest = ANY(%(digests)s::text[])
""")
ADD_SOURCES = Statement("""
INSERT INTO inventory_attestationsource (attestation_id, evidence_id, position, pointer)
SELECT r.attestation, %(evidence)s::bigint, r.position, r.pointer
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(attestation bigint, position int, pointer text)
ON CONFLICT (evidence_id, position) DO NOTHING
""")
ADD_SUBJECTS = Statement("""
INSERT INTO inventory_attestationsubject (team_id, attestation_id, position, artifact_id, name, commit)
SELECT %(team)s::bigint, r.attestation, r.position, r.artifact, r.name, r.commit
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r(attestation bigint, position smallint, artifact int, name text, commit text)
""")
ADD_SIGNATURES = Statement("""
INSERT INTO inventory_attestationsignature (attestation_id, position, key_id, value, certificate, certificate_digest)
SELECT r.attestation, r.position, r.key_id, decode(r.value, 'base64'), decode(r.certificate, 'base64'),
    r.certificate_digest
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(attestation bigint, position smallint, key_id text, value text,
    certificate text, certificate_digest text)
""")
ADD_PROVENANCE = Statement("""
INSERT INTO inventory_provenance (attestation_id, builder_id, build_type, invocation_id, repository, ref, commit,
    workflow_path, event, runner_environment, parameters, started_at, finished_at)
SELECT r.attestation, r.builder_id, r.build_type, r.invocation_id, r.repository, r.ref, r.commit, r.workflow_path,
    r.event, r.runner_environment, r.parameters, r.started_at, r.finished_at
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(attestation bigint, builder_id text, build_type text,
    invocation_id text, repository text, ref text, commit text, workflow_path text, event text,
    runner_environment text, parameters jsonb, started_at timestamptz, finished_at timestamptz)
""")
ADD_DEPENDENCIES = Statement("""
INSERT INTO inventory_provenancedependency (provenance_id, position, uri, name, digest, commit, others)
SELECT r.attestation, r.position, r.uri, r.name, r.digest, r.commit, r.others
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(attestation bigint, position int, uri text, name text, digest text,
    commit text, others jsonb)
""")
