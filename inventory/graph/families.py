"""How digests of one image meet: index, platform manifest, config and second digests (docs/architecture.md, Families).

A fact about a member applies to that member; what an index is known to hold reaches a container that reports the index,
surely when the node's architecture leaves one member, otherwise as a possibility. A member never speaks for its
siblings. Every edge is some team's: a join is visible to those who see all the teams whose facts it rests on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.formats.records import ArtifactKind
from inventory.graph.statements import fetch
from inventory.graph.visibility import all_own

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from supplychain.access.actors import Actor

_CANDIDATES = """
WITH reported AS ({intervals}),
same AS (
    SELECT id, artifact_id, node_architecture, ARRAY[team_id]::bigint[] AS teams FROM reported
    UNION ALL
    SELECT r.id, a.artifact_id, r.node_architecture, ARRAY[r.team_id, a.team_id]::bigint[]
    FROM reported r JOIN inventory_artifactalias a ON a.alias_id = r.artifact_id
    UNION ALL
    SELECT r.id, a.alias_id, r.node_architecture, ARRAY[r.team_id, a.team_id]::bigint[]
    FROM reported r JOIN inventory_artifactalias a ON a.artifact_id = r.artifact_id
),
member AS (
    SELECT s.id, m.member_id AS artifact_id, s.teams || m.team_id AS teams,
           count(*) OVER (PARTITION BY s.id, s.artifact_id, s.teams, m.index_id, m.team_id) > 1 AS is_ambiguous
    FROM same s JOIN inventory_indexmember m ON m.index_id = s.artifact_id
    WHERE s.node_architecture = '' OR m.architecture = '' OR m.architecture = s.node_architecture
),
candidate AS (
    SELECT id, artifact_id, teams, 0 AS certainty FROM same
    UNION ALL
    SELECT id, artifact_id, teams, is_ambiguous::int FROM member
    UNION ALL
    SELECT m.id, a.alias_id, m.teams || a.team_id, m.is_ambiguous::int
    FROM member m JOIN inventory_artifactalias a ON a.artifact_id = m.artifact_id
    UNION ALL
    SELECT s.id, m.index_id, s.teams || m.team_id, 1
    FROM same s JOIN inventory_indexmember m ON m.member_id = s.artifact_id
)
"""
RUN_CANDIDATES = f"""
{_CANDIDATES}
SELECT id, artifact_id, certainty, ARRAY(SELECT DISTINCT team FROM unnest(teams) AS team ORDER BY team) AS teams
FROM candidate
"""
"""SELECT (id, artifact_id, certainty, teams): what each interval runs, surely (0) or possibly (1), whose facts say so.
`{intervals}` selects (id, team_id, artifact_id, node_architecture)."""

RUN_POINTS = f"""
SELECT interval_id, artifact_id, track_id, seq, teams, min(certainty)::smallint AS certainty, is_complete
FROM (
    SELECT c.id AS interval_id, c.artifact_id, s.track_id, s.seq, c.certainty, n.is_complete,
           ARRAY(SELECT DISTINCT team FROM unnest(c.teams || t.team_id) AS team ORDER BY team) AS teams
    FROM ({RUN_CANDIDATES}) c
    JOIN inventory_snapshotsubject s ON s.artifact_id = c.artifact_id
    JOIN inventory_snapshot n ON n.id = s.snapshot_id AND n.distinct_count > 0
    JOIN inventory_track t ON t.id = s.track_id
) point
GROUP BY interval_id, artifact_id, track_id, seq, teams, is_complete
"""
"""SELECT (interval_id, artifact_id, track_id, seq, teams, certainty, is_complete): `artifact_id` is what an SBOM is
about, and what the interval runs, surely (0) or possibly (1). An SBOM that lists nothing tells nothing: no point.
`{intervals}` is as in RUN_CANDIDATES."""

SEEN_CANDIDATES = f"{_CANDIDATES} SELECT id, artifact_id, certainty FROM candidate WHERE {all_own('teams')}"
"""SELECT (id, artifact_id, certainty): RUN_CANDIDATES as far as `%(teams)s` see it, who is not told apart."""
SEEN_POINTS = f"""
SELECT c.id AS interval_id, c.artifact_id, s.track_id, s.seq, min(c.certainty)::smallint AS certainty, n.is_complete
FROM ({SEEN_CANDIDATES}) c
CROSS JOIN LATERAL (
    SELECT track_id, seq, snapshot_id FROM inventory_snapshotsubject WHERE artifact_id = c.artifact_id OFFSET 0) s
JOIN inventory_snapshot n ON n.id = s.snapshot_id AND n.distinct_count > 0
WHERE %(teams)s::bigint[] IS NULL OR EXISTS (
    SELECT FROM inventory_track t WHERE t.id = s.track_id AND t.team_id = ANY(%(teams)s::bigint[]))
GROUP BY c.id, c.artifact_id, s.track_id, s.seq, n.is_complete
"""
"""The same of RUN_POINTS: what is read of the past. To sort each row's teams would be half of the work."""

FAMILY_MEMBERS = """
WITH RECURSIVE family(id, depth) AS (
    SELECT id, 0 FROM unnest(%(ids)s::int[]) AS id
    UNION
    SELECT edge.b, f.depth + 1 FROM family f JOIN LATERAL (
        SELECT member_id AS b FROM inventory_indexmember WHERE index_id = f.id
        UNION ALL SELECT index_id FROM inventory_indexmember WHERE member_id = f.id
        UNION ALL SELECT artifact_id FROM inventory_artifactalias WHERE alias_id = f.id
        UNION ALL SELECT alias_id FROM inventory_artifactalias WHERE artifact_id = f.id) edge ON true
    WHERE f.depth < 3
)
"""
"""WITH family (id): `%(ids)s` and all artifacts that anybody's membership or alias joins to them."""
FAMILY = f"{FAMILY_MEMBERS} SELECT DISTINCT id FROM family"
_CONFIGS = """inventory_artifactalias x
    JOIN inventory_artifact c ON c.id = x.alias_id JOIN inventory_artifact m ON m.id = x.artifact_id
    WHERE split_part(c.digest, ':', 1) = split_part(m.digest, ':', 1)"""
"""Aliases that are configs: a second digest by another algorithm names the same bytes, and says nothing of them."""
KINDS = f"""
SELECT artifact_id, kind FROM (
    SELECT index_id AS artifact_id, 'oci_index' AS kind, team_id FROM inventory_indexmember
    WHERE index_id = ANY(%(ids)s)
    UNION ALL
    SELECT member_id, 'oci_manifest', team_id FROM inventory_indexmember WHERE member_id = ANY(%(ids)s)
    UNION ALL
    SELECT x.alias_id, 'oci_config', x.team_id FROM {_CONFIGS} AND x.alias_id = ANY(%(ids)s)
    UNION ALL
    SELECT x.artifact_id, 'oci_manifest', x.team_id FROM {_CONFIGS} AND x.artifact_id = ANY(%(ids)s)
    UNION ALL
    SELECT s.artifact_id, s.kind, t.team_id FROM inventory_snapshotsubject s JOIN inventory_track t ON t.id = s.track_id
    WHERE s.artifact_id = ANY(%(ids)s) AND s.kind <> 'unknown'
    UNION ALL
    SELECT DISTINCT artifact_id, digest_kind, team_id FROM inventory_runinterval
    WHERE artifact_id = ANY(%(ids)s) AND digest_kind <> 'unknown'
    UNION ALL
    SELECT id, 'named', NULL FROM inventory_artifact WHERE id = ANY(%(ids)s) AND digest IS NULL
) stated
WHERE %(teams)s::bigint[] IS NULL OR team_id IS NULL OR team_id = ANY(%(teams)s)
GROUP BY artifact_id, kind
"""
"""SELECT (artifact_id, kind): what facts of `%(teams)s` call the artifacts `%(ids)s`. `choose_kinds` decides."""
_PRECEDENCE = (
    ArtifactKind.NAMED,
    ArtifactKind.OCI_INDEX,
    ArtifactKind.OCI_CONFIG,
    ArtifactKind.OCI_MANIFEST,
    ArtifactKind.FILE,
    ArtifactKind.UNKNOWN,
)
"""Which statement wins when documents call one digest by two kinds: what a listing proves, before what a form says."""


def kinds(artifact_ids: Collection[int], *, actor: Actor) -> dict[int, ArtifactKind]:
    """Return what each artifact is, as far as facts of the actor's teams tell; UNKNOWN otherwise. One statement."""
    if not artifact_ids:
        return {}
    parameters = {"ids": sorted(artifact_ids), "teams": visible_teams(actor)}
    return choose_kinds(artifact_ids, stated=fetch(lambda *row: row, KINDS, parameters))


def choose_kinds(artifact_ids: Iterable[int], *, stated: Iterable[tuple[int, str]]) -> dict[int, ArtifactKind]:
    """Return one kind for each artifact, of those that the rows of KINDS state."""
    by_artifact: dict[int, set[str]] = {artifact_id: set() for artifact_id in artifact_ids}
    for artifact_id, kind in stated:
        by_artifact[artifact_id].add(kind)
    return {
        artifact_id: next((kind for kind in _PRECEDENCE if kind in found), ArtifactKind.UNKNOWN)
        for artifact_id, found in by_artifact.items()
    }


def visible_teams(actor: Actor) -> list[int] | None:
    """Return the teams whose rows the actor may see as an SQL parameter: None means all of them."""
    return None if actor.team_ids is None else sorted(actor.team_ids)
