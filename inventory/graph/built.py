"""What is known of how artifacts were made, as proofs need it: their SBOMs, and their builds as attestations tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.graph.judged import JUDGED
from inventory.graph.statements import fetch
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class SbomOf:
    """One SBOM of an artifact. `applied_at` is when search could see it."""

    artifact_id: int
    is_complete: bool
    component_count: int
    evidence: UUID
    received_at: datetime
    applied_at: datetime


@dataclass(frozen=True, slots=True)
class BuildOf:
    """One attestation that tells where an artifact comes from, with its verdict.

    Times of the build are its builder's claim, `signed_at` is proven. `inputs` are the digests and commits of its
    recorded inputs; `input_count` counts all of them.
    """

    artifact_id: int
    predicate: str
    verdict: str
    code: str
    builder: str | None
    repository: str | None
    commit: str | None
    workflow: str | None
    run: str | None
    started_at: datetime | None
    finished_at: datetime | None
    signed_at: datetime | None
    inputs: Sequence[str]
    input_count: int
    evidence: UUID | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Ids:
    """Numbers of artifacts as the text of an array: an incident asks for hundreds of thousands, the same each time."""

    text: str
    count: int

    @classmethod
    def of(cls, artifact_ids: Collection[int]) -> Ids:
        return cls(f"{{{','.join(map(str, sorted(artifact_ids)))}}}", len(artifact_ids))


_SBOMS = f"""
SELECT s.artifact_id, n.is_complete, n.component_count, e.public_id, e.received_at, st.applied_at
FROM inventory_snapshotsubject s
JOIN inventory_snapshot n ON n.id = s.snapshot_id AND n.track_id = s.track_id
JOIN inventory_track t ON t.id = s.track_id
JOIN inventory_evidence e ON e.id = n.evidence_id
JOIN inventory_evidencestate st ON st.evidence_id = e.id
WHERE s.artifact_id = ANY(%(ids)s::int[]) AND {own("t.team_id")}
ORDER BY s.artifact_id, n.evidence_id
"""
_MANY = 1_000
"""Artifacts from which on those of which nothing is attested are left out first."""
_ASKED = "asked AS (SELECT unnest(%(ids)s::int[]) AS id)"
_ATTESTED = """
attested AS (
    SELECT artifact_id AS id FROM inventory_attestationsubject
    UNION SELECT artifact_id FROM inventory_reportedverification
),
spoken_for AS (
    SELECT id FROM attested
    UNION SELECT m.member_id FROM attested a JOIN inventory_indexmember m ON m.index_id = a.id
),
told AS (
    SELECT id FROM spoken_for
    UNION SELECT x.alias_id FROM spoken_for s JOIN inventory_artifactalias x ON x.artifact_id = s.id
    UNION SELECT x.artifact_id FROM spoken_for s JOIN inventory_artifactalias x ON x.alias_id = s.id
),
asked AS MATERIALIZED (
    SELECT given.id FROM unnest(%(ids)s::int[]) AS given(id) WHERE given.id IN (SELECT id FROM told)
)"""
"""The same, but for what nothing can be attested of: the way of JUDGED (graph/judged.py), from its other end.

An incident asks for hundreds of thousands, most of which may have no attestation.
"""
_BUILDS = f"""
WITH {{asked}}, {JUDGED}
SELECT j.asked_id, j.predicate, j.verdict, j.code, j.builder, j.repository, j.commit, j.workflow,
       nullif(p.invocation_id, ''), p.started_at, p.finished_at, r.signed_at,
       coalesce(i.digests, '{{{{}}}}'), coalesce(i.count, 0), d.public_id, j.first_received_at
FROM judged j
LEFT JOIN inventory_provenance p ON p.attestation_id = j.attestation_id
LEFT JOIN inventory_attestationverdict w ON w.attestation_id = j.attestation_id
LEFT JOIN inventory_verificationresult r ON r.id = w.result_id AND r.outcome = 'valid'
LEFT JOIN LATERAL (
    SELECT array_agg(x) FILTER (WHERE x <> '') AS digests, count(DISTINCT y.id) AS count
    FROM inventory_provenancedependency y CROSS JOIN LATERAL unnest(ARRAY[y.digest, y.commit]) AS x
    WHERE y.provenance_id = j.attestation_id
) i ON true
LEFT JOIN LATERAL (
    SELECT e.public_id FROM inventory_attestationsource c JOIN inventory_evidence e ON e.id = c.evidence_id
    WHERE c.attestation_id = j.attestation_id ORDER BY c.id LIMIT 1
) d ON true
WHERE j.is_origin
ORDER BY j.asked_id, j.rank, j.first_received_at, j.attestation_id
"""


def sboms_of(artifact_ids: Collection[int], *, actor: Actor) -> list[SbomOf]:
    """Return the visible SBOMs that are about these artifacts themselves. One statement."""
    return fetch(SbomOf, _SBOMS, _parameters(artifact_ids, actor=actor)) if artifact_ids else []


def builds_of(artifact_ids: Collection[int] | Ids, *, actor: Actor) -> list[BuildOf]:
    """Return what is attested of the origin of these artifacts, the most believable first. One statement."""
    ids = artifact_ids if isinstance(artifact_ids, Ids) else Ids.of(artifact_ids)
    if not ids.count:
        return []
    asked = _ATTESTED if ids.count > _MANY else _ASKED
    return fetch(BuildOf, _BUILDS.format(asked=asked), {"ids": ids.text, "teams": visible_teams(actor)})


def _parameters(artifact_ids: Collection[int], *, actor: Actor) -> dict[str, object]:
    return {"ids": Ids.of(artifact_ids).text, "teams": visible_teams(actor)}
