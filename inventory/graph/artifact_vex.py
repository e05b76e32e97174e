"""What has been stated about vulnerabilities (VEX) of an artifact, and of the packages in it.

A statement is its issuer's word: it is shown, and takes nothing out of an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.artifacts import find_artifact
from inventory.graph.families import visible_teams
from inventory.graph.statements import fetch
from inventory.graph.visibility import own
from inventory.identity.versions import RangeError, UnevaluableVersion, parse_range

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor

_FOUND = f"""
WITH held AS (
    SELECT DISTINCT c.package_id, c.version
    FROM inventory_snapshotsubject s
    JOIN inventory_track t ON t.id = s.track_id
    JOIN inventory_presence p ON p.track_id = s.track_id AND p.from_seq <= s.seq AND p.to_seq > s.seq
    JOIN inventory_component c ON c.id = p.component_id AND c.has_purl
    WHERE s.artifact_id = %(id)s AND {own("t.team_id")}
      AND (SELECT EXISTS (SELECT FROM inventory_vexstatement x WHERE {own("x.team_id")}))
), about AS (
    SELECT p.id, p.statement_id, '' AS version FROM inventory_vexproduct p WHERE p.digest = %(digest)s
    UNION ALL
    SELECT p.id, p.statement_id, h.version
    FROM held h JOIN inventory_package k ON k.id = h.package_id
    JOIN inventory_vexproduct p ON p.type = k.type AND p.namespace_key = k.namespace_key AND p.name_key = k.name_key
        AND p.digest = '' AND (p.version = '' OR p.version = h.version)
)
SELECT x.id, e.public_id, x.vulnerability, x.names, x.status, x.justification, x.justification_given, x.impact,
    x.action, x.issuer, x.stated_at, x.position, p.position, p.parent, p.given, p.type, p.version_range, p.digest,
    p.cpe, about.version
FROM inventory_vexstatement x
JOIN inventory_evidence e ON e.id = x.evidence_id
JOIN inventory_vexproduct p ON p.statement_id = x.id
LEFT JOIN about ON about.id = p.id
WHERE x.id IN (SELECT statement_id FROM about) AND {own("x.team_id")}
ORDER BY x.stated_at, e.public_id, x.position, p.position, about.version LIMIT %(limit)s
"""
_MAX_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class StatedRow:
    """A product of a statement; `held` is a version of it in the artifact, '' the artifact itself, None neither."""

    statement_id: int
    evidence: UUID
    vulnerability: str
    names: list[str]
    status: str
    justification: str
    justification_given: str
    impact: str
    action: str
    issuer: str
    stated_at: datetime
    statement_position: int
    position: int
    parent: int | None
    given: str
    type: str
    version_range: str
    digest: str
    cpe: str
    held: str | None


@dataclass(frozen=True, slots=True)
class Stated:
    """The products of each statement, the oldest statement first; `has_more` where there are too many to read."""

    groups: Sequence[Sequence[StatedRow]]
    has_more: bool


@dataclass(frozen=True, slots=True)
class StatedNote:
    """One statement about the artifact, with what in it the statement is about."""

    row: StatedRow
    products: tuple[str, ...]


def read_notes(digest: str, *, actor: Actor) -> list[StatedNote]:
    """Return what is stated about an artifact and what is in it. Two statements. Raises ArtifactNotFoundError."""
    return latest_notes(stated_about(find_artifact(digest, actor=actor), digest, actor=actor))


def stated_about(artifact_id: int, digest: str, *, actor: Actor) -> Stated:
    """Return the statements that may be about an artifact or a package in it. One statement."""
    parameters = {"id": artifact_id, "digest": digest, "teams": visible_teams(actor), "limit": _MAX_ROWS + 1}
    rows = fetch(StatedRow, _FOUND, parameters)
    stated: dict[int, list[StatedRow]] = {}
    for row in rows:
        stated.setdefault(row.statement_id, []).append(row)
    return Stated(tuple(stated.values()), has_more=len(rows) > _MAX_ROWS)


def latest_notes(stated: Stated) -> list[StatedNote]:
    """Return what is said, the newest first; of one issuer about one vulnerability in the same products the latest."""
    latest: dict[tuple[str, str, tuple[str, ...]], StatedNote] = {}
    for group in stated.groups:
        products = tuple(dict.fromkeys(row.given for row in group if is_about(row)))
        if products:
            first = group[0]
            latest[first.issuer, first.vulnerability, products] = StatedNote(first, products)
    return sorted(latest.values(), key=lambda note: note.row.stated_at, reverse=True)


def is_about(row: StatedRow) -> bool:
    """Tell whether a product is the artifact, or a package of a version that the artifact contains.

    A range that cannot be judged is taken to hold it: a statement too many is seen, one too few is not.
    """
    if row.held is None:
        return False
    if not row.held or not row.version_range:
        return True
    try:
        return parse_range(row.type, row.version_range).contains(row.held)
    except (RangeError, UnevaluableVersion):
        return True
