"""What a block reaches, as SQL: asked of the tables each time, so that a block binds as soon as it is committed.

Everybody's evidence counts, claimed or verified: that somebody says so is enough to block, and never enough to allow.

A table is read through a subquery with OFFSET 0, which is asked once for each row that needs it, by an index: the
planner, which cannot know how few digests are asked for, would else read the whole table.
"""

from __future__ import annotations

from inventory.graph.base_images import EMPTY_LAYERS

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

_EMPTY = ", ".join(f"'{digest}'" for digest in EMPTY_LAYERS)
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
            UNION ALL SELECT index_id, 1 FROM inventory_indexmember WHERE member_id = r.id AND r.side IN (0, 3)
            UNION ALL SELECT member_id, 2 FROM inventory_indexmember WHERE index_id = r.id AND r.side = 0
        ) near JOIN inventory_artifact a ON a.id = near.id WHERE a.digest IS NOT NULL
        UNION ALL
        SELECT a.id, below.digest::text COLLATE "C", r.base + 1, 0 FROM (
            SELECT d.digest FROM inventory_attestationsubject o CROSS JOIN LATERAL (
                SELECT digest FROM inventory_provenancedependency
                WHERE provenance_id = o.attestation_id AND digest <> '' OFFSET 0) d
            WHERE o.artifact_id = r.id
            UNION SELECT value FROM inventory_artifactclaim
                  WHERE artifact_id = r.id AND claim IN ('base_digest', 'base_spdx')
        ) below LEFT JOIN inventory_artifact a ON a.digest = below.digest WHERE r.base < {MAX_BASES}
        UNION ALL
        SELECT a.id, a.digest::text COLLATE "C", r.base + 1, 3
        FROM inventory_imagelayer m
        CROSS JOIN LATERAL (
            SELECT artifact_id FROM inventory_imagelayer WHERE is_last AND chain = m.chain OFFSET 0) t
        JOIN inventory_artifact a ON a.id = t.artifact_id
        WHERE m.artifact_id = r.id AND m.chain <> '' AND t.artifact_id <> r.id AND a.digest IS NOT NULL
          AND r.side <> 3 AND r.base < {MAX_BASES}
          AND EXISTS (SELECT FROM inventory_imagelayer s
                      WHERE s.artifact_id = m.artifact_id AND s.position <= m.position AND s.digest NOT IN ({_EMPTY}))
    ) e
)
"""
"""`reach`: every digest that speaks for an asked one. `side` 1 is an index above, 2 a platform below; from neither
does it go on to siblings. `base` counts images (or other inputs of the build) that it was made from; `side` 3 are those
whose layers it begins with, all of them at once."""

_ORIGINS = """
named AS (
    SELECT r.n, r.digest, r.base, r.side, o.attestation_id
    FROM reach r CROSS JOIN LATERAL (
        SELECT attestation_id FROM inventory_attestationsubject WHERE artifact_id = r.id OFFSET 0) o
    WHERE EXISTS (SELECT FROM block WHERE kind IN ('builder', 'repository', 'signer'))
),
told AS (
    SELECT * FROM named
    UNION ALL
    SELECT k.n, k.digest, k.base, k.side, l.id FROM named k
    CROSS JOIN LATERAL (
        SELECT payload_digest FROM inventory_attestation
        WHERE id = k.attestation_id AND envelope = 'simple-signing' OFFSET 0) p
    CROSS JOIN LATERAL (
        SELECT id FROM inventory_attestation WHERE payload_digest = p.payload_digest
           AND envelope = 'cosign-layer' AND subject_count = 0 OFFSET 0) l
),
origin AS (
    SELECT t.n, t.digest, t.base, t.side, one.kind, one.value, '' AS issuer, 'claimed' AS how
    FROM told t CROSS JOIN LATERAL (
        SELECT builder_id, repository FROM inventory_provenance WHERE attestation_id = t.attestation_id OFFSET 0) p
    CROSS JOIN LATERAL (VALUES ('builder', p.builder_id), ('repository', p.repository)) AS one (kind, value)
    UNION
    SELECT t.n, t.digest, t.base, t.side, one.kind, one.value, one.issuer, r.verdict
    FROM told t CROSS JOIN LATERAL (
        SELECT builder_id, repository, identity, issuer, key_fingerprint, verdict FROM inventory_verificationresult
        WHERE attestation_id = t.attestation_id OFFSET 0) r
    CROSS JOIN LATERAL (VALUES ('builder', r.builder_id, ''), ('repository', r.repository, ''),
                               ('signer', r.identity, r.issuer), ('signer', r.key_fingerprint, '')
    ) AS one (kind, value, issuer)
    UNION
    SELECT t.n, t.digest, t.base, t.side, 'signer', s.key_id, '', 'claimed'
    FROM told t CROSS JOIN LATERAL (
        SELECT key_id FROM inventory_attestationsignature WHERE attestation_id = t.attestation_id OFFSET 0) s
    UNION
    SELECT r.n, r.digest, r.base, r.side, one.kind, one.value, one.issuer, 'reported'
    FROM reach r CROSS JOIN LATERAL (
        SELECT builder_id, repository, identity, issuer FROM inventory_reportedverification
        WHERE artifact_id = r.id OFFSET 0) v
    CROSS JOIN LATERAL (VALUES ('builder', v.builder_id, ''), ('repository', v.repository, ''),
                               ('signer', v.identity, v.issuer)
    ) AS one (kind, value, issuer)
    WHERE EXISTS (SELECT FROM block WHERE kind IN ('builder', 'repository', 'signer'))
    UNION
    SELECT r.n, r.digest, r.base, r.side, 'source', c.value, '', 'claimed'
    FROM reach r CROSS JOIN LATERAL (
        SELECT value FROM inventory_artifactclaim WHERE artifact_id = r.id AND claim = 'source' OFFSET 0) c
    WHERE EXISTS (SELECT FROM block WHERE kind = 'repository')
)
"""
"""`origin`: whoever is said to have built or signed it, verified or not, and by what repository."""

_FILE = "pg_relation_filenode('inventory_component')::bigint"
_CONTENT = f"""
about AS (
    SELECT DISTINCT r.n, r.base, r.side, r.digest, s.track_id, s.seq
    FROM reach r CROSS JOIN LATERAL (
        SELECT track_id, seq FROM inventory_snapshotsubject WHERE artifact_id = r.id OFFSET 0) s
    WHERE EXISTS (SELECT FROM block WHERE kind = 'package')
),
point AS MATERIALIZED (SELECT * FROM about WHERE base = 0 OR n NOT IN (SELECT n FROM about WHERE base = 0)),
meant AS MATERIALIZED (
    SELECT c.id, b.id AS block_id, c.by_source, k.type
    FROM block b CROSS JOIN LATERAL (
        SELECT id, type FROM inventory_package WHERE name_key = b.package_name AND type = b.package_type
           AND (b.package_namespace IS NULL OR namespace_key = b.package_namespace) OFFSET 0) k
    CROSS JOIN LATERAL (
        SELECT id, false AS by_source FROM inventory_component WHERE package_id = k.id
        UNION ALL SELECT id, true FROM inventory_component WHERE source_package_id = k.id
    ) c
    WHERE b.kind = 'package' AND EXISTS (SELECT FROM point)
      AND (b.id << 33) + (c.id::bigint << 1) + c.by_source::int NOT IN (
          SELECT unnest(%(cleared)s::bigint[]) WHERE {_FILE} = %(cleared_file)s::bigint)
),
content AS MATERIALIZED (
    SELECT t.track_id, p.component_id FROM (SELECT DISTINCT track_id FROM point) t CROSS JOIN LATERAL (
        SELECT component_id FROM inventory_presence
        WHERE track_id = t.track_id AND component_id = ANY(ARRAY(SELECT id FROM meant)) OFFSET 0) p
),
contained AS (
    SELECT DISTINCT t.n, t.base, t.side, t.digest, m.block_id, o.version, o.identity, m.by_source, m.type
    FROM content c JOIN meant m ON m.id = c.component_id JOIN point t ON t.track_id = c.track_id
    CROSS JOIN LATERAL (
        SELECT version, identity FROM inventory_component
        WHERE id = c.component_id AND NOT (m.by_source AND package_id = source_package_id) OFFSET 0) o
    CROSS JOIN LATERAL (
        SELECT FROM inventory_presence WHERE component_id = c.component_id AND track_id = c.track_id
           AND from_seq <= t.seq AND to_seq > t.seq OFFSET 0) p
)
"""
"""`contained`: versions of blocked packages in the SBOMs about them. Which of them are meant, their order tells, of
`%(cleared)s` it has told before that they are not (versions.py). What a
base contains counts where no SBOM is about the image itself: another layer may have taken it away. It is found from
the images on: a package that everything contains would be found in all of them."""

_FOUND = """
found (n, block_id, how, base, side, digest, detail, version, type, by_source) AS (
    SELECT r.n, b.id, 'digest', r.base, r.side, r.digest, '', '', '', false
    FROM reach r JOIN block b ON b.kind = 'artifact' AND b.value = r.digest
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
VERSIONS = f"""
WITH block AS MATERIALIZED ({STORED})
SELECT (b.id << 33) + (c.id::bigint << 1) + c.by_source::int, b.selector ->> 'range', c.version, k.type, c.by_source,
       {_FILE}
FROM block b CROSS JOIN LATERAL (
    SELECT id, type FROM inventory_package WHERE name_key = b.package_name AND type = b.package_type
       AND (b.package_namespace IS NULL OR namespace_key = b.package_namespace) OFFSET 0) k
CROSS JOIN LATERAL (
    SELECT id, false AS by_source, version FROM inventory_component WHERE package_id = k.id
    UNION ALL SELECT id, true, version FROM inventory_component WHERE source_package_id = k.id
) c
WHERE b.kind = 'package' AND b.selector ->> 'range' IS NOT NULL LIMIT %(limit)s
"""
"""The versions there are of blocked packages, each with the number that `meant` knows it by, its block's range, type,
whether the package is its source, and in which file components are: those of another file have other numbers."""

HITS = f"""
WITH RECURSIVE block AS MATERIALIZED ({{blocks}}), {_REACH}, {_ORIGINS}, {_CONTENT}, {_FOUND}
SELECT f.n, f.how, f.base, f.side, f.digest, f.detail, f.version, f.type, f.by_source,
       b.public_id, b.kind, b.selector::text, b.reason, b.incident, b.created_at
FROM found f JOIN block b ON b.id = f.block_id
ORDER BY f.n, b.id, f.base, f.side, f.how, f.digest COLLATE "C", f.detail COLLATE "C"
"""
"""What of `{blocks}` may hit the asked digest number n, and by what. Rows of `package` and `source` are still to be
judged, by the order of versions and by the address; those of `place` are all freezes, whose place is compared later."""
