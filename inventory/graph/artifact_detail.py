"""One artifact in full: its names, its family of digests, the SBOMs about it and what runs of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.artifacts import find_artifact
from inventory.graph.families import kinds, visible_teams
from inventory.graph.statements import fetch
from inventory.graph.visibility import RUNNING_INTERVALS, own

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from inventory.formats.records import ArtifactKind
    from supplychain.access.actors import Actor

MAX_NAMES = 200
MAX_FAMILY = 500
MAX_SBOMS = 500


@dataclass(frozen=True, slots=True)
class NameRow:
    """A name by which own evidence or clusters call the artifact. `tag` is '' where there is none."""

    name: str
    tag: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A manifest of an index (or the index of a manifest) and its platform, as the evidence states."""

    digest: str
    os: str
    architecture: str
    variant: str
    evidence: UUID


@dataclass(frozen=True, slots=True)
class AliasRow:
    """Another digest of the same bytes: an `alias` (its config, another algorithm) or what this is `alias_of`."""

    digest: str
    relation: str
    evidence: UUID


@dataclass(frozen=True, slots=True)
class SbomRow:
    """An SBOM about the artifact, newest first. `component_count` counts repeated components each time."""

    evidence: UUID
    format: str
    format_version: str
    producer: str
    producer_version: str
    received_at: datetime
    component_count: int
    distinct_count: int
    is_complete: bool
    source: str
    confidence: int
    warning_count: int


@dataclass(frozen=True, slots=True)
class ArtifactDetail:
    """What own facts say of one artifact. `component_count`: distinct components of all its SBOMs together.

    `sboms` are the newest MAX_SBOMS of `sbom_count`.
    """

    digest: str
    kind: ArtifactKind
    names: tuple[NameRow, ...]
    members: tuple[MemberRow, ...]
    member_of: tuple[MemberRow, ...]
    aliases: tuple[AliasRow, ...]
    sboms: tuple[SbomRow, ...]
    sbom_count: int
    component_count: int
    workload_count: int
    namespace_count: int
    cluster_count: int

    @property
    def is_running(self) -> bool:
        return self.workload_count > 0


_NAMES = f"""
SELECT name, tag, min(first_seen_at) FROM inventory_artifactname n
WHERE artifact_id = %(id)s AND {own("n.team_id")} GROUP BY name, tag ORDER BY name, tag LIMIT %(names)s
"""
_FAMILY = f"""
SELECT relation, digest, os, architecture, variant, evidence FROM (
    SELECT DISTINCT ON (relation, a.digest, os, architecture, variant)
           relation, a.digest, os, architecture, variant, e.public_id AS evidence
    FROM (
        SELECT 'member' AS relation, member_id AS other_id, os, architecture, variant, evidence_id
        FROM inventory_indexmember m WHERE index_id = %(id)s AND {own("m.team_id")}
        UNION ALL
        SELECT 'member_of', index_id, os, architecture, variant, evidence_id
        FROM inventory_indexmember m WHERE member_id = %(id)s AND {own("m.team_id")}
        UNION ALL
        SELECT 'alias', alias_id, '', '', '', evidence_id
        FROM inventory_artifactalias x WHERE artifact_id = %(id)s AND {own("x.team_id")}
        UNION ALL
        SELECT 'alias_of', artifact_id, '', '', '', evidence_id
        FROM inventory_artifactalias x WHERE alias_id = %(id)s AND {own("x.team_id")}
    ) edge
    JOIN inventory_artifact a ON a.id = edge.other_id
    JOIN inventory_evidence e ON e.id = edge.evidence_id
    ORDER BY relation, a.digest, os, architecture, variant, edge.evidence_id
) family ORDER BY relation, digest, os, architecture, variant LIMIT %(family)s
"""
_SBOMS = f"""
SELECT e.public_id, coalesce(st.understood -> 'sboms' -> p.part::int ->> 'format', st.format),
       coalesce(st.understood -> 'sboms' -> p.part::int ->> 'format_version', st.format_version),
       t.producer, p.producer_version, e.received_at,
       p.component_count, p.distinct_count, p.is_complete, s.source, s.confidence, st.warning_count
FROM inventory_snapshotsubject s
JOIN inventory_track t ON t.id = s.track_id
JOIN inventory_snapshot p ON p.id = s.snapshot_id
JOIN inventory_evidence e ON e.id = p.evidence_id
JOIN inventory_evidencestate st ON st.evidence_id = e.id
WHERE s.artifact_id = %(id)s AND {own("t.team_id")} ORDER BY e.received_at DESC, e.id DESC LIMIT %(sboms)s
"""
_COUNTS = f"""
WITH running AS ({RUNNING_INTERVALS})
SELECT (SELECT count(DISTINCT p.component_id)
        FROM inventory_snapshotsubject s JOIN inventory_track t ON t.id = s.track_id
        JOIN inventory_presence p ON p.track_id = s.track_id AND p.from_seq <= s.seq AND p.to_seq > s.seq
        WHERE s.artifact_id = %(id)s AND {own("t.team_id")}),
       (SELECT count(*) FROM inventory_snapshotsubject s JOIN inventory_track t ON t.id = s.track_id
        WHERE s.artifact_id = %(id)s AND {own("t.team_id")}),
       count(DISTINCT w.id), count(DISTINCT (w.cluster_id, w.namespace)), count(DISTINCT w.cluster_id)
FROM running r JOIN inventory_workload w ON w.id = r.workload_id
"""


def read_artifact(digest: str, *, actor: Actor) -> ArtifactDetail:
    """Return all that own facts say of a digest; raises ArtifactNotFoundError. Six statements."""
    artifact_id = find_artifact(digest, actor=actor)
    parameters = {
        "id": artifact_id,
        "ids": [artifact_id],
        "teams": visible_teams(actor),
        "names": MAX_NAMES,
        "family": MAX_FAMILY,
        "sboms": MAX_SBOMS,
    }
    relatives = fetch(_Relative, _FAMILY, parameters)
    counts = fetch(_Counts, _COUNTS, parameters)[0]
    return ArtifactDetail(
        digest=digest,
        kind=kinds([artifact_id], actor=actor)[artifact_id],
        names=tuple(fetch(NameRow, _NAMES, parameters)),
        members=tuple(relative.as_member() for relative in relatives if relative.relation == "member"),
        member_of=tuple(relative.as_member() for relative in relatives if relative.relation == "member_of"),
        aliases=tuple(relative.as_alias() for relative in relatives if relative.relation.startswith("alias")),
        sboms=tuple(fetch(SbomRow, _SBOMS, parameters)),
        sbom_count=counts.sbom_count,
        component_count=counts.component_count,
        workload_count=counts.workload_count,
        namespace_count=counts.namespace_count,
        cluster_count=counts.cluster_count,
    )


@dataclass(frozen=True, slots=True)
class _Relative:
    relation: str
    digest: str
    os: str
    architecture: str
    variant: str
    evidence: UUID

    def as_member(self) -> MemberRow:
        return MemberRow(self.digest, self.os, self.architecture, self.variant, self.evidence)

    def as_alias(self) -> AliasRow:
        return AliasRow(self.digest, self.relation, self.evidence)


@dataclass(frozen=True, slots=True)
class _Counts:
    component_count: int
    sbom_count: int
    workload_count: int
    namespace_count: int
    cluster_count: int
