"""What is told of where running artifacts come from, as a piece of SQL: by what, and whether anything of it is proven.

A failed signature tells nothing, and one that nobody has judged yet neither. Edges that only a document claims do not
count: who claims that two digests are one image must not answer for both.
"""

from __future__ import annotations

from typing import Final

from inventory.formats.attestations.records import Envelope
from inventory.graph.judged import ORIGIN
from inventory.graph.visibility import own

REPOSITORY, BUILDER, COMMIT, SIGNER, VERIFIED, CLAIMED = 1, 2, 4, 8, 16, 32
"""Bits of what is told: a repository, a builder or workflow, a commit, who signed; by verified provenance, by any."""
_ORIGINS: Final = ", ".join(f"'{predicate.value}'" for predicate in ORIGIN)
_SAME: Final = f"""
    SELECT i.artifact_id AS id
    UNION ALL
    SELECT x.artifact_id FROM inventory_artifactalias x
    WHERE x.alias_id = i.artifact_id AND x.is_proven AND {own("x.team_id")}
    UNION ALL
    SELECT x.alias_id FROM inventory_artifactalias x
    WHERE x.artifact_id = i.artifact_id AND x.is_proven AND {own("x.team_id")}
    UNION ALL
    SELECT min(m.member_id) FROM inventory_indexmember m
    WHERE m.index_id = i.artifact_id AND m.is_proven AND {own("m.team_id")}
      AND (i.node_architecture = '' OR m.architecture IN ('', i.node_architecture))
    HAVING count(DISTINCT m.member_id) = 1"""
"""The digest that a container reports, its proven others, and the one member of an index that its node can run."""
TOLD: Final = f"""
    WITH same AS MATERIALIZED ({_SAME}),
    named AS (
        SELECT id FROM same
        UNION ALL
        SELECT m.index_id FROM same s CROSS JOIN LATERAL (
            SELECT m.index_id FROM inventory_indexmember m
            WHERE m.member_id = s.id AND m.is_proven AND {own("m.team_id")} OFFSET 0) m
    ),
    attested AS MATERIALIZED (
        SELECT a.* FROM named n
        CROSS JOIN LATERAL (SELECT o.attestation_id FROM inventory_attestationsubject o
                            WHERE o.artifact_id = n.id AND {own("o.team_id")} OFFSET 0) o
        CROSS JOIN LATERAL (SELECT a.id, a.predicate, a.signature_count, a.payload_digest, a.team_id, a.envelope
                            FROM inventory_attestation a WHERE a.id = o.attestation_id OFFSET 0) a
    )
    SELECT bit_or(
        CASE WHEN f.repository THEN {REPOSITORY} ELSE 0 END | CASE WHEN f.builder THEN {BUILDER} ELSE 0 END
        | CASE WHEN f.commit THEN {COMMIT} ELSE 0 END | CASE WHEN f.signer THEN {SIGNER} ELSE 0 END
        | CASE WHEN f.builder AND f.valid THEN {VERIFIED} ELSE 0 END
        | CASE WHEN f.builder OR f.repository THEN {CLAIMED} ELSE 0 END) AS bits
    FROM (
        SELECT id, predicate, signature_count FROM attested
        UNION ALL
        SELECT l.id, l.predicate, l.signature_count FROM attested t CROSS JOIN LATERAL (
            SELECT l.id, l.predicate, l.signature_count FROM inventory_attestation l
            WHERE l.payload_digest = t.payload_digest AND l.team_id = t.team_id AND l.subject_count = 0
              AND l.envelope = '{Envelope.COSIGN_LAYER.value}' OFFSET 0) l
        WHERE t.envelope = '{Envelope.SIMPLE_SIGNING.value}'
    ) t
    LEFT JOIN LATERAL (SELECT * FROM inventory_provenance p WHERE p.attestation_id = t.id OFFSET 0) p ON true
    LEFT JOIN LATERAL (
        SELECT r.* FROM inventory_attestationverdict w JOIN inventory_verificationresult r ON r.id = w.result_id
        WHERE w.attestation_id = t.id OFFSET 0) r ON true
    CROSS JOIN LATERAL (SELECT
        t.predicate IN ({_ORIGINS}) AND (coalesce(p.repository, '') <> '' OR r.repository <> '') AS repository,
        t.predicate IN ({_ORIGINS}) AND (coalesce(p.builder_id, '') <> '' OR r.builder_id <> '') AS builder,
        t.predicate IN ({_ORIGINS}) AND (coalesce(p.commit, '') <> '' OR r.commit <> '') AS commit,
        r.outcome = 'valid' AND (r.identity <> '' OR r.key_fingerprint <> '') AS signer,
        r.outcome = 'valid' AS valid) f
    WHERE t.signature_count = 0 AND coalesce(r.outcome, '') <> 'failed' OR r.outcome IN ('valid', 'unsupported')"""
"""SELECT bits of the container `i` (artifact_id, node_architecture), for a LATERAL: NULL where nothing is told.

All of it is looked up container by container: what runs is taken for a few rows, so to join it to anything would take
the square of its length."""
