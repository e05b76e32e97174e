"""What is in an artifact: the union of all SBOMs about it that the actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.records import Scope
from inventory.graph.artifacts import find_artifact
from inventory.graph.families import visible_teams
from inventory.graph.naming import spell
from inventory.graph.statements import Slice, containing, fetch, slice_of
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """One component of an artifact. `type` is '' and `purl` None where no SBOM gives a purl.

    `is_direct` None: no SBOM says so, and one that has the component records no dependencies. `scope` is the one
    nearest to running. `evidence` are the SBOMs that list it, oldest first.
    """

    identity: str
    purl: str | None
    package: str | None
    type: str
    name: str
    version: str
    is_direct: bool | None
    scope: Scope
    evidence: tuple[UUID, ...]


_NEAREST = (
    Scope.REQUIRED,
    Scope.PROVIDED,
    Scope.OPTIONAL,
    Scope.EXCLUDED,
    Scope.BUILD,
    Scope.TEST,
    Scope.DEVELOPMENT,
)
"""Scopes from what runs to what only builds: where SBOMs differ, the one nearest to running counts, as at ingest."""

_POINTS = f"""
SELECT s.track_id, s.seq, e.id AS evidence_id, e.public_id
FROM inventory_snapshotsubject s
JOIN inventory_track t ON t.id = s.track_id
JOIN inventory_snapshot p ON p.id = s.snapshot_id
JOIN inventory_evidence e ON e.id = p.evidence_id
WHERE s.artifact_id = %(id)s AND {own("t.team_id")}
"""
_COMPONENTS = f"""
WITH point AS ({_POINTS}),
held AS (
    SELECT p.component_id, bool_or(p.flags & 1 = 1) AS is_direct, bool_or(p.flags & 16 = 16) AS is_unknown,
           array_agg(DISTINCT (p.flags >> 1) & 7) AS scopes,
           array_agg(point.public_id ORDER BY point.evidence_id) AS evidence
    FROM point
    JOIN inventory_presence p ON p.track_id = point.track_id AND p.from_seq <= point.seq AND p.to_seq > point.seq
    GROUP BY p.component_id
)
SELECT c.identity, c.has_purl, c.version, k.type, k.namespace_key, k.name_key,
       held.is_direct, held.is_unknown, held.scopes, held.evidence
FROM held
JOIN inventory_component c ON c.id = held.component_id
JOIN inventory_package k ON k.id = c.package_id
WHERE c.identity > %(after)s AND {{condition}}
ORDER BY c.identity LIMIT %(limit)s
"""
_MATCHES = "(UPPER(c.identity) LIKE ANY(%(patterns)s) OR UPPER(k.name_key) LIKE ANY(%(patterns)s))"


def list_components(digest: str, *, text: str, after: str | None, limit: int, actor: Actor) -> Slice[ComponentRow, str]:
    """Return the components of a visible artifact in the order of their identity. Two statements.

    `text` is looked for in purls and names; raises ArtifactNotFoundError.
    """
    parameters = {
        "id": find_artifact(digest, actor=actor),
        "teams": visible_teams(actor),
        "after": after or "",
        "limit": limit + 1,
        "patterns": _patterns(text),
    }
    sql = _COMPONENTS.format(condition=_MATCHES if text else "true")
    page = slice_of(fetch(_Held, sql, parameters), limit=limit, key=lambda row: row.identity)
    return Slice(tuple(row.as_component() for row in page.rows), next=page.next)


def nearest_scope(scopes: Collection[int]) -> Scope:
    """Return the one of these scopes that is nearest to running."""
    return next(scope for scope in _NEAREST if scope in scopes)


@dataclass(frozen=True, slots=True)
class _Held:
    identity: str
    has_purl: bool
    version: str
    type: str
    namespace_key: str
    name_key: str
    is_direct: bool
    is_unknown: bool
    scopes: list[int]
    evidence: list[UUID]

    def as_component(self) -> ComponentRow:
        spelling = spell(self.identity, namespace_key=self.namespace_key, name_key=self.name_key)
        return ComponentRow(
            identity=self.identity,
            purl=self.identity if self.has_purl else None,
            package=spelling.purl,
            type=self.type,
            name=spelling.display_name,
            version=self.version,
            is_direct=True if self.is_direct else None if self.is_unknown else False,
            scope=nearest_scope(self.scopes),
            evidence=tuple(self.evidence),
        )


def _patterns(text: str) -> list[str]:
    """Look for what was typed, and for how a purl writes it: an encoded scope, a slash for Maven's colon."""
    return [containing(text), containing(text.replace("@", "%40", 1)), containing(text.replace(":", "/", 1))]
