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
judged AS MATERIALIZED (
    SELECT * FROM unnest(%(judged_blocks)s::bigint[], %(judged_packages)s::int[]) AS one(block_id, package_id)
    WHERE {_FILE} = %(judged_file)s::bigint AND EXISTS (SELECT FROM point)
),
meant AS MATERIALIZED (
    SELECT id, block_id, by_source
    FROM unnest(%(meant)s::int[], %(meant_blocks)s::bigint[], %(meant_by_source)s::bool[])
         AS one(id, block_id, by_source)
    WHERE {_FILE} = %(judged_file)s::bigint
    UNION ALL
    SELECT c.id, j.block_id, false FROM judged j CROSS JOIN LATERAL (
        SELECT id FROM inventory_component WHERE package_id = j.package_id AND id > %(settled)s::int OFFSET 0) c
    WHERE EXISTS (SELECT FROM inventory_component WHERE id > %(settled)s::int)
    UNION ALL
    SELECT c.id, j.block_id, true FROM judged j CROSS JOIN LATERAL (
        SELECT id FROM inventory_component WHERE source_package_id = j.package_id OFFSET 0) c
    WHERE (j.block_id << 32) + c.id NOT IN (SELECT unnest(%(judged_sources)s::bigint[]))
    UNION ALL
    SELECT c.id, b.id, c.by_source
    FROM block b CROSS JOIN LATERAL (
        SELECT id FROM inventory_package WHERE name_key = b.package_name AND type = b.package_type
           AND (b.package_namespace IS NULL OR namespace_key = b.package_namespace) OFFSET 0) k
    CROSS JOIN LATERAL (
        SELECT id, false AS by_source FROM inventory_component WHERE package_id = k.id
        UNION ALL SELECT id, true FROM inventory_component WHERE source_package_id = k.id
    ) c
    WHERE b.kind = 'package' AND EXISTS (SELECT FROM point)
      AND (b.id NOT IN (SELECT block_id FROM judged)
           OR EXISTS (SELECT FROM inventory_package WHERE id > %(settled_package)s::int))
      AND (b.id NOT IN (SELECT block_id FROM judged) OR k.id > %(settled_package)s::int)
),
content AS MATERIALIZED (
    SELECT t.track_id, p.component_id FROM (SELECT DISTINCT track_id FROM point) t CROSS JOIN LATERAL (
        SELECT component_id FROM inventory_presence
        WHERE track_id = t.track_id AND component_id = ANY(ARRAY(SELECT id FROM meant)) OFFSET 0) p
),
contained AS (
    SELECT DISTINCT t.n, t.base, t.side, t.digest, m.block_id, o.version, o.identity, m.by_source
    FROM content c JOIN meant m ON m.id = c.component_id JOIN point t ON t.track_id = c.track_id
    CROSS JOIN LATERAL (
        SELECT version, identity FROM inventory_component
        WHERE id = c.component_id AND NOT (m.by_source AND package_id = source_package_id) OFFSET 0) o
    CROSS JOIN LATERAL (
        SELECT FROM inventory_presence WHERE component_id = c.component_id AND track_id = c.track_id
           AND from_seq <= t.seq AND to_seq > t.seq OFFSET 0) p
)
"""
"""`contained`: versions of blocked packages in the SBOMs about them. Which of them are meant, their order tells. What a
base contains counts where no SBOM is about the image itself: another layer may have taken it away. It is found from
the images on: a package that everything contains would be found in all of them.

`meant`: what to look for, which is more the more versions there are. Of blocks and their packages that were `judged`
before (versions.py) these are the `meant` found then; components above `settled`, which may have come since; and those
that name the package as their source and were not among `judged_sources`, for a source may be told later. Of other
blocks, and of packages above `settled_package`, all."""

_FOUND = """
found (n, block_id, how, base, side, digest, detail, version, by_source) AS (
    SELECT r.n, b.id, 'digest', r.base, r.side, r.digest, '', '', false
    FROM reach r JOIN block b ON b.kind = 'artifact' AND b.value = r.digest
    UNION ALL
    SELECT o.n, b.id, o.kind, o.base, o.side, o.digest, o.how, '', false
    FROM origin o JOIN block b ON b.kind = o.kind AND b.value = o.value
         AND (b.issuer = '' OR o.issuer IN ('', b.issuer))
    UNION ALL
    SELECT o.n, b.id, 'source', o.base, o.side, o.digest, o.value, '', false
    FROM origin o JOIN block b ON b.kind = 'repository'
         AND strpos(lower(o.value), lower(split_part(b.value, '/', -1))) > 0
    WHERE o.kind = 'source'
    UNION ALL
    SELECT n, block_id, 'package', base, side, digest, identity, version, by_source FROM contained
    UNION ALL
    SELECT 0, id, 'place', 0, 0, '', '', '', false FROM block WHERE kind IN ('service', 'environment', 'cluster')
)
"""
VERSIONS = f"""
WITH block AS MATERIALIZED ({STORED})
SELECT b.id, b.selector ->> 'range', b.package_type, k.id, c.id, c.by_source, c.version
FROM block b LEFT JOIN LATERAL (
    SELECT id FROM inventory_package WHERE name_key = b.package_name AND type = b.package_type
       AND (b.package_namespace IS NULL OR namespace_key = b.package_namespace) OFFSET 0) k ON true
LEFT JOIN LATERAL (
    SELECT id, false AS by_source, version FROM inventory_component WHERE package_id = k.id
    UNION ALL SELECT id, true, version FROM inventory_component WHERE source_package_id = k.id
) c ON true
WHERE b.kind = 'package' AND b.selector ->> 'range' IS NOT NULL ORDER BY b.id LIMIT %(limit)s
"""
"""The versions there are of blocked packages: block, range, type, package, component, whether the package is its
source, version; NULL from where there is nothing. By block: the last one alone is cut off by the limit."""
NEWEST = f"""
SELECT coalesce((SELECT max(id) FROM inventory_component), 0)::bigint,
       coalesce((SELECT max(id) FROM inventory_package), 0)::bigint, {_FILE}
"""
"""The highest ids of components and packages, and in which file components are: those of another file are others."""
WRITERS = """
SELECT DISTINCT virtualtransaction::text FROM pg_locks
WHERE locktype = 'relation' AND relation IN ('inventory_component'::regclass, 'inventory_package'::regclass)
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND mode NOT IN ('AccessShareLock', 'RowShareLock') AND pid IS DISTINCT FROM pg_backend_pid()
"""
"""Transactions of others that write components or packages now. Whoever draws an id for a row holds its table before,
and until the row is committed: an id below one that is committed is settled once the writers of that moment are gone.
"""

HITS = f"""
WITH RECURSIVE block AS MATERIALIZED ({{blocks}}), {_REACH}, {_ORIGINS}, {_CONTENT}, {_FOUND}
SELECT f.n, f.how, f.base, f.side, f.digest, f.detail, f.version, b.package_type, f.by_source,
       b.public_id, b.kind, b.selector::text, b.reason, b.incident, b.created_at
FROM found f JOIN block b ON b.id = f.block_id
ORDER BY f.n, b.id, f.base, f.side, f.how, f.digest COLLATE "C", f.detail COLLATE "C"
"""
"""What of `{blocks}` may hit the asked digest number n, and by what. Rows of `package` and `source` are still to be
judged, by the order of versions and by the address; those of `place` are all freezes, whose place is compared later."""
