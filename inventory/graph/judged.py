"""How far each attestation of an artifact may be believed, as a piece of SQL: every verdict of the read side uses it.

An artifact's own attestations count, those of its other digests, and those of the indexes that list it: an index
commits to its members, a member says nothing of its index. What joins two digests must be proven by the bytes of the
index or manifest. Where a document only claims it, a good signature over the one is none over the other.

Only statements of where the artifact comes from make a verdict of it: provenance, what a verifier of provenance summed
up, and signatures over the artifact
itself. A signed SBOM or test result says who looked at it, not who built it.
"""

from __future__ import annotations

from inventory.formats.attestations.records import Predicate
from inventory.graph.visibility import own
from inventory.models.verification import Verdict

NOT_VERIFIED, DUE = "not_verified", "verification_due"
"""Reasons: nobody has looked at it yet; or its signer has lost trust since somebody did."""
INDEX_CLAIMED, ALIAS_CLAIMED = "index_claimed", "alias_claimed"
"""Reasons: the signature may be good, but that it speaks for this digest is nobody's proof."""
ORIGIN = (
    Predicate.PROVENANCE,
    Predicate.IMAGE_SIGNATURE,
    Predicate.SIGNATURE,
    Predicate.VERIFICATION_SUMMARY,
)
"""Predicates that tell where an artifact comes from."""

_ORIGINS = ", ".join(f"'{predicate.value}'" for predicate in ORIGIN)
RANKS = {verdict: rank for rank, verdict in enumerate(Verdict)}
_RANK = "CASE {0} " + " ".join(f"WHEN '{verdict.value}' THEN {rank}" for verdict, rank in RANKS.items()) + " END"
_VERIFIED = f"('{Verdict.VERIFIED_EXPECTED.value}', '{Verdict.VERIFIED_UNEXPECTED.value}')"

_COMPROMISED = """EXISTS (
    SELECT FROM inventory_compromise x
    WHERE x.lifted_at IS NULL AND x.declared_at > r.evaluated_at
      AND (r.signed_at IS NULL OR (r.signed_at >= x.since AND (x.until IS NULL OR r.signed_at < x.until)))
      AND CASE x.kind WHEN 'identity' THEN x.value = r.identity AND x.issuer IN ('', r.issuer)
                      WHEN 'key' THEN x.value = r.key_fingerprint
                      WHEN 'builder' THEN x.value IN (r.builder_id, p.builder_id)
                      WHEN 'repository' THEN x.value IN (r.repository, p.repository)
                      ELSE x.value IN (r.repository || '/' || r.workflow_path, p.repository || '/' || p.workflow_path)
          END)"""
_LOST = f"""(e.verdict IN {_VERIFIED} AND w.trust_version < (SELECT max(id) FROM inventory_trustchange) AND (
    {_COMPROMISED} OR e.verdict = '{Verdict.VERIFIED_EXPECTED}' AND NOT EXISTS (
        SELECT FROM inventory_trustedsigner s WHERE s.id = e.signer_id AND s.state = 'accepted')))"""
"""What lost trust binds at once, before the workers have judged again everything that it touches."""
VERDICT = f"""CASE WHEN {_LOST} THEN '{Verdict.UNSUPPORTED}' WHEN e.id IS NOT NULL THEN e.verdict
                    WHEN a.signature_count = 0 THEN '{Verdict.UNSIGNED_CLAIM}' ELSE '{Verdict.UNSUPPORTED}' END"""
"""Of an attestation `a`, its verdict in force `w`, the result `e` of that, the same where valid `r`, provenance `p`."""

JUDGED = f"""
same AS (
    SELECT id AS asked_id, id, '' AS relation, true AS is_proven, NULL::bigint AS evidence_id FROM asked
    UNION ALL
    SELECT k.id, x.artifact_id, 'alias', x.is_proven, x.evidence_id
    FROM asked k JOIN inventory_artifactalias x ON x.alias_id = k.id WHERE {own("x.team_id")}
    UNION ALL
    SELECT k.id, x.alias_id, 'alias', x.is_proven, x.evidence_id
    FROM asked k JOIN inventory_artifactalias x ON x.artifact_id = k.id WHERE {own("x.team_id")}
),
family AS (
    SELECT asked_id, id, relation, is_proven, evidence_id FROM same
    UNION ALL
    SELECT s.asked_id, m.index_id, 'index', s.is_proven AND m.is_proven, NULL
    FROM same s JOIN inventory_indexmember m ON m.member_id = s.id WHERE {own("m.team_id")}
),
named AS (
    SELECT DISTINCT ON (f.asked_id, o.attestation_id)
           f.asked_id, o.attestation_id, f.relation, o.artifact_id, f.is_proven OR coalesce((
               SELECT true FROM inventory_attestationsource c
               WHERE c.attestation_id = o.attestation_id AND c.evidence_id = f.evidence_id LIMIT 1), false) AS is_proven
    FROM family f JOIN inventory_attestationsubject o ON o.artifact_id = f.id
    WHERE {own("o.team_id")}
    ORDER BY f.asked_id, o.attestation_id, f.is_proven DESC, f.relation, o.position
),
found AS (
    SELECT asked_id, attestation_id, relation, artifact_id, is_proven FROM named
    UNION
    SELECT n.asked_id, l.id, 'payload', n.artifact_id, n.is_proven FROM named n
    JOIN inventory_attestation p ON p.id = n.attestation_id AND p.envelope = 'simple-signing'
    JOIN inventory_attestation l ON l.payload_digest = p.payload_digest AND l.team_id = p.team_id
    WHERE l.envelope = 'cosign-layer' AND l.subject_count = 0
),
believed AS (
    SELECT f.*, a.envelope_digest, a.predicate, a.first_received_at, a.team_id, v.verdict, v.code, v.reasons, v.level,
           a.predicate IN ({_ORIGINS}) AS is_origin,
           coalesce(nullif(r.builder_id, ''), nullif(p.builder_id, '')) AS builder,
           coalesce(nullif(r.repository, ''), nullif(p.repository, '')) AS repository,
           coalesce(nullif(r.commit, ''), nullif(p.commit, '')) AS commit,
           coalesce(nullif(r.workflow_path, ''), nullif(p.workflow_path, '')) AS workflow,
           coalesce(nullif(r.identity, ''), nullif(r.key_fingerprint, '')) AS signer
    FROM found f
    JOIN inventory_attestation a ON a.id = f.attestation_id
    LEFT JOIN inventory_provenance p ON p.attestation_id = a.id
    LEFT JOIN inventory_attestationverdict w ON w.attestation_id = a.id
    LEFT JOIN inventory_verificationresult e ON e.id = w.result_id
    LEFT JOIN inventory_verificationresult r ON r.id = w.result_id AND r.outcome = 'valid'
    CROSS JOIN LATERAL (
        SELECT {VERDICT} AS verdict,
               CASE WHEN {_LOST} THEN '{DUE}' WHEN e.id IS NOT NULL THEN e.code
                    WHEN a.signature_count = 0 THEN '' ELSE '{NOT_VERIFIED}' END AS code,
               CASE WHEN {_LOST} THEN '[]'::jsonb ELSE coalesce(e.reasons, '[]'::jsonb) END AS reasons,
               CASE WHEN {_LOST} THEN 1 WHEN e.id IS NOT NULL THEN e.level
                    WHEN p.builder_id <> '' AND p.build_type <> '' THEN 1 ELSE 0 END AS level
    ) v
),
capped AS (
    SELECT asked_id, attestation_id, relation, artifact_id, envelope_digest, predicate, first_received_at, team_id,
           is_origin, builder, repository, commit, workflow, signer, reasons,
           CASE WHEN is_capped THEN '{Verdict.UNSUPPORTED}' ELSE verdict END AS verdict,
           CASE WHEN is_capped AND relation = 'index' THEN '{INDEX_CLAIMED}'
                WHEN is_capped THEN '{ALIAS_CLAIMED}' ELSE code END AS code,
           CASE WHEN is_capped THEN least(level, 1) ELSE level END AS level
    FROM (SELECT *, NOT is_proven AND verdict IN {_VERIFIED} AS is_capped FROM believed) b
),
reported AS (
    SELECT DISTINCT ON (f.asked_id, v.id)
           f.asked_id, -v.id AS attestation_id, f.relation, f.id AS artifact_id, NULL::text AS envelope_digest,
           '' AS predicate, v.reported_at AS first_received_at, v.team_id, true AS is_origin,
           nullif(v.builder_id, '') AS builder, nullif(v.repository, '') AS repository, NULL::text AS commit,
           NULL::text AS workflow, nullif(v.identity, '') AS signer, '[]'::jsonb AS reasons,
           '{Verdict.REPORTED}' AS verdict, 'reported_by_' || v.tool AS code, coalesce(v.level, 0) AS level
    FROM family f JOIN inventory_reportedverification v ON v.artifact_id = f.id
    WHERE v.passed AND f.is_proven AND {own("v.team_id")}
    ORDER BY f.asked_id, v.id, f.relation
),
judged AS (
    SELECT *, {_RANK.format("verdict")} AS rank FROM (SELECT * FROM capped UNION ALL SELECT * FROM reported) all_of_it
)
"""
"""`judged` (asked_id, attestation_id, relation, …, verdict, code, level, rank): a row for each attestation of each
artifact of `asked` (id), which the statement begins with, as far as `%(teams)s` see."""

BEST = """
best AS (
    SELECT DISTINCT ON (asked_id) * FROM judged WHERE is_origin
    ORDER BY asked_id, rank, level DESC, predicate <> 'provenance', first_received_at DESC, attestation_id DESC
)
"""
"""`best`: of those that tell where an artifact comes from, the one that may be believed most. None: no verdict."""
