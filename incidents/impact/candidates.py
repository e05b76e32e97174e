"""The components of the packages that are asked for, packed: a list of thousands of packages has tens of thousands.

Most of them are other versions of what is listed: where both are plain, comparing texts tells, and nobody judges them.
"""

from __future__ import annotations

from array import array
from itertools import chain, repeat
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from incidents.impact.judging import Candidate, MatchClass, is_plain, judge
from inventory.graph.one_state import Statement
from inventory.graph.packed import column
from inventory.identity.purls import package_key

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence

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
           string_agg(textsend(c.version), '\\x00'::bytea) AS versions,
           CASE WHEN k.is_narrowed THEN string_agg(textsend(c.identity), '\\x00'::bytea) END AS identities
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
    """A package that was found at a place among the names, or a source of packages."""

    place: int
    type: str
    by_source: bool


class _Found(NamedTuple):
    """What the statement found. The columns have one entry a component; `owners` say of which package."""

    packages: Sequence[_Package]
    owners: Sequence[int]
    ids: Column
    versions: Sequence[str]
    identities: Mapping[int, str]

    def candidate(self, number: int) -> Candidate:
        package, identity = self.packages[self.owners[number]], self.identities.get(number, "")
        return Candidate(self.ids[number], package.type, self.versions[number], identity, package.by_source)


_NOTHING = _Found((), (), array("i"), (), {})


class Candidates:
    """The components of the packages asked for. `ids` are all of them, once they have been fetched."""

    def __init__(self, asked: Iterable[Placed]) -> None:
        by_name: dict[PackageName, list[Placed]] = {}
        for placed in asked:
            if (name := placed[1].package) is not None:
                by_name.setdefault(name, []).append(placed)
        self.names = list(by_name)
        self._asked = list(by_name.values())
        self._narrowed = [
            any(indicator.qualifiers or indicator.release for _, indicator in placed) for placed in self._asked
        ]
        self._found = _NOTHING

    @property
    def ids(self) -> Column:
        return self._found.ids

    def marks(self) -> bytes:
        """Return a byte for each component up to the last of them: 1 for those that are."""
        marks = bytearray(max(self.ids, default=-1) + 1)
        for component_id in self.ids:
            marks[component_id] = 1
        return bytes(marks)

    @property
    def statement(self) -> Statement[_Found]:
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

    def judged(self, rows: Iterable[_Found]) -> Iterator[ComponentMatch]:
        """Take what the statement found, and yield the components that are affected or possible."""
        (self._found,) = rows
        for number in self._doubtful():
            yield from self._judged(number, is_cleared=False)

    def cleared(self, component_ids: Collection[int]) -> Iterator[ComponentMatch]:
        """Yield why these components are cleared, where they are."""
        wanted = frozenset(component_ids)
        for number, component_id in enumerate(self.ids):
            if component_id in wanted:
                yield from self._judged(number, is_cleared=True)

    def _doubtful(self) -> list[int]:
        """Return the components that may be what is asked for: all but plain versions beside listed plain ones."""
        different = set(self._found.versions)
        odd = {version for version in different if not _is_plain(version, begin="")}
        odd_for_go = {version for version in different if not _is_plain(version, begin="v")}
        listed: set[tuple[int, str]] = set()
        unclear: list[Container[str]] = []
        for owner, package in enumerate(self._found.packages):
            begin, other = ("v", odd_for_go) if package.type == "golang" else ("", odd)
            versions = _listed(self._asked[package.place], begin=begin)
            unclear.append(_EVERYTHING if versions is None else other)
            for version in versions or ():
                listed.add((owner, version))
        return [
            number
            for number, key in enumerate(zip(self._found.owners, self._found.versions, strict=True))
            if key in listed or key[1] in unclear[key[0]]
        ]

    def _judged(self, number: int, *, is_cleared: bool) -> Iterator[ComponentMatch]:
        candidate = self._found.candidate(number)
        for place, indicator in self._asked[self._found.packages[self._found.owners[number]].place]:
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
    ) -> _Found:
        if places is None:
            return _NOTHING
        versions, identities = (bytes(text or b"").decode().split("\0") for text in texts)
        columns = zip(column(places), (types or "").split(","), map(bool, column(by_source)), strict=True)
        packages = [_Package(*row) for row in columns]
        owners = list(chain.from_iterable(map(repeat, range(len(packages)), column(counts))))
        narrows = [self._narrowed[package.place] for package in packages]
        narrowed = [number for number, owner in enumerate(owners) if narrows[owner]] if any(narrows) else []
        return _Found(packages, owners, column(ids), versions, dict(zip(narrowed, identities, strict=False)))


class _Everything:
    """Holds any version."""

    def __contains__(self, _version: object) -> bool:
        return True


_EVERYTHING = _Everything()


def _listed(asked: Sequence[Placed], *, begin: str) -> Sequence[str] | None:
    """Return the listed versions, where these are plain and nothing else says which are meant; None otherwise."""
    listed: list[str] = []
    for _, indicator in asked:
        if not indicator.versions or indicator.range is not None or indicator.range_text is not None:
            return None
        if not indicator.clears:
            return None
        listed += indicator.versions
    for version in listed:
        if not _is_plain(version, begin=begin):
            return None
    return listed


def _is_plain(version: str, *, begin: str) -> bool:
    return version.startswith(begin) and is_plain(version[len(begin) :])


def _spellings(name: PackageName) -> Iterable[str]:
    """A name without ecosystem may be any ecosystem's match key of it: as written, lower case, PyPI's form."""
    if name.type:
        return (name.name,)
    return {name.name, name.name.lower(), package_key("pypi", "", name.name).name}


def _any_distribution(name: PackageName) -> str | None:
    """A distribution's package asked for without naming the distribution is asked for in all of them."""
    return None if name.namespace == "" and name.type in ("deb", "rpm", "apk", "alpm") else name.namespace
