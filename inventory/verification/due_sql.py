"""What is due, and claiming some of it: an attestation without a verdict, or with one of an older trust version.

Two workers share what is due by an advisory lock of each attestation, held until its verdict is committed: workers may
not lock attestations themselves, which nobody ever changes. `FETCH` asks again whether one is due, behind the locks.
"""

from __future__ import annotations

from supplychain.exchange import Statement

LANE, ATTESTATION = 0x5C71, 0x5C72
"""Classes of advisory locks: (LANE, 1), (LANE, 2), … let one verifier work; (ATTESTATION, id) is one in work."""
CANDIDATES = 800
"""How many are looked at for a batch: several workers look at the same ones."""

_NEW = """
SELECT a.id FROM inventory_attestation a
LEFT JOIN inventory_attestationverdict v ON v.attestation_id = a.id
WHERE v.attestation_id IS NULL AND a.id > %(after)s::bigint
"""
_OLD = "SELECT v.attestation_id AS id FROM inventory_attestationverdict v WHERE v.trust_version < %(version)s::bigint"

CLAIM = Statement(f"""
WITH lane AS MATERIALIZED (
    SELECT FROM generate_series(1, %(lanes)s::int) AS lane WHERE pg_try_advisory_xact_lock({LANE}, lane) LIMIT 1
), candidates AS MATERIALIZED (
    ({_NEW} ORDER BY a.id DESC LIMIT {CANDIDATES})
    UNION ALL
    ({_OLD} ORDER BY v.trust_version, v.attestation_id LIMIT {CANDIDATES})
)
SELECT c.id FROM lane, candidates c WHERE pg_try_advisory_xact_lock({ATTESTATION}, (c.id %% 2147483647)::int)
LIMIT %(limit)s::int
""")
IS_DUE = Statement(f"SELECT EXISTS ({_NEW}) OR EXISTS ({_OLD})")
COUNT_DUE = Statement(f"SELECT (SELECT count(*) FROM ({_NEW}) n) + (SELECT count(*) FROM ({_OLD}) o)")
NEWEST = Statement("SELECT coalesce(max(attestation_id), 0) FROM inventory_attestationverdict")

_BESIDE = """
SELECT c.id FROM inventory_attestation c
WHERE a.envelope = 'cosign-layer' AND a.subject_count = 0 AND a.payload_digest <> '' AND c.team_id = a.team_id
  AND c.envelope = 'simple-signing' AND c.payload_digest = a.payload_digest
UNION ALL
SELECT c.id FROM inventory_attestation c
WHERE a.envelope = 'cosign-layer' AND a.subject_count = 0 AND a.payload_digest <> '' AND c.team_id = a.team_id
  AND c.envelope = 'dsse' AND c.envelope_digest = a.payload_digest
UNION ALL
SELECT c.id FROM inventory_attestation c
WHERE a.envelope = 'dsse' AND c.team_id = a.team_id AND c.envelope = 'cosign-layer'
  AND c.payload_digest = a.envelope_digest
UNION ALL
SELECT c.id FROM inventory_attestation c
WHERE a.envelope = 'simple-signing' AND c.team_id = a.team_id AND c.envelope = 'cosign-layer'
  AND c.payload_digest = a.payload_digest
"""
_SOURCE = """
SELECT e.blob_id AS blob, b.size_bytes AS size FROM inventory_attestationsource s
JOIN inventory_evidence e ON e.id = s.evidence_id JOIN inventory_evidenceblob b ON b.digest = e.blob_id
WHERE s.attestation_id = {attestation} ORDER BY b.place = 'removed', s.id LIMIT 1
"""
FETCH = Statement(f"""
SELECT jsonb_build_object(
    'id', a.id, 'team', a.team_id, 'envelope', a.envelope, 'digest', a.envelope_digest, 'predicate', a.predicate,
    'predicate_type', a.predicate_type, 'facts', a.facts, 'signature_count', a.signature_count,
    'provenance', to_jsonb(p), 'last', to_jsonb(r), 'source', to_jsonb(s), 'beside', coalesce(b.found, '[]'),
    'tries', coalesce(y.tries, 0))::text
FROM inventory_attestation a
LEFT JOIN inventory_provenance p ON p.attestation_id = a.id
LEFT JOIN inventory_attestationverdict v ON v.attestation_id = a.id
LEFT JOIN inventory_verificationresult r ON r.id = v.result_id
LEFT JOIN inventory_verificationtry y ON y.attestation_id = a.id
LEFT JOIN LATERAL ({_SOURCE.format(attestation="a.id")}) s ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('id', o.id, 'digest', o.envelope_digest, 'blob', t.blob, 'size', t.size)
                     ORDER BY o.id) AS found
    FROM (SELECT DISTINCT c.id FROM ({_BESIDE}) c ORDER BY c.id LIMIT %(beside)s::int) c
    JOIN inventory_attestation o ON o.id = c.id
    JOIN LATERAL ({_SOURCE.format(attestation="o.id")}) t ON true
) b ON true
WHERE a.id = ANY(%(ids)s::bigint[])
  AND (v.attestation_id IS NULL OR v.trust_version < %(version)s::bigint)
ORDER BY a.id
""")

_COLUMNS = {
    "attestation_id": "bigint", "trust_version": "bigint", "root_version_id": "bigint", "roots": "bigint[]",
    "verifier_version": "text", "evaluated_at": "timestamptz", "outcome": "text", "verdict": "text",
    "steps": "smallint[]", "not_checked": "smallint[]", "stopped_at": "smallint", "code": "text", "message": "text",
    "reasons": "jsonb", "valid_signer_count": "smallint", "signer_id": "bigint", "level": "smallint",
    "level_reasons": "jsonb",
    "signed_at": "timestamptz", "signature_position": "smallint", "key_fingerprint": "text", "issuer": "text",
    "identity": "text", "repository": "text", "repository_id": "text", "owner_id": "text", "commit": "text",
    "ref": "text", "workflow_path": "text", "builder_id": "text", "run": "text", "runner_environment": "text",
    "event": "text",
}  # fmt: skip
COLUMNS = tuple(_COLUMNS)
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
_TYPED = ", ".join(f'"{name}" {kind}' for name, kind in _COLUMNS.items())

ADD_RESULTS = Statement(f"""
WITH added AS (
    INSERT INTO inventory_verificationresult ({_NAMES})
    SELECT {_NAMES} FROM jsonb_to_recordset(%(rows)s::jsonb) AS r({_TYPED}) ORDER BY r.attestation_id
    RETURNING id, attestation_id, verdict, trust_version, evaluated_at
)
INSERT INTO inventory_attestationverdict AS v (attestation_id, result_id, verdict, trust_version, changed_at)
SELECT attestation_id, id, verdict, trust_version, evaluated_at FROM added
ON CONFLICT (attestation_id) DO UPDATE SET result_id = excluded.result_id, trust_version = excluded.trust_version,
    changed_at = CASE WHEN v.verdict = excluded.verdict THEN v.changed_at ELSE excluded.changed_at END,
    verdict = excluded.verdict
""")
CONFIRM = Statement("""
UPDATE inventory_attestationverdict SET trust_version = %(version)s::bigint
WHERE attestation_id = ANY(%(ids)s::bigint[])
""")
RENEW = Statement("""
UPDATE inventory_attestationverdict v SET trust_version = -1 FROM inventory_verificationresult r
WHERE v.attestation_id = ANY(%(ids)s::bigint[]) AND r.id = v.result_id AND r.code = ANY(%(codes)s::text[])
""")
"""What came apart has come together: what could not be judged alone is due again."""
TRIED = Statement("""
INSERT INTO inventory_verificationtry AS t (attestation_id, tries) SELECT unnest(%(ids)s::bigint[]), 1
ON CONFLICT (attestation_id) DO UPDATE SET tries = t.tries + 1
""")
ENDED = Statement("DELETE FROM inventory_verificationtry WHERE attestation_id = ANY(%(ids)s::bigint[])")
