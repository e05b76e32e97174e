"""What became searchable, in order; and which of it can matter to what somebody waits for.

`applied_sequence` is drawn before its transaction commits, so a number may appear after a later one: who follows keeps
the numbers that are missing, and asks for them again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.graph.families import FAMILY_MEMBERS
from inventory.graph.statements import fetch

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

MOST_DOCUMENTS = 5_000
"""Of one look."""

_APPLIED = """
(SELECT applied_sequence, evidence_id, kind, subjects, applied_at FROM inventory_evidencestate
 WHERE applied_sequence > %(after)s ORDER BY applied_sequence LIMIT %(most)s)
UNION ALL
SELECT applied_sequence, evidence_id, kind, subjects, applied_at FROM inventory_evidencestate
WHERE applied_sequence = ANY(%(missing)s::bigint[]) AND applied_sequence <= %(after)s
"""
_NEWEST = "SELECT coalesce(max(applied_sequence), 0) FROM inventory_evidencestate"
_NAMES_WITHIN = """
WITH recent AS MATERIALIZED (
    SELECT track_id, seq FROM inventory_snapshot WHERE evidence_id = ANY(%(evidence)s::bigint[])
),
named AS MATERIALIZED (
    SELECT c.id, p.name_key FROM inventory_package p JOIN inventory_component c ON c.package_id = p.id
    WHERE p.name_key = ANY(%(names)s::text[])
    UNION
    SELECT c.id, p.name_key FROM inventory_package p JOIN inventory_component c ON c.source_package_id = p.id
    WHERE p.name_key = ANY(%(names)s::text[])
)
SELECT DISTINCT n.name_key FROM recent r
JOIN inventory_presence h ON h.track_id = r.track_id AND h.from_seq <= r.seq AND h.to_seq > r.seq
JOIN named n ON n.id = h.component_id
"""
_HASHES_WITHIN = """
WITH recent AS MATERIALIZED (
    SELECT track_id, seq FROM inventory_snapshot WHERE evidence_id = ANY(%(evidence)s::bigint[])
),
stated AS MATERIALIZED (
    SELECT DISTINCT component_id, value FROM inventory_componenthash WHERE value = ANY(%(hashes)s::bytea[])
)
SELECT DISTINCT encode(s.value, 'hex') FROM recent r
JOIN inventory_presence h ON h.track_id = r.track_id AND h.from_seq <= r.seq AND h.to_seq > r.seq
JOIN stated s ON s.component_id = h.component_id
"""
_BASES_NAMED = """
WITH named AS MATERIALIZED (
    SELECT DISTINCT d.digest FROM inventory_attestationsource s
    JOIN inventory_provenancedependency d ON d.provenance_id = s.attestation_id AND d.digest <> ''
    WHERE s.evidence_id = ANY(%(evidence)s::bigint[]) AND d.uri ~ '^(pkg:(docker|oci)/|docker://|oci://)'
),
known AS MATERIALIZED (SELECT a.id FROM inventory_artifact a JOIN named n ON n.digest = a.digest),
related AS (
    SELECT m.member_id AS id FROM known k JOIN inventory_indexmember m ON m.index_id = k.id
    UNION SELECT m.index_id FROM known k JOIN inventory_indexmember m ON m.member_id = k.id
    UNION SELECT x.artifact_id FROM known k JOIN inventory_artifactalias x ON x.alias_id = k.id
    UNION SELECT x.alias_id FROM known k JOIN inventory_artifactalias x ON x.artifact_id = k.id
)
SELECT digest FROM named UNION SELECT a.digest FROM inventory_artifact a JOIN related r ON r.id = a.id
"""
_RUN_MARKS = """
SELECT coalesce(md5(string_agg(token::text, ',' ORDER BY token)), '') FROM inventory_estatechange
WHERE kind IN ('present', 'past')
"""
_NEWEST_VERDICT = "SELECT coalesce(max(id), 0) FROM inventory_verificationresult"
_ARTIFACTS = "SELECT id FROM inventory_artifact WHERE digest = ANY(%(digests)s::text[])"
_WHAT_RUNS = f"""
{FAMILY_MEMBERS},
seen AS (
    SELECT id, closed_at FROM inventory_runinterval WHERE artifact_id IN (SELECT id FROM family)
    UNION
    SELECT id, closed_at FROM inventory_runinterval WHERE image_name = ANY(%(images)s::text[])
)
SELECT coalesce(md5(string_agg(id || coalesce(closed_at::text, ''), ',' ORDER BY id)), '') FROM seen
"""


@dataclass(frozen=True, slots=True)
class AppliedDocument:
    """A document that is searchable, and its place in the order of those."""

    sequence: int
    evidence_id: int
    kind: str
    subjects: Sequence[str] = field(repr=False)
    applied_at: datetime


def read_applied(after: int, *, missing: Collection[int] = ()) -> list[AppliedDocument]:
    """Return what was applied behind a number, and what of the missing ones has come; at most MOST_DOCUMENTS new."""
    parameters = {"after": after, "missing": sorted(missing), "most": MOST_DOCUMENTS}
    return fetch(AppliedDocument, _APPLIED, parameters)


def newest_sequence() -> int:
    """Return the highest number so far; 0 before the first document."""
    return fetch(int, _NEWEST, {})[0]


def read_run_marks() -> str:
    """Return what stays the same as long as what runs, and which SBOMs tell its content, does (EstateChange)."""
    return fetch(str, _RUN_MARKS, {})[0]


def newest_verdict() -> int:
    """Return the number of the newest evaluation of a signature; 0 before the first."""
    return fetch(int, _NEWEST_VERDICT, {})[0]


def bases_named(evidence_ids: Collection[int]) -> frozenset[str]:
    """Return the images that provenance in these documents names as built upon, and the rest of their families."""
    return frozenset(fetch(str, _BASES_NAMED, {"evidence": sorted(evidence_ids)})) if evidence_ids else frozenset()


def names_within(evidence_ids: Collection[int], *, names: Collection[str]) -> frozenset[str]:
    """Return which of these match keys of packages the SBOMs of these documents contain, whoever sent them."""
    if not evidence_ids or not names:
        return frozenset()
    parameters = {"evidence": sorted(evidence_ids), "names": sorted(names)}
    return frozenset(fetch(str, _NAMES_WITHIN, parameters))


def hashes_within(evidence_ids: Collection[int], *, hashes: Collection[str]) -> frozenset[str]:
    """Return which of these hashes (hex) are stated of components of the SBOMs of these documents."""
    if not evidence_ids or not hashes:
        return frozenset()
    parameters = {"evidence": sorted(evidence_ids), "hashes": [bytes.fromhex(value) for value in sorted(hashes)]}
    return frozenset(fetch(str, _HASHES_WITHIN, parameters))


def what_ran(digests: Collection[str], *, images: Collection[str]) -> str:
    """Return what stays the same as long as no container begins or ends to run these digests, or one of their family.

    Also of what a report named by these image names, without a tag. Two statements.
    """
    ids = fetch(int, _ARTIFACTS, {"digests": sorted(digests)})
    return fetch(str, _WHAT_RUNS, {"ids": ids, "images": sorted(images)})[0]
