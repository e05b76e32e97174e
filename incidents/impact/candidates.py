"""The components of the packages that are asked for, packed: a list of thousands of packages has tens of thousands.

Most of them are other versions of what is listed, and never looked at one by one: where both are plain, one comparison
of sets tells that none of a package's versions is listed.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from incidents.impact.judging import Candidate, MatchClass, are_plain, judge
from inventory.graph.one_state import Statement
from inventory.graph.packed import column
from inventory.identity.purls import package_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from incidents.indicators import Indicator, PackageName
    from inventory.graph.packed import Column

Placed = tuple[int, "Indicator"]
"""An indicator and its place in the question."""


class ComponentMatch(Struct, frozen=True, gc=False):
    """A component answers an indicator (its place in the question), and why."""

    component_id: int
    indicator: int
    match_class: MatchClass
    reason: str


_SELF_NAMED = ("maven", "deb", "rpm", "apk", "alpm", "conan", "swift", "generic", "")
"""Types where a name alone is a name; elsewhere (npm, composer, golang) the namespace is part of what people write."""
_COMPONENTS = """
    SELECT count(*) AS count, string_agg(int4send(c.id), ''::bytea) AS ids,
           string_agg(convert_to(c.version, 'UTF8'), '\\x00'::bytea) AS versions,
           CASE WHEN k.is_narrowed THEN string_agg(convert_to(c.identity, 'UTF8'), '\\x00'::bytea) END AS identities
    FROM inventory_component c WHERE {condition} OFFSET 0"""
_CANDIDATES = f"""
WITH asked(place, type, namespace, name, is_narrowed) AS (
    SELECT * FROM unnest(%(places)s::int[], %(types)s::text[], %(namespaces)s::text[], %(names)s::text[],
                         %(narrowed)s::bool[])
),
package AS MATERIALIZED (
    SELECT a.place, a.is_narrowed, p.id, p.type FROM asked a CROSS JOIN LATERAL (
        SELECT p.id, p.type FROM inventory_package p
        WHERE p.type = a.type AND p.namespace_key = a.namespace AND p.name_key = a.name OFFSET 0) p
    WHERE a.type <> '' AND a.namespace IS NOT NULL
    UNION ALL
    SELECT a.place, a.is_narrowed, p.id, p.type FROM asked a CROSS JOIN LATERAL (
        SELECT p.id, p.type, p.namespace_key FROM inventory_package p WHERE p.name_key = a.name OFFSET 0) p
    WHERE a.namespace IS NULL AND (a.type = p.type OR a.type = '' AND (p.namespace_key = '' OR p.type IN {_SELF_NAMED}))
    UNION ALL
    SELECT a.place, a.is_narrowed, p.id, p.type FROM asked a CROSS JOIN LATERAL (
        SELECT p.id, p.type, p.namespace_key FROM inventory_package p WHERE p.name_key = a.name OFFSET 0) p
    WHERE a.type = '' AND a.namespace = p.namespace_key
),
found AS (
    SELECT k.place, k.type, 0 AS by_source, c.* FROM package k
    CROSS JOIN LATERAL ({_COMPONENTS.format(condition="c.package_id = k.id")}) c
    UNION ALL
    SELECT k.place, k.type, 1, c.* FROM package k
    CROSS JOIN LATERAL ({_COMPONENTS.format(condition="c.source_package_id = k.id AND c.package_id <> k.id")}) c
)
SELECT string_agg(int4send(place), ''::bytea), string_agg(type, ','), string_agg(int4send(by_source), ''::bytea),
       string_agg(int4send(count::int), ''::bytea), string_agg(ids, ''::bytea),
       string_agg(versions, '\\x00'::bytea), string_agg(identities, '\\x00'::bytea)
FROM found WHERE count > 0
"""
"""One row, packed: for each package its place, type, whether it is a source and how many components it has; then the
components' ids, versions, and identities of those that are narrowed, with a byte between that no text has."""


class _Package(NamedTuple):
    """The components of one package that was found at a place."""

    place: int
    type: str
    by_source: bool
    ids: Column
    versions: list[str]
    identities: list[str]

    def candidate(self, number: int) -> Candidate:
        identity = self.identities[number] if self.identities else ""
        return Candidate(self.ids[number], self.type, self.versions[number], identity, self.by_source)


class Candidates:
    """The components of the packages asked for. `ids` are all of them, once they have been fetched."""

    def __init__(self, asked: Iterable[Placed]) -> None:
        by_name: dict[PackageName, list[Placed]] = defaultdict(list)
        for place, indicator in asked:
            if indicator.package is not None:
                by_name[indicator.package].append((place, indicator))
        self.names = list(by_name)
        self.ids: Column = array("i")
        self._asked = list(by_name.values())
        self._narrowed = [any(indicator.qualifiers for _, indicator in placed) for placed in self._asked]
        self._packages: list[_Package] = []

    @property
    def statement(self) -> Statement[Sequence[_Package]]:
        """The statement that fetches them: one row, which `judged` takes."""
        spelled = [(place, name, spelling) for place, name in enumerate(self.names) for spelling in _spellings(name)]
        parameters = {
            "places": [place for place, _, _ in spelled],
            "types": [name.type for _, name, _ in spelled],
            "namespaces": [_any_distribution(name) for _, name, _ in spelled],
            "names": [spelling for _, _, spelling in spelled],
            "narrowed": [self._narrowed[place] for place, _, _ in spelled],
        }
        return Statement(self._unpack, _CANDIDATES, parameters)

    def judged(self, rows: Iterable[Sequence[_Package]]) -> Iterator[ComponentMatch]:
        """Take what the statement found, and yield the components that are affected or possible."""
        (self._packages,) = ([*packages] for packages in rows)
        for package in self._packages:
            listed = _listed(self._asked[package.place])
            numbers: Iterable[int] = range(len(package.versions))
            if listed and are_plain([*listed, *package.versions], purl_type=package.type):
                if listed.isdisjoint(package.versions):
                    continue
                numbers = [number for number in numbers if package.versions[number] in listed]
            for number in numbers:
                yield from self._judged(package, number, is_cleared=False)

    def cleared(self, component_ids: Collection[int]) -> Iterator[ComponentMatch]:
        """Yield why these components are cleared, where they are."""
        wanted = frozenset(component_ids)
        for package in self._packages:
            for number, component_id in enumerate(package.ids):
                if component_id in wanted:
                    yield from self._judged(package, number, is_cleared=True)

    def _judged(self, package: _Package, number: int, *, is_cleared: bool) -> Iterator[ComponentMatch]:
        candidate = package.candidate(number)
        for place, indicator in self._asked[package.place]:
            match_class, reason = judge(indicator, candidate)
            if (match_class is MatchClass.CLEARED) is is_cleared:
                yield ComponentMatch(candidate.component_id, place, match_class, reason)

    def _unpack(
        self,
        places: bytes | None,
        types: str | None,
        by_source: bytes | None,
        counts: bytes | None,
        ids: bytes | None,
        *texts: bytes | None,
    ) -> Sequence[_Package]:
        versions, identities = (bytes(text or b"").decode().split("\0") for text in texts)
        self.ids = column(ids)
        found: list[_Package] = []
        start = narrowed = 0
        columns = zip(column(places), (types or "").split(","), column(by_source), column(counts), strict=True)
        for place, purl_type, is_source, count in columns if places else ():
            end = start + count
            told = identities[narrowed : narrowed + count] if self._narrowed[place] else []
            narrowed += len(told)
            found.append(_Package(place, purl_type, bool(is_source), self.ids[start:end], versions[start:end], told))
            start = end
        return found


def _listed(asked: Iterable[Placed]) -> frozenset[str]:
    """Return the versions that are listed; none where anything else than a list says which are meant."""
    listed: set[str] = set()
    for _, indicator in asked:
        if not indicator.versions or indicator.range is not None or indicator.range_text is not None:
            return frozenset()
        listed.update(indicator.versions)
    return frozenset(listed)


def _spellings(name: PackageName) -> Iterable[str]:
    """A name without ecosystem may be any ecosystem's match key of it: as written, lower case, PyPI's form."""
    if name.type:
        return (name.name,)
    return {name.name, name.name.lower(), package_key("pypi", "", name.name).name}


def _any_distribution(name: PackageName) -> str | None:
    """A distribution's package asked for without naming the distribution is asked for in all of them."""
    return None if name.namespace == "" and name.type in ("deb", "rpm", "apk", "alpm") else name.namespace
