"""What changed between two artifacts: packages that came, went, or have other versions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from inventory.graph.artifacts import find_artifact
from inventory.graph.families import visible_teams
from inventory.graph.naming import spell
from inventory.graph.statements import Slice, fetch, slice_of
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from supplychain.access.actors import Actor


class Change(StrEnum):
    """What became of a package from the one artifact to the other."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class PackagePlace:
    """The place of a package in lists that are ordered by match key."""

    type: str
    namespace_key: str
    name_key: str


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One package that differs. `removed` and `added` are component identities that only one side has."""

    change: Change
    package: str | None
    type: str
    name: str
    removed: tuple[ComponentVersion, ...]
    added: tuple[ComponentVersion, ...]


@dataclass(frozen=True, slots=True)
class ComponentVersion:
    """A version of the row's package; `purl` is None without one."""

    version: str
    purl: str | None


@dataclass(frozen=True, slots=True)
class DiffSummary:
    """Counts of the whole difference: packages that differ, and components both sides have.

    An artifact with `sbom_count` 0 is not empty but unknown: the difference then says nothing.
    """

    sbom_count_before: int
    sbom_count_after: int
    added_count: int
    removed_count: int
    changed_count: int
    unchanged_component_count: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A page of the packages that differ, in the order of their match keys, and the counts of all of it."""

    summary: DiffSummary
    page: Slice[DiffRow, PackagePlace]


_HELD = f"""
WITH point AS (
    SELECT s.track_id, s.seq, s.artifact_id FROM inventory_snapshotsubject s
    JOIN inventory_track t ON t.id = s.track_id
    WHERE s.artifact_id IN (%(before)s, %(after)s) AND {own("t.team_id")}
),
held AS (
    SELECT p.component_id, bool_or(point.artifact_id = %(before)s) AS is_before,
           bool_or(point.artifact_id = %(after)s) AS is_after
    FROM point
    JOIN inventory_presence p ON p.track_id = point.track_id AND p.from_seq <= point.seq AND p.to_seq > point.seq
    GROUP BY p.component_id
)"""
_ROWS = f"""
{_HELD}
SELECT k.type, k.namespace_key, k.name_key,
       coalesce(array_agg(ARRAY[c.identity, c.version] ORDER BY c.identity) FILTER (WHERE NOT is_after), '{{}}'),
       coalesce(array_agg(ARRAY[c.identity, c.version] ORDER BY c.identity) FILTER (WHERE NOT is_before), '{{}}')
FROM held JOIN inventory_component c ON c.id = held.component_id JOIN inventory_package k ON k.id = c.package_id
WHERE is_before <> is_after AND (k.type, k.namespace_key, k.name_key) > (%(type)s, %(namespace)s, %(name)s)
GROUP BY k.id ORDER BY k.type, k.namespace_key, k.name_key LIMIT %(limit)s
"""
_SUMMARY = f"""
{_HELD},
package AS (
    SELECT c.package_id, bool_or(NOT is_after) AS went, bool_or(NOT is_before) AS came
    FROM held JOIN inventory_component c ON c.id = held.component_id
    WHERE is_before <> is_after GROUP BY c.package_id
)
SELECT (SELECT count(*) FROM point WHERE artifact_id = %(before)s),
       (SELECT count(*) FROM point WHERE artifact_id = %(after)s),
       count(*) FILTER (WHERE came AND NOT went), count(*) FILTER (WHERE went AND NOT came),
       count(*) FILTER (WHERE came AND went), (SELECT count(*) FROM held WHERE is_before AND is_after)
FROM package
"""


def diff_artifacts(before: str, after: str, *, place: PackagePlace | None, limit: int, actor: Actor) -> Difference:
    """Compare the components of two visible digests, each the union of its SBOMs. Four statements.

    A package is `changed` when each side has versions that the other lacks. Raises ArtifactNotFoundError for either.
    """
    start = place or PackagePlace("", "", "")
    parameters = {
        "before": find_artifact(before, actor=actor),
        "after": find_artifact(after, actor=actor),
        "teams": visible_teams(actor),
        "type": start.type,
        "namespace": start.namespace_key,
        "name": start.name_key,
        "limit": limit + 1,
    }
    summary = fetch(DiffSummary, _SUMMARY, parameters)[0]
    page = slice_of(fetch(_Differing, _ROWS, parameters), limit=limit, key=_Differing.place)
    return Difference(summary, Slice(tuple(row.as_row() for row in page.rows), next=page.next))


@dataclass(frozen=True, slots=True)
class _Differing:
    """A package with its [identity, version] pairs of either side."""

    type: str
    namespace_key: str
    name_key: str
    removed: list[list[str]]
    added: list[list[str]]

    def place(self) -> PackagePlace:
        return PackagePlace(self.type, self.namespace_key, self.name_key)

    def as_row(self) -> DiffRow:
        spelling = spell((self.added or self.removed)[0][0], namespace_key=self.namespace_key, name_key=self.name_key)
        change = Change.CHANGED if self.removed and self.added else Change.ADDED if self.added else Change.REMOVED
        return DiffRow(
            change=change,
            package=spelling.purl,
            type=self.type,
            name=spelling.display_name,
            removed=_versions(self.removed),
            added=_versions(self.added),
        )


def _versions(pairs: list[list[str]]) -> tuple[ComponentVersion, ...]:
    return tuple(
        ComponentVersion(version, identity if identity.startswith("pkg:") else None) for identity, version in pairs
    )
