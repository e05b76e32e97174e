"""The statements that take a document in: with the bytes of it, one transaction and one exchange."""

from __future__ import annotations

from supplychain.exchange import Statement

LOCK = Statement("SELECT pg_advisory_xact_lock(%(lock)s::bigint)")
_CASTS = {
    "team_id": "::bigint", "api_key_id": "::bigint", "user_id": "::bigint", "size_bytes": "::bigint",
    "is_observation": "::bool", "artifacts": "::text[]", "namespaces": "::text[]", "confirm_empty": "::bool",
    "dedupe_key": "::bytea", "received_at": "::timestamptz",
}  # fmt: skip
COLUMNS = (
    "team_id", "api_key_id", "user_id", "blob_id", "size_bytes", "media_type", "declared_kind", "is_observation",
    "artifacts", "name", "version", "repository", "commit", "cluster", "environment", "namespaces", "confirm_empty",
    "filename", "dedupe_key", "received_at",
)  # fmt: skip
ADD = Statement(f"""
WITH line AS (
    INSERT INTO access_auditevent (body, at, team_id, actor, action, subject)
    SELECT %(audit_body)s, %(audit_at)s::timestamptz, %(audit_team)s::bigint, %(audit_actor)s, %(audit_action)s,
        %(audit_subject)s
    WHERE NOT EXISTS (SELECT FROM inventory_evidence WHERE dedupe_key = %(dedupe_key)s::bytea)
    RETURNING sequence
), added AS (
    INSERT INTO inventory_evidence (public_id, audit_sequence, {", ".join(COLUMNS)})
    SELECT %(public_id)s::uuid, line.sequence, {", ".join(f"%({name})s{_CASTS.get(name, '')}" for name in COLUMNS)}
    FROM line RETURNING id, audit_sequence
), waiting AS (
    INSERT INTO inventory_evidencestate (evidence_id, team_id, state, is_large, attempts, queued_at, kind, format,
        format_version, subjects, counts, warnings, warning_count)
    SELECT id, %(team_id)s::bigint, 'received', %(is_large)s::bool, 0, %(received_at)s::timestamptz, '', '', '', '{{}}',
        '{{}}', '[]', 0
    FROM added
)
SELECT id, audit_sequence FROM added
""")
