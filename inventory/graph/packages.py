"""Packages: the most widespread first, found by name even with a typo, and one package with its versions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.graph.naming import Spelling, spell
from inventory.graph.remembered import Remembered, spread_marks
from inventory.graph.spread import count_spread, fetch_held
from inventory.graph.statements import Slice, containing, fetch, slice_of
from inventory.identity.purls import PackageKey, PurlError, parse_purl
from inventory.identity.versions import UnevaluableVersion, compare
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inventory.graph.spread import Held, Spread
    from supplychain.access.actors import Actor

MAX_VERSIONS = 1000


class PackageNotFoundError(DomainError):
    """No SBOM the actor may see has this package."""

    def __init__(self) -> None:
        super().__init__("not_found", "No package with this purl is known here.", status=404)


@dataclass(frozen=True, slots=True)
class PackagePlace:
    """The place of a package in the list: how well it matches (0 best), how widespread it is, then its match key."""

    rank: int
    track_count: int
    type: str
    namespace_key: str
    name_key: str


@dataclass(frozen=True, slots=True)
class PackageRow:
    """One package of the list. `purl` is None for components that no SBOM gives a purl.

    What runs includes what possibly runs: an index on a node of unknown architecture.
    """

    purl: str | None
    type: str
    name: str
    version_count: int
    artifact_count: int
    running_artifact_count: int
    workload_count: int


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a package, told apart by architecture and distribution as its purl does."""

    purl: str
    version: str
    artifact_count: int
    running_artifact_count: int
    workload_count: int


@dataclass(frozen=True, slots=True)
class PackageDetail:
    """A package and its versions, newest first; of more than MAX_VERSIONS, those in the most artifacts."""

    package: PackageRow
    namespace: str
    versions: tuple[VersionRow, ...]


DESCRIBED: Remembered[PackageRow] = Remembered(4_000)
DETAILS: Remembered[PackageDetail] = Remembered(100)
"""What was counted, by teams and package: to count what is everywhere takes half a second at 200,000 artifacts."""
_ALL_REACH = "SELECT package_id, track_count FROM inventory_packagereach WHERE team_id IS NULL"
_OWN_REACH = "SELECT package_id, track_count FROM inventory_packagereach WHERE team_id = ANY(%(teams)s::bigint[])"
_SUMMED_REACH = """
SELECT package_id, sum(track_count)::int AS track_count FROM inventory_packagereach
WHERE team_id = ANY(%(teams)s::bigint[]) GROUP BY package_id
"""
_WIDEST = """
SELECT k.id, 0 AS rank, r.track_count, k.type, k.namespace_key, k.name_key
FROM ({reach}) r JOIN inventory_package k ON k.id = r.package_id
WHERE r.track_count <= %(track_count)s
  AND (r.track_count < %(track_count)s OR (k.type, k.namespace_key, k.name_key) > (%(type)s, %(namespace)s, %(name)s))
ORDER BY r.track_count DESC, k.type, k.namespace_key, k.name_key LIMIT %(limit)s
"""
_MATCHING = """
WITH candidate AS (
    SELECT id, type, namespace_key, name_key,
           CASE WHEN UPPER(name_key) = %(exact)s THEN 0 WHEN {contains} THEN 1 ELSE 2 END AS rank
    FROM inventory_package WHERE {contains} OR UPPER(name_key) %% %(exact)s
)
SELECT k.id, k.rank, r.track_count, k.type, k.namespace_key, k.name_key
FROM candidate k JOIN ({reach}) r ON r.package_id = k.id
WHERE (k.rank, -r.track_count, k.type, k.namespace_key, k.name_key)
      > (%(rank)s, -%(track_count)s, %(type)s, %(namespace)s, %(name)s)
ORDER BY k.rank, r.track_count DESC, k.type, k.namespace_key, k.name_key LIMIT %(limit)s
"""
_CONTAINS_ANYWHERE = "(UPPER(name_key) LIKE ANY(%(names)s) OR UPPER(namespace_key) LIKE ANY(%(names)s))"
_CONTAINS_BOTH = "(UPPER(name_key) LIKE ANY(%(names)s) AND UPPER(namespace_key) LIKE %(spaces)s)"
_FIND = """
SELECT id FROM inventory_package WHERE type = %(type)s AND namespace_key = %(namespace)s AND name_key = %(name)s
"""


def list_packages(
    text: str, *, after: PackagePlace | None, limit: int, actor: Actor
) -> Slice[PackageRow, PackagePlace]:
    """Return visible packages, the most widespread first; with a text, exact names, then parts of names, then typos.

    Five statements; two where what the page counts is remembered.
    """
    place = after or PackagePlace(-1, 2**31 - 1, "", "", "")
    parameters: dict[str, object] = {
        "teams": visible_teams(actor),
        "limit": limit + 1,
        "rank": place.rank,
        "track_count": place.track_count,
        "type": place.type,
        "namespace": place.namespace_key,
        "name": place.name_key,
    }
    sql = _WIDEST.replace("{reach}", _reach(actor))
    if text:
        wanted = _read_text(text)
        contains = _CONTAINS_BOTH if wanted.namespace else _CONTAINS_ANYWHERE
        sql = _MATCHING.replace("{reach}", _reach(actor)).replace("{contains}", contains)
        parameters |= wanted.parameters()
    page = slice_of(fetch(_Found, sql, parameters), limit=limit, key=_Found.place)
    return Slice(_describe(page.rows, actor=actor), next=page.next)


def read_package(key: PackageKey, *, actor: Actor) -> PackageDetail:
    """Return a package that a visible SBOM has; raises PackageNotFoundError.

    Five statements, two where it is remembered; three for one that only others have, as for one that nobody has: time
    tells them apart no more.
    """
    found = fetch(int, _FIND, {"type": key.type, "namespace": key.namespace, "name": key.name})
    marks, asked = spread_marks(actor=actor), (_teams(actor), *found)
    detail = DETAILS.get(marks, asked)
    if detail is None:
        detail = _detail(found, key=key, actor=actor)
        DETAILS.put(marks, asked, detail)
    return detail


def _detail(found: Sequence[int], *, key: PackageKey, actor: Actor) -> PackageDetail:
    held = sorted(fetch_held(found, actor=actor), key=lambda one: one.identity)
    if not held:
        raise PackageNotFoundError
    total, each = count_spread([[one] for one in held], actor=actor)
    versions = [_version(one, counts=counts) for one, counts in zip(held, each, strict=True)]
    versions.sort(key=lambda row: (-row.artifact_count, row.purl))
    spelling = _spelling(held, key=key)
    return PackageDetail(
        package=_package(held, spelling=spelling, counts=total),
        namespace=spelling.namespace,
        versions=tuple(sort_versions(versions[:MAX_VERSIONS], purl_type=key.type)),
    )


def sort_versions(versions: Sequence[VersionRow], *, purl_type: str) -> list[VersionRow]:
    """Sort newest first by the ecosystem's own order; versions it cannot order come last, by their text."""

    def order(one: VersionRow, other: VersionRow) -> int:
        return compare(purl_type, other.version, one.version)

    ordered: list[VersionRow] = []
    unordered: list[VersionRow] = []
    for row in sorted(versions, key=lambda row: row.purl):
        (ordered if _is_evaluable(row.version, purl_type=purl_type) else unordered).append(row)
    return [*sorted(ordered, key=cmp_to_key(order)), *unordered]


@dataclass(frozen=True, slots=True)
class _Found:
    """A package of the page before anything is counted."""

    id: int
    rank: int
    track_count: int
    type: str
    namespace_key: str
    name_key: str

    def place(self) -> PackagePlace:
        return PackagePlace(self.rank, self.track_count, self.type, self.namespace_key, self.name_key)

    @property
    def key(self) -> PackageKey:
        return PackageKey(self.type, self.namespace_key, self.name_key)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was typed, taken apart: `@scope/name`, `group:artifact`, or a part of either."""

    namespace: str
    name: str

    def parameters(self) -> dict[str, object]:
        # PyPI's key has dashes where people type underscores and dots.
        names = {self.name, self.name.replace("_", "-").replace(".", "-")}
        return {
            "exact": self.name.upper(),
            "names": [containing(name) for name in sorted(names)],
            "spaces": containing(self.namespace),
        }


def _read_text(text: str) -> _Wanted:
    if text.startswith("pkg:"):
        try:
            key = parse_purl(text).key
        except PurlError:
            text = text.partition("/")[2] or text
        else:
            return _Wanted(key.namespace, key.name)
    name, at, _ = text.rpartition("@")
    if at and name:
        text = name
    for separator in ("/", ":"):
        namespace, found, rest = text.rpartition(separator)
        if found and namespace and rest:
            return _Wanted(namespace, rest)
    return _Wanted("", text)


def _reach(actor: Actor) -> str:
    """Return the SELECT of (package_id, track_count); for one team it can be read in order from its index."""
    if actor.team_ids is None:
        return _ALL_REACH
    return _OWN_REACH if len(actor.team_ids) == 1 else _SUMMED_REACH


def _describe(found: Sequence[_Found], *, actor: Actor) -> tuple[PackageRow, ...]:
    """Add spelling and counts to the rows of one page. Four statements; one where all are remembered."""
    if not found:
        return ()
    marks, teams = spread_marks(actor=actor), _teams(actor)
    known = {row.id: DESCRIBED.get(marks, (teams, row.id)) for row in found}
    for package_id, row in _count([row for row in found if known[row.id] is None], actor=actor):
        DESCRIBED.put(marks, (teams, package_id), row)
        known[package_id] = row
    return tuple(row for row in known.values() if row is not None)


def _count(found: Sequence[_Found], *, actor: Actor) -> Iterator[tuple[int, PackageRow]]:
    """Yield the packages of these that the actor's own tracks have."""
    if not found:
        return
    by_package: dict[int, list[Held]] = {}
    for one in fetch_held([row.id for row in found], actor=actor):
        by_package.setdefault(one.package_id, []).append(one)
    shown = [row for row in found if row.id in by_package]
    _, each = count_spread([by_package[row.id] for row in shown], actor=actor)
    for row, counts in zip(shown, each, strict=True):
        held = by_package[row.id]
        yield row.id, _package(held, spelling=_spelling(held, key=row.key), counts=counts)


def _teams(actor: Actor) -> tuple[int, ...] | None:
    """Return whose rows the actor sees, for a key of what is remembered."""
    return None if actor.team_ids is None else tuple(sorted(actor.team_ids))


def _spelling(held: Sequence[Held], *, key: PackageKey) -> Spelling:
    return spell(min(one.identity for one in held), namespace_key=key.namespace, name_key=key.name)


def _package(held: Sequence[Held], *, spelling: Spelling, counts: Spread) -> PackageRow:
    return PackageRow(
        purl=spelling.purl,
        type=spelling.type,
        name=spelling.display_name,
        version_count=len(held),
        artifact_count=counts.artifacts,
        running_artifact_count=counts.running,
        workload_count=counts.workloads,
    )


def _version(held: Held, *, counts: Spread) -> VersionRow:
    return VersionRow(
        purl=held.identity,
        version=parse_purl(held.identity).version,
        artifact_count=counts.artifacts,
        running_artifact_count=counts.running,
        workload_count=counts.workloads,
    )


def _is_evaluable(version: str, *, purl_type: str) -> bool:
    try:
        compare(purl_type, version, version)
    except UnevaluableVersion:
        return False
    return True
