"""How far each attestation of an artifact may be believed, as a piece of SQL: every verdict of the read side uses it.

An artifact's own attestations count, those of its other digests, and those of the indexes that list it: an index
commits to its members, a member says nothing of its index. What joins two digests must be proven by the bytes of the
index or manifest. Where a document only claims it, a good signature over the one is none over the other.

Only statements of where the artifact comes from make a verdict of it: provenance, and signatures over the artifact
itself. A signed SBOM or test result says who looked at it, not who built it.
"""

from __future__ import annotations

import enum

from inventory.formats.attestations.records import Predicate
from inventory.graph.visibility import own


class Verdict(enum.StrEnum):
    """What may be believed of where an artifact comes from, the best first."""

    VERIFIED_EXPECTED = "verified_expected"
    VERIFIED_UNEXPECTED = "verified_unexpected"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    REPORTED = "reported"
    UNSIGNED_CLAIM = "unsigned_claim"
    NONE = "none"


NOT_VERIFIED = "not_verified"
INDEX_CLAIMED, ALIAS_CLAIMED = "index_claimed", "alias_claimed"
"""Reasons: the signature may be good, but that it speaks for this digest is nobody's proof."""
ORIGIN = (Predicate.PROVENANCE, Predicate.IMAGE_SIGNATURE, Predicate.SIGNATURE)
"""Predicates that tell where an artifact comes from."""

_ORIGINS = ", ".join(f"'{predicate.value}'" for predicate in ORIGIN)
RANKS = {verdict: rank for rank, verdict in enumerate(Verdict)}
_RANK = "CASE {0} " + " ".join(f"WHEN '{verdict.value}' THEN {rank}" for verdict, rank in RANKS.items()) + " END"
_VERIFIED = f"('{Verdict.VERIFIED_EXPECTED.value}', '{Verdict.VERIFIED_UNEXPECTED.value}')"

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
           nullif(p.builder_id, '') AS builder, nullif(p.repository, '') AS repository, nullif(p.commit, '') AS commit,
           nullif(p.workflow_path, '') AS workflow, NULL::text AS signer
    FROM found f
    JOIN inventory_attestation a ON a.id = f.attestation_id
    LEFT JOIN inventory_provenance p ON p.attestation_id = a.id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN a.signature_count = 0 THEN '{Verdict.UNSIGNED_CLAIM}' ELSE '{Verdict.UNSUPPORTED}' END
                   AS verdict,
               CASE WHEN a.signature_count = 0 THEN '' ELSE '{NOT_VERIFIED}' END AS code,
               '[]'::jsonb AS reasons,
               CASE WHEN p.builder_id <> '' AND p.build_type <> '' THEN 1 ELSE 0 END AS level
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
judged AS (SELECT *, {_RANK.format("verdict")} AS rank FROM capped)
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
