"""What is told of where running artifacts come from, as a piece of SQL: by what, and whether anything of it is proven.

A failed signature tells nothing, and one that nobody has judged yet neither. Edges that only a document claims do not
count: who claims that two digests are one image must not answer for both.
"""

from __future__ import annotations

from typing import Final

from inventory.formats.attestations.records import Envelope
from inventory.graph.families import SEEN_CANDIDATES
from inventory.graph.judged import ORIGIN
from inventory.graph.visibility import own

REPOSITORY, BUILDER, COMMIT, SIGNER, VERIFIED, CLAIMED = 1, 2, 4, 8, 16, 32
"""Bits of what is told: a repository, a builder or workflow, a commit, who signed; by verified provenance, by any."""
_ORIGINS: Final = ", ".join(f"'{predicate.value}'" for predicate in ORIGIN)

TOLD = f"""
surely AS MATERIALIZED (
    SELECT id AS interval_id, artifact_id FROM ({SEEN_CANDIDATES}) candidate WHERE certainty = 0
),
ran AS (SELECT DISTINCT artifact_id AS id FROM surely),
named AS (
    SELECT id AS ran_id, id FROM ran
    UNION
    SELECT r.id, m.index_id FROM ran r JOIN inventory_indexmember m ON m.member_id = r.id
    WHERE m.is_proven AND {own("m.team_id")}
),
attested AS (
    SELECT n.ran_id, o.attestation_id FROM named n JOIN inventory_attestationsubject o ON o.artifact_id = n.id
    WHERE {own("o.team_id")}
    UNION
    SELECT n.ran_id, l.id FROM named n
    JOIN inventory_attestationsubject o ON o.artifact_id = n.id
    JOIN inventory_attestation s ON s.id = o.attestation_id AND s.envelope = '{Envelope.SIMPLE_SIGNING.value}'
    JOIN inventory_attestation l ON l.payload_digest = s.payload_digest AND l.team_id = s.team_id
    WHERE l.envelope = '{Envelope.COSIGN_LAYER.value}' AND l.subject_count = 0 AND {own("s.team_id")}
),
told AS (
    SELECT t.ran_id AS id, bit_or(
        CASE WHEN f.repository THEN {REPOSITORY} ELSE 0 END | CASE WHEN f.builder THEN {BUILDER} ELSE 0 END
        | CASE WHEN f.commit THEN {COMMIT} ELSE 0 END | CASE WHEN f.signer THEN {SIGNER} ELSE 0 END
        | CASE WHEN f.builder AND f.valid THEN {VERIFIED} ELSE 0 END
        | CASE WHEN f.builder OR f.repository THEN {CLAIMED} ELSE 0 END) AS bits
    FROM attested t
    JOIN inventory_attestation a ON a.id = t.attestation_id
    LEFT JOIN inventory_provenance p ON p.attestation_id = a.id
    LEFT JOIN inventory_attestationverdict w ON w.attestation_id = a.id
    LEFT JOIN inventory_verificationresult r ON r.id = w.result_id
    CROSS JOIN LATERAL (SELECT
        a.predicate IN ({_ORIGINS}) AND (coalesce(p.repository, '') <> '' OR r.repository <> '') AS repository,
        a.predicate IN ({_ORIGINS}) AND (coalesce(p.builder_id, '') <> '' OR r.builder_id <> '') AS builder,
        a.predicate IN ({_ORIGINS}) AND (coalesce(p.commit, '') <> '' OR r.commit <> '') AS commit,
        r.outcome = 'valid' AND (r.identity <> '' OR r.key_fingerprint <> '') AS signer,
        r.outcome = 'valid' AS valid) f
    WHERE a.signature_count = 0 AND coalesce(r.outcome, '') <> 'failed' OR r.outcome IN ('valid', 'unsupported')
    GROUP BY t.ran_id
)"""
"""CTEs up to `told` (id, bits): of each artifact that intervals surely run. `{intervals}` is as in RUN_CANDIDATES."""
