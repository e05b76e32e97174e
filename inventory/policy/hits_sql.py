"""What a block reaches, as SQL: asked of the tables each time, so that a block binds as soon as it is committed.

Everybody's evidence counts, claimed or verified: that somebody says so is enough to block, and never enough to allow.
"""

from __future__ import annotations

MAX_BASES = 6
"""How many images below an image are looked at, each the base of the one before."""

STORED = """
SELECT id, public_id, kind, selector, value, issuer, namespace, package_type, package_namespace, package_name, reason,
       incident, created_at
FROM policy_block WHERE ends_at IS NULL OR ends_at > %(at)s
"""
"""Blocks that bind at `%(at)s`."""
PROPOSED = """
SELECT 0::bigint AS id, NULL::uuid AS public_id, %(kind)s::text AS kind, %(selector)s::jsonb AS selector,
       %(value)s::text AS value, %(issuer)s::text AS issuer, %(namespace)s::text AS namespace,
       %(package_type)s::text AS package_type, %(package_namespace)s::text AS package_namespace,
       %(package_name)s::text AS package_name, %(reason)s::text AS reason, NULL::uuid AS incident,
       %(at)s::timestamptz AS created_at
"""
"""One block that nobody has set yet."""

_REACH = f"""
asked AS (SELECT digest, n::int FROM unnest(%(digests)s::text[]) WITH ORDINALITY AS listed(digest, n)),
reach (n, id, digest, base, side) AS (
    SELECT k.n, a.id, k.digest::text COLLATE "C", 0, 0
    FROM asked k LEFT JOIN inventory_artifact a ON a.digest = k.digest
    UNION
    SELECT r.n, e.id, e.digest, e.base, e.side FROM reach r CROSS JOIN LATERAL (
        SELECT a.id, a.digest::text COLLATE "C" AS digest, r.base, near.side FROM (
            SELECT artifact_id AS id, r.side AS side FROM inventory_artifactalias WHERE alias_id = r.id
            UNION ALL SELECT alias_id, r.side FROM inventory_artifactalias WHERE artifact_id = r.id
            UNION ALL SELECT index_id, 1 FROM inventory_indexmember WHERE member_id = r.id AND r.side = 0
            UNION ALL SELECT member_id, 2 FROM inventory_indexmember WHERE index_id = r.id AND r.side = 0
        ) near JOIN inventory_artifact a ON a.id = near.id WHERE a.digest IS NOT NULL
        UNION ALL
        SELECT a.id, below.digest::text COLLATE "C", r.base + 1, 0 FROM (
            SELECT d.digest FROM inventory_attestationsubject o
            JOIN inventory_provenancedependency d ON d.provenance_id = o.attestation_id AND d.digest <> ''
            WHERE o.artifact_id = r.id
            UNION SELECT value FROM inventory_artifactclaim
                  WHERE artifact_id = r.id AND claim IN ('base_digest', 'base_spdx')
        ) below LEFT JOIN inventory_artifact a ON a.digest = below.digest WHERE r.base < {MAX_BASES}
    ) e
)
"""
"""`reach`: every digest that speaks for an asked one. `side` 1 is an index above, 2 a platform below; from neither
does it go on to siblings. `base` counts images (or other inputs of the build) that it was made from."""

_LAYERED = """
blocked_image AS (
    SELECT DISTINCT b.id AS block_id, kin.id FROM block b JOIN inventory_artifact a ON a.digest = b.value
    CROSS JOIN LATERAL (
        SELECT a.id
        UNION SELECT alias_id FROM inventory_artifactalias WHERE artifact_id = a.id
        UNION SELECT member_id FROM inventory_indexmember WHERE index_id = a.id
        UNION SELECT x.alias_id FROM inventory_indexmember m
              JOIN inventory_artifactalias x ON x.artifact_id = m.member_id WHERE m.index_id = a.id
    ) kin WHERE b.kind = 'artifact'
),
blocked_layers AS (
    SELECT i.block_id, l.artifact_id, array_agg(DISTINCT ROW(l.position, l.digest)::text) AS layers
    FROM blocked_image i JOIN inventory_imagelayer l ON l.artifact_id = i.id GROUP BY i.block_id, l.artifact_id
),
layered AS (
    SELECT DISTINCT own.n, b.block_id, b.artifact_id FROM (
        SELECT r.n, l.artifact_id, array_agg(DISTINCT ROW(l.position, l.digest)::text) AS layers
        FROM reach r JOIN inventory_imagelayer l ON l.artifact_id = r.id
        WHERE EXISTS (SELECT FROM blocked_layers) GROUP BY r.n, l.artifact_id
    ) own JOIN blocked_layers b ON own.layers @> b.layers AND own.artifact_id <> b.artifact_id
)
"""
"""`layered`: images that begin with all layers of a blocked one, whatever else they say of their base."""

_ORIGINS = """
named AS (
    SELECT r.n, r.digest, r.base, r.side, o.attestation_id
    FROM reach r JOIN inventory_attestationsubject o ON o.artifact_id = r.id
    WHERE EXISTS (SELECT FROM block WHERE kind IN ('builder', 'repository', 'signer'))
),
told AS (
    SELECT * FROM named
    UNION ALL
    SELECT k.n, k.digest, k.base, k.side, l.id FROM named k
    JOIN inventory_attestation p ON p.id = k.attestation_id AND p.envelope = 'simple-signing'
    JOIN inventory_attestation l ON l.payload_digest = p.payload_digest
    WHERE l.envelope = 'cosign-layer' AND l.subject_count = 0
),
origin AS (
    SELECT t.n, t.digest, t.base, t.side, 'builder' AS kind, p.builder_id AS value, '' AS issuer, 'claimed' AS how
    FROM told t JOIN inventory_provenance p USING (attestation_id)
    UNION
    SELECT t.n, t.digest, t.base, t.side, 'repository', p.repository, '', 'claimed'
    FROM told t JOIN inventory_provenance p USING (attestation_id)
    UNION
    SELECT t.n, t.digest, t.base, t.side, one.kind, one.value, one.issuer, r.verdict
    FROM told t JOIN inventory_verificationresult r USING (attestation_id)
    CROSS JOIN LATERAL (VALUES ('builder', r.builder_id, ''), ('repository', r.repository, ''),
                               ('signer', r.identity, r.issuer), ('signer', r.key_fingerprint, '')
    ) AS one (kind, value, issuer)
    UNION
    SELECT t.n, t.digest, t.base, t.side, 'signer', s.key_id, '', 'claimed'
    FROM told t JOIN inventory_attestationsignature s USING (attestation_id)
    UNION
    SELECT r.n, r.digest, r.base, r.side, one.kind, one.value, one.issuer, 'reported'
    FROM reach r JOIN inventory_reportedverification v ON v.artifact_id = r.id
    CROSS JOIN LATERAL (VALUES ('builder', v.builder_id, ''), ('repository', v.repository, ''),
                               ('signer', v.identity, v.issuer)
    ) AS one (kind, value, issuer)
    UNION
    SELECT r.n, r.digest, r.base, r.side, 'source', c.value, '', 'claimed'
    FROM reach r JOIN inventory_artifactclaim c ON c.artifact_id = r.id AND c.claim = 'source'
    WHERE EXISTS (SELECT FROM block WHERE kind = 'repository')
)
"""
"""`origin`: whoever is said to have built or signed it, verified or not, and by what repository."""

_CONTENT = """
point AS (
    SELECT DISTINCT r.n, r.base, r.side, r.digest, s.track_id, s.seq
    FROM reach r JOIN inventory_snapshotsubject s ON s.artifact_id = r.id
    WHERE EXISTS (SELECT FROM block WHERE kind = 'package') AND (r.base = 0 OR NOT EXISTS (
        SELECT FROM reach own JOIN inventory_snapshotsubject s ON s.artifact_id = own.id
        WHERE own.n = r.n AND own.base = 0))
),
contained AS (
    SELECT DISTINCT t.n, t.base, t.side, t.digest, b.id AS block_id, c.version, c.identity,
           c.package_id <> k.id AS by_source, k.type
    FROM block b
    JOIN inventory_package k ON k.type = b.package_type AND k.name_key = b.package_name
         AND (b.package_namespace IS NULL OR k.namespace_key = b.package_namespace)
    CROSS JOIN LATERAL (
        SELECT id, version, identity, package_id FROM inventory_component WHERE package_id = k.id
        UNION ALL
        SELECT id, version, identity, package_id FROM inventory_component
        WHERE source_package_id = k.id AND package_id <> k.id
    ) c
    JOIN inventory_presence p ON p.component_id = c.id
    JOIN point t ON t.track_id = p.track_id AND p.from_seq <= t.seq AND p.to_seq > t.seq
    WHERE b.kind = 'package'
)
"""
"""`contained`: versions of blocked packages in the SBOMs about them. Which of them are meant, their order tells. What a
base contains counts where no SBOM is about the image itself: another layer may have taken it away."""

_FOUND = """
found (n, block_id, how, base, side, digest, detail, version, type, by_source) AS (
    SELECT r.n, b.id, 'digest', r.base, r.side, r.digest, '', '', '', false
    FROM reach r JOIN block b ON b.kind = 'artifact' AND b.value = r.digest
    UNION ALL
    SELECT l.n, l.block_id, 'layers', 1, 0, a.digest, '', '', '', false
    FROM layered l JOIN inventory_artifact a ON a.id = l.artifact_id
    UNION ALL
    SELECT o.n, b.id, o.kind, o.base, o.side, o.digest, o.how, '', '', false
    FROM origin o JOIN block b ON b.kind = o.kind AND b.value = o.value
         AND (b.issuer = '' OR o.issuer IN ('', b.issuer))
    UNION ALL
    SELECT o.n, b.id, 'source', o.base, o.side, o.digest, o.value, '', '', false
    FROM origin o JOIN block b ON b.kind = 'repository'
         AND strpos(lower(o.value), lower(split_part(b.value, '/', -1))) > 0
    WHERE o.kind = 'source'
    UNION ALL
    SELECT n, block_id, 'package', base, side, digest, identity, version, type, by_source FROM contained
    UNION ALL
    SELECT 0, id, 'place', 0, 0, '', '', '', '', false FROM block WHERE kind IN ('service', 'environment', 'cluster')
)
"""
HITS = f"""
WITH RECURSIVE block AS MATERIALIZED ({{blocks}}), {_REACH}, {_LAYERED}, {_ORIGINS}, {_CONTENT}, {_FOUND}
SELECT f.n, f.how, f.base, f.side, f.digest, f.detail, f.version, f.type, f.by_source,
       b.public_id, b.kind, b.selector::text, b.reason, b.incident, b.created_at
FROM found f JOIN block b ON b.id = f.block_id
ORDER BY f.n, b.id, f.base, f.side, f.how, f.digest COLLATE "C", f.detail COLLATE "C"
"""
"""What of `{blocks}` may hit the asked digest number n, and by what. Rows of `package` and `source` are still to be
judged, by the order of versions and by the address; those of `place` are all freezes, whose place is compared later."""
