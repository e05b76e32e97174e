"""What is stated of the vulnerabilities of an answer's rows (VEX): shown beside a row, and taking none away.

A statement is about a row when its product is the row's artifact, or a component that matched there. Of one issuer
about one vulnerability of one product the latest counts. A range nobody can judge is taken to hold the version.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from inventory.graph.visibility import own
from inventory.identity.versions import RangeError, UnevaluableVersion, parse_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

MOST_NOTES: Final = 20
"""Of one row, the newest."""
_MOST_READ: Final = 5_000
_LONGEST: Final = 300
_SAME_PACKAGE: Final = "{0}.type = w.type AND {0}.namespace_key = w.namespace_key AND {0}.name_key = w.name_key"
VEX_NOTES = f"""
WITH wanted AS MATERIALIZED (
    SELECT c.id, c.version, k.type, k.namespace_key, k.name_key
    FROM unnest(%(components)s::int[]) AS u(id)
    JOIN inventory_component c ON c.id = u.id AND c.has_purl
    JOIN inventory_package k ON k.id = c.package_id
    WHERE (SELECT EXISTS (SELECT FROM inventory_vexstatement x WHERE {own("x.team_id")}))
), whole AS (
    SELECT a.id, p.statement_id, p.position
    FROM inventory_artifact a JOIN inventory_vexproduct p ON p.digest = a.digest AND p.digest <> ''
    WHERE a.id = ANY(%(ids)s::int[])
), about AS (
    SELECT h.statement_id, h.id AS artifact_id, NULL::int AS component_id, '' AS type, '' AS version_range,
           '' AS version
    FROM whole h WHERE NOT EXISTS (
        SELECT FROM inventory_vexproduct s WHERE s.statement_id = h.statement_id AND s.parent = h.position)
    UNION ALL
    SELECT h.statement_id, h.id, w.id, s.type, s.version_range, w.version
    FROM whole h JOIN inventory_vexproduct s ON s.statement_id = h.statement_id AND s.parent = h.position
    JOIN wanted w ON {_SAME_PACKAGE.format("s")} AND (s.version = '' OR s.version = w.version)
    UNION ALL
    SELECT p.statement_id, NULL, w.id, p.type, p.version_range, w.version
    FROM wanted w JOIN inventory_vexproduct p ON {_SAME_PACKAGE.format("p")} AND p.digest = '' AND p.parent IS NULL
        AND (p.version = '' OR p.version = w.version)
)
SELECT b.artifact_id, b.component_id, b.type, b.version_range, b.version, x.vulnerability, x.status, x.justification,
       x.impact, x.issuer, x.stated_at
FROM about b JOIN inventory_vexstatement x ON x.id = b.statement_id
WHERE {own("x.team_id")}
ORDER BY x.stated_at DESC, x.id DESC LIMIT {_MOST_READ}
"""


class VexNote(NamedTuple):
    """A row of VEX_NOTES: of an artifact, of a component wherever it is, or of a component in an artifact."""

    artifact_id: int | None
    component_id: int | None
    type: str
    version_range: str
    version: str
    vulnerability: str
    status: str
    justification: str
    impact: str
    issuer: str
    stated_at: datetime

    @property
    def is_meant(self) -> bool:
        if not self.version_range:
            return True
        try:
            return parse_range(self.type, self.version_range).contains(self.version)
        except (RangeError, UnevaluableVersion):
            return True

    @property
    def text(self) -> str:
        why = f" ({self.justification})" if self.justification else ""
        more = f": {self.impact}" if self.impact else ""
        said = f"{self.vulnerability} {self.status}{why}{more}"[:_LONGEST]
        return f"{said}; says {self.issuer or 'nobody named'}, {self.stated_at:%Y-%m-%d}"


class VexNotes:
    """The notes of a page's rows."""

    def __init__(self, rows: Iterable[VexNote]) -> None:
        self._of: Mapping[tuple[int | None, int | None], list[VexNote]] = defaultdict(list)
        said: set[tuple[str, str, int | None, int | None]] = set()
        for row in rows:
            about = (row.issuer, row.vulnerability, row.artifact_id, row.component_id)
            if about not in said and row.is_meant:
                said.add(about)
                self._of[row.artifact_id, row.component_id].append(row)

    def of(self, artifact_id: int, *, components: Iterable[int]) -> tuple[str, ...]:
        """Return what is said of an artifact and of the components that matched in it, the newest first."""
        if not self._of:
            return ()
        places: list[tuple[int | None, int | None]] = [(artifact_id, None)]
        for component in sorted(set(components)):
            places += [(artifact_id, component), (None, component)]
        found = [note for place in places for note in self._of.get(place, ())]
        found.sort(key=lambda note: note.stated_at, reverse=True)
        return tuple(dict.fromkeys(note.text for note in found[:MOST_NOTES]))
