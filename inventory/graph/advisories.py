"""Advisories as an actor may see them: by any name of the same thing, by package, and what they name.

An advisory is seen through a sighting of an own team, or of one whose feeds are for everybody (`FEED_TEAMS`). Of each
the newest version that such a team has is the current one; other names and packages are those of current versions, so
what a source has taken back is gone from here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from inventory.graph.feeds import SEEN, count_retracted, find_listed, read_lines, who
from inventory.graph.statements import Slice, containing, fetch, slice_of
from inventory.graph.visibility import own
from inventory.identity.ecosystems import canonical_namespace_of
from inventory.identity.listed import LIST_SOURCE
from inventory.identity.versions.osv import AffectedVersions, affected_versions, read_ranges
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from inventory.graph.feeds import LinePlace, ListLine
    from inventory.identity.indicators import Indicator
    from inventory.identity.purls import PackageKey
    from supplychain.access.actors import Actor

_NEWEST_SIGHTING = "SELECT coalesce(max(id), 0) FROM inventory_advisorysighting"
MAX_NAMES = 1_000
"""Names of one thing; real ones have a few dozen."""

_FROM = f"""CASE WHEN {own("s.team_id")} THEN s.evidence_id END AS own_evidence_id, s.pointer, s.seen_at"""
_NEWEST = "v.modified_at DESC NULLS LAST, s.evidence_id DESC, v.id DESC"
_CURRENT = f"""
JOIN LATERAL (
    SELECT v.*, {_FROM} FROM inventory_advisorysighting s
    JOIN inventory_advisoryversion v ON v.id = s.version_id
    WHERE s.advisory_id = a.id AND {SEEN}
    ORDER BY {_NEWEST} LIMIT 1
) v ON true
"""
"""Joins the current version of `inventory_advisory a` as `v`: the newest of all teams'."""
_STANDING = f"""
JOIN LATERAL (
    SELECT DISTINCT ON (newest.id) newest.* FROM (
        SELECT DISTINCT ON (s.team_id) v.*, {_FROM} FROM inventory_advisorysighting s
        JOIN inventory_advisoryversion v ON v.id = s.version_id
        WHERE s.advisory_id = a.id AND {SEEN}
        ORDER BY s.team_id, {_NEWEST}
    ) newest ORDER BY newest.id, newest.own_evidence_id DESC NULLS LAST
) v ON true
"""
"""Joins what each team has as current: what one team sends never hides what another has from who sees both."""

_KIN = f"""
WITH RECURSIVE kin(asked, key, is_made_from) AS (
    SELECT n, n COLLATE "C", false FROM unnest(%(names)s::text[]) AS n
    UNION
    SELECT kin.asked, named.key, kin.is_made_from OR named.is_made_from FROM kin JOIN LATERAL (
        SELECT unnest(a.identifier_key || ARRAY(SELECT l.name_key FROM inventory_advisoryalias l
                                                WHERE l.version_id = v.id AND NOT l.is_upstream)) AS key,
            false AS is_made_from
        FROM inventory_advisory a {_STANDING}
        WHERE NOT kin.is_made_from AND a.id IN (
            SELECT o.id FROM inventory_advisory o WHERE o.identifier_key = kin.key
            UNION ALL
            SELECT w.advisory_id FROM inventory_advisoryalias l JOIN inventory_advisoryversion w ON w.id = l.version_id
            WHERE l.name_key = kin.key AND NOT l.is_upstream)
          AND (a.identifier_key = kin.key OR EXISTS (
                SELECT FROM inventory_advisoryalias l
                WHERE l.version_id = v.id AND l.name_key = kin.key AND NOT l.is_upstream))
        UNION ALL
        SELECT a.identifier_key, true FROM inventory_advisory a {_STANDING}
        WHERE %(with_made_from)s AND a.id IN (
            SELECT w.advisory_id FROM inventory_advisoryalias l JOIN inventory_advisoryversion w ON w.id = l.version_id
            WHERE l.name_key = kin.key AND l.is_upstream)
          AND EXISTS (SELECT FROM inventory_advisoryalias l
                      WHERE l.version_id = v.id AND l.name_key = kin.key AND l.is_upstream)
    ) named ON true
)
SELECT DISTINCT asked, key FROM (SELECT asked, key FROM kin LIMIT %(most)s) few ORDER BY asked, key
"""
_COLUMNS = """a.id, a.source, v.identifier, v.id, v.feed_version, v.summary, v.severity, v.aliases, v.upstream,
    v.affected_count, v.modified_at, v.published_at, v.withdrawn_at, v.seen_at,
    (SELECT e.public_id FROM inventory_evidence e WHERE e.id = v.own_evidence_id), v.pointer"""
_NAMED = f"""
SELECT {_COLUMNS} FROM inventory_advisory a {_STANDING}
WHERE a.identifier_key = ANY(%(names)s::text[]) ORDER BY a.identifier_key, a.source, v.id DESC
"""
_LISTED = f"""
SELECT {_COLUMNS} FROM inventory_advisory a {_CURRENT}
WHERE (a.identifier_key, a.source) > (%(after_key)s, %(after_source)s)
  AND (%(pattern)s = '' OR a.identifier_key LIKE %(pattern)s
       OR EXISTS (SELECT FROM inventory_advisoryalias l
                  WHERE l.version_id = v.id AND l.name_key = %(name)s AND NOT l.is_upstream))
  AND (%(package)s::text IS NULL OR EXISTS (
        SELECT FROM inventory_affectedpackage p WHERE p.version_id = v.id AND p.type = %(type)s
        AND p.namespace_key = %(namespace)s AND p.name_key = %(package)s))
ORDER BY a.identifier_key, a.source LIMIT %(limit)s
"""
_ABOUT_PACKAGE = f"""
SELECT {_COLUMNS} FROM inventory_advisory a {_CURRENT}
WHERE a.id IN (SELECT w.advisory_id FROM inventory_affectedpackage p
               JOIN inventory_advisoryversion w ON w.id = p.version_id
               WHERE p.type = %(type)s AND p.namespace_key = %(namespace)s AND p.name_key = %(package)s)
  AND EXISTS (SELECT FROM inventory_affectedpackage p WHERE p.version_id = v.id AND p.type = %(type)s
              AND p.namespace_key = %(namespace)s AND p.name_key = %(package)s)
  AND (a.identifier_key, a.source) > (%(after_key)s, %(after_source)s)
  AND (%(pattern)s = '' OR a.identifier_key LIKE %(pattern)s
       OR EXISTS (SELECT FROM inventory_advisoryalias l
                  WHERE l.version_id = v.id AND l.name_key = %(name)s AND NOT l.is_upstream))
ORDER BY a.identifier_key, a.source LIMIT %(limit)s
"""
_BY_ID = f"""
SELECT {_COLUMNS} FROM inventory_advisory a {_CURRENT}
WHERE a.identifier_key >= %(text)s AND a.identifier_key < %(last)s
   OR a.id IN (SELECT w.advisory_id FROM inventory_advisoryalias l JOIN inventory_advisoryversion w
               ON w.id = l.version_id WHERE l.name_key = %(name)s AND NOT l.is_upstream)
  AND EXISTS (SELECT FROM inventory_advisoryalias l
              WHERE l.version_id = v.id AND l.name_key = %(name)s AND NOT l.is_upstream)
ORDER BY a.identifier_key, a.source LIMIT %(limit)s
"""
_AFFECTED = """
SELECT version_id, ecosystem, name, type, namespace_key, name_key, release, versions, ranges, imports, doubt
FROM inventory_affectedpackage WHERE version_id = ANY(%(versions)s::bigint[]) ORDER BY version_id, position
"""
# Of several statements of one issuer about one vulnerability in one product the latest is shown.
_STATEMENTS = f"""
SELECT DISTINCT ON (s.issuer, s.vulnerability, p.given, p.version_range)
    s.vulnerability, s.status, s.status_given, s.justification, s.justification_given, s.impact, s.action, s.issuer,
    s.document_id, s.stated_at, (SELECT e.public_id FROM inventory_evidence e WHERE e.id = s.evidence_id), s.pointer,
    p.given, p.version_range, p.digest,
    ARRAY(SELECT q.given FROM inventory_vexproduct q
          WHERE q.statement_id = s.id AND q.parent = p.position ORDER BY q.position)
FROM inventory_vexstatement s JOIN inventory_vexproduct p ON p.statement_id = s.id AND p.parent IS NULL
WHERE s.names && %(names)s::varchar[] AND {own("s.team_id")}
ORDER BY s.issuer, s.vulnerability, p.given, p.version_range, s.stated_at DESC, s.id DESC
LIMIT %(limit)s
"""
MAX_STATEMENTS = 1_000


class AdvisoryNotFoundError(DomainError):
    """No document the actor may see has an advisory or a statement of this name."""

    def __init__(self) -> None:
        super().__init__("not_found", "No advisory with this id is known here.", status=404)


@dataclass(frozen=True, slots=True)
class Affected:
    """A package that an advisory names. Without type nothing is looked for by it."""

    version_id: int
    ecosystem: str
    name: str
    type: str
    namespace_key: str
    name_key: str
    release: str
    listed: list[str]
    ranges: str
    imports: list[str]
    doubt: str

    def versions(self) -> AffectedVersions:
        """Return what the entry means for versions of its package."""
        return affected_versions(self.type, ranges=read_ranges(self.ranges), versions=self.listed)


@dataclass(frozen=True, slots=True)
class AdvisoryRow:
    """The current version of one advisory or list, with the document that a team has it from."""

    advisory_id: int
    source: str
    identifier: str
    version_id: int
    feed_version: str
    summary: str
    severity: str
    aliases: list[str]
    upstream: list[str]
    affected_count: int
    modified_at: datetime | None
    published_at: datetime | None
    withdrawn_at: datetime | None
    seen_at: datetime
    evidence: UUID | None
    pointer: str
    affected: tuple[Affected, ...] = ()
    listed: tuple[Indicator, ...] = ()
    """What a list names, line by line."""


@dataclass(frozen=True, slots=True)
class VexNote:
    """What an issuer says of one product; `subcomponents` are the parts it is said of."""

    vulnerability: str
    status: str
    status_given: str
    justification: str
    justification_given: str
    impact: str
    action: str
    issuer: str
    document: str
    stated_at: datetime
    evidence: UUID
    pointer: str
    product: str
    version_range: str
    digest: str
    subcomponents: list[str]


@dataclass(frozen=True, slots=True)
class AdvisoryDetail:
    """All that is known under one name: every name of the thing, the records of each, and what products' makers say."""

    names: tuple[str, ...]
    records: tuple[AdvisoryRow, ...]
    statements: tuple[VexNote, ...]
    lines: Slice[ListLine, LinePlace]
    """Of the lists among the records: what their lines were understood as."""
    retracted: Mapping[int, int]
    """How much earlier versions of a list named that its current ones do not, by the advisory's id."""


@dataclass(frozen=True, slots=True)
class AdvisoryPlace:
    """The place of an advisory in the list."""

    key: str
    source: str


def newest_sighting() -> int:
    """Return what grows whenever a document brings a version of an advisory or list that its team did not have."""
    return fetch(int, _NEWEST_SIGHTING, {})[0]


def list_advisories(
    text: str, *, package: PackageKey | None, after: AdvisoryPlace | None, limit: int, actor: Actor
) -> Slice[AdvisoryRow, AdvisoryPlace]:
    """Return visible advisories by id; with a text those whose id contains it or that have it as another name.

    With a package only those that name it. One statement.
    """
    place = after or AdvisoryPlace("", "")
    parameters: dict[str, object] = {
        **who(actor),
        "after_key": place.key,
        "after_source": place.source,
        "pattern": containing(text) if text else "",
        "name": text.upper(),
        "package": None if package is None else package.name,
        "type": "" if package is None else package.type,
        "namespace": "" if package is None else canonical_namespace_of(package.type, package.namespace),
        "limit": limit + 1,
    }
    rows = fetch(AdvisoryRow, _LISTED if package is None else _ABOUT_PACKAGE, parameters)
    return slice_of(rows, limit=limit, key=lambda row: AdvisoryPlace(row.identifier.upper(), row.source))


def read_advisory(name: str, *, after: LinePlace | None = None, limit: int = 0, actor: Actor) -> AdvisoryDetail:
    """Return what is known under a name and all others of the same thing, with `limit` lines of a list of that name.

    Four statements; six where it is a list. Raises AdvisoryNotFoundError.
    """
    names = names_of([name], actor=actor)
    records = find_records(names, actor=actor, with_lines=False)
    parameters = {"names": list(names), **who(actor), "limit": MAX_STATEMENTS}
    statements = tuple(fetch(VexNote, _STATEMENTS, parameters))
    if not records and not statements:
        raise AdvisoryNotFoundError
    lists = [record for record in records if record.source == LIST_SOURCE]
    standing = [record.version_id for record in lists]
    retracted = count_retracted([one.advisory_id for one in lists], standing=standing, actor=actor) if lists else {}
    return AdvisoryDetail(names, records, statements, read_lines(standing, after=after, limit=limit), retracted)


def find_by_id(text: str, *, limit: int, actor: Actor) -> list[AdvisoryRow]:
    """Return visible advisories and lists whose id begins with the text, or that have it as another name.

    One statement, along the index of ids.
    """
    text = text.upper()
    last = text + "\U0010ffff"
    return fetch(AdvisoryRow, _BY_ID, {**who(actor), "text": text, "last": last, "name": text, "limit": limit})


def names_of(names: Iterable[str], *, actor: Actor) -> tuple[str, ...]:
    """Return all names of the same things, in upper case: aliases both ways and onwards. One statement."""
    return tuple(sorted({name for kin in _kin(names, actor=actor, with_made_from=False).values() for name in kin}))


def find_asked(names: Iterable[str], *, actor: Actor) -> Mapping[str, tuple[AdvisoryRow, ...]]:
    """Return the current records of each of these names (upper case), found by any name of the same thing.

    Also those that say they were made from it (`upstream`), and onwards: a distribution's record of a CVE. Three
    statements, four where one is a list.
    """
    kin = _kin(names, actor=actor, with_made_from=True)
    records = find_records(sorted({name for known in kin.values() for name in known}), actor=actor)
    by_name: dict[str, list[AdvisoryRow]] = {}
    for record in records:
        by_name.setdefault(record.identifier.upper(), []).append(record)
    return {asked: tuple(record for name in known for record in by_name.get(name, ())) for asked, known in kin.items()}


def _kin(names: Iterable[str], *, actor: Actor, with_made_from: bool) -> Mapping[str, list[str]]:
    asked = sorted({name.upper() for name in names})
    kin: dict[str, list[str]] = {name: [] for name in asked}
    most = MAX_NAMES * max(1, len(asked))
    parameters = {"names": asked, **who(actor), "most": most, "with_made_from": with_made_from}
    for origin, name in fetch(lambda *row: row, _KIN, parameters):
        kin[origin].append(name)
    return kin


def find_records(names: Sequence[str], *, actor: Actor, with_lines: bool = True) -> tuple[AdvisoryRow, ...]:
    """Return the current records that bear one of these names (upper case), with what they name.

    Two statements; three where one is a list and its lines are wanted.
    """
    rows = fetch(AdvisoryRow, _NAMED, {"names": list(names), **who(actor)})
    affected: dict[int, list[Affected]] = {row.version_id: [] for row in rows}
    for entry in fetch(Affected, _AFFECTED, {"versions": list(affected)}) if rows else ():
        affected[entry.version_id].append(entry)
    listed = find_listed([row.version_id for row in rows if row.source == LIST_SOURCE and with_lines])
    return tuple(
        replace(row, affected=tuple(affected[row.version_id]), listed=listed.get(row.version_id, ())) for row in rows
    )
