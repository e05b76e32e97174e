"""Which documents' bytes could go, and why each other old one stays. Whoever doubts keeps.

Only bytes are ever removed: what documents said about components and about what ran stays in the graph, so no answer
about any time changes. And only bytes of documents that are old, were applied, and of which all this is true:

- nothing that they are about, nor any digest that anybody's membership or alias joins to it, through however many
  steps, runs or ran since `keep_since`; neither does anything that they reported;
- an SBOM names a digest, and the same team sent a later one about each of its digests;
- no hold of another part of the product (settings.RETENTION_HOLDS) names them;
- all other documents of the same bytes, of whichever team, could go too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

_SELECT = """
WITH RECURSIVE kin(id) AS (
    SELECT artifact_id FROM inventory_runinterval
    WHERE artifact_id IS NOT NULL AND (closed_at IS NULL OR closed_at >= %(since)s OR last_seen_at >= %(since)s)
    UNION
    SELECT edge.other FROM kin JOIN LATERAL (
        SELECT member_id AS other FROM inventory_indexmember WHERE index_id = kin.id
        UNION ALL SELECT index_id FROM inventory_indexmember WHERE member_id = kin.id
        UNION ALL SELECT artifact_id FROM inventory_artifactalias WHERE alias_id = kin.id
        UNION ALL SELECT alias_id FROM inventory_artifactalias WHERE artifact_id = kin.id) edge ON true
), old AS (
    SELECT e.id, e.public_id, e.team_id, e.blob_id, e.size_bytes, e.artifacts, e.received_at, s.kind
    FROM inventory_evidence e JOIN inventory_evidencestate s ON s.evidence_id = e.id
    WHERE e.received_at < %(since)s AND s.applied_at < %(since)s AND s.state IN ('applied', 'applied_with_warnings')
      AND NOT EXISTS (SELECT FROM inventory_evidencetombstone t WHERE t.evidence_id = e.id)
      AND (%(only)s::bigint[] IS NULL OR e.id = ANY(%(only)s))
    ORDER BY e.id LIMIT %(limit)s
), about AS (
    SELECT n.evidence_id, x.artifact_id FROM old
    JOIN inventory_snapshot n ON n.evidence_id = old.id
    JOIN inventory_snapshotsubject x ON x.snapshot_id = n.id AND x.track_id = n.track_id
), touched AS (
    SELECT evidence_id, artifact_id FROM about
    UNION SELECT old.id, a.id FROM old CROSS JOIN unnest(old.artifacts) d JOIN inventory_artifact a ON a.digest = d
    UNION SELECT m.evidence_id, unnest(ARRAY[m.index_id, m.member_id])
          FROM inventory_indexmember m JOIN old ON old.id = m.evidence_id
    UNION SELECT a.evidence_id, unnest(ARRAY[a.artifact_id, a.alias_id])
          FROM inventory_artifactalias a JOIN old ON old.id = a.evidence_id
    UNION SELECT i.opened_by_id, i.artifact_id FROM inventory_runinterval i JOIN old ON old.id = i.opened_by_id
    UNION SELECT i.closed_by_id, i.artifact_id FROM inventory_runinterval i JOIN old ON old.id = i.closed_by_id
), reported AS (
    SELECT DISTINCT old.id FROM old JOIN inventory_runinterval i ON old.id IN (i.opened_by_id, i.closed_by_id)
    WHERE i.closed_at IS NULL OR i.closed_at >= %(since)s OR i.last_seen_at >= %(since)s
)
SELECT old.id, old.public_id, old.team_id, old.blob_id, old.size_bytes, old.received_at,
    ARRAY(SELECT a.digest FROM touched t JOIN inventory_artifact a ON a.id = t.artifact_id
          WHERE t.evidence_id = old.id AND a.digest IS NOT NULL ORDER BY 1) AS digests,
    CASE
        WHEN old.kind NOT IN ('sbom', 'deployment', 'snapshot') THEN 'kind'
        WHEN EXISTS (SELECT FROM reported r WHERE r.id = old.id)
          OR EXISTS (SELECT FROM touched t JOIN kin ON kin.id = t.artifact_id WHERE t.evidence_id = old.id) THEN 'ran'
        WHEN old.kind = 'sbom' AND NOT EXISTS (
            SELECT FROM about JOIN inventory_artifact a ON a.id = about.artifact_id
            WHERE about.evidence_id = old.id AND a.digest IS NOT NULL) THEN 'no_digest'
        WHEN old.kind = 'sbom' AND EXISTS (
            SELECT FROM about WHERE about.evidence_id = old.id AND NOT EXISTS (
                SELECT FROM inventory_snapshotsubject x
                JOIN inventory_snapshot n ON n.id = x.snapshot_id AND n.track_id = x.track_id
                JOIN inventory_track t ON t.id = x.track_id
                WHERE x.artifact_id = about.artifact_id AND t.team_id = old.team_id AND n.evidence_id > old.id
            )) THEN 'newest'
        ELSE ''
    END
FROM old ORDER BY old.id
"""
_OTHERS = """
SELECT e.blob_id, e.id FROM inventory_evidence e
WHERE e.blob_id = ANY(%s) AND NOT EXISTS (SELECT FROM inventory_evidencetombstone t WHERE t.evidence_id = e.id)
"""
MEANINGS = {
    "kind": "documents about images are small, and join digests",
    "ran": "it, or a digest of its family, runs or ran since",
    "no_digest": "an SBOM that names no digest may be bound to one later",
    "newest": "the newest SBOM about a digest stays",
    "shared": "another document of the same bytes stays",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An old document: `digests` are those it is about or reported; `kept_because` is empty when its bytes may go."""

    evidence_id: int
    public_id: UUID
    team_id: int
    blob_digest: str
    size_bytes: int
    received_at: datetime
    digests: tuple[str, ...]
    kept_because: str


Hold = Callable[[Sequence[Candidate]], Mapping[int, str]]
"""What another part registers in RETENTION_HOLDS: which of these documents must stay, by `evidence_id`, and why."""


def judge(*, keep_since: datetime, limit: int, only: Sequence[int] | None = None) -> list[Candidate]:
    """Return old documents, the oldest first, each with why it stays, or nothing. Three statements, and the holds'."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, {"since": keep_since, "limit": limit, "only": None if only is None else list(only)})
        found = [_candidate(*row) for row in cursor.fetchall()]
    return _keep_shared(_keep_held(found))


def _candidate(*columns: Any) -> Candidate:
    """Make a candidate of a row of _SELECT, whose columns are its fields in their order."""
    candidate = Candidate(*columns)
    return replace(candidate, digests=tuple(candidate.digests))


def _keep_held(found: list[Candidate]) -> list[Candidate]:
    for name in settings.RETENTION_HOLDS:
        hold: Hold = import_string(name)
        held = hold([candidate for candidate in found if not candidate.kept_because])
        found = [
            candidate
            if candidate.kept_because or candidate.evidence_id not in held
            else _kept(candidate, f"held: {held[candidate.evidence_id]}"[:200])
            for candidate in found
        ]
    return found


def _keep_shared(found: list[Candidate]) -> list[Candidate]:
    """Keep what another document of the same bytes still needs, young ones and those of other teams included."""
    going = {candidate.evidence_id for candidate in found if not candidate.kept_because}
    digests = sorted({candidate.blob_digest for candidate in found if not candidate.kept_because})
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS, [digests])
        needed = {digest for digest, evidence_id in cursor.fetchall() if evidence_id not in going}
    return [
        _kept(candidate, "shared") if not candidate.kept_because and candidate.blob_digest in needed else candidate
        for candidate in found
    ]


def _kept(candidate: Candidate, why: str) -> Candidate:
    return replace(candidate, kept_because=why)
