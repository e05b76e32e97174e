"""The components of the packages that are asked for, packed: a list of thousands of packages has tens of thousands.

Most of them are other versions of what is listed: where both are plain, comparing texts tells, and nobody judges them.
"""

from __future__ import annotations

from array import array
from itertools import filterfalse
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from msgspec import Struct

from incidents.impact.judging import Candidate, MatchClass, is_plain, judge
from inventory.graph.one_state import Statement
from inventory.graph.packed import column
from inventory.identity.go_paths import above
from inventory.identity.purls import package_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from inventory.graph.packed import Column
    from inventory.identity.indicators import Indicator, PackageName

Placed = tuple[int, "Indicator"]
"""An indicator and its place in the question."""


class ComponentMatch(Struct, frozen=True, gc=False):
    """A component answers an indicator (its place in the question), and why."""

    component_id: int
    indicator: int
    match_class: MatchClass
    reason: str
    confidence: int = 0
    """In percent, where it is not that of its class."""


_SELF_NAMED = ("maven", "deb", "rpm", "apk", "alpm", "conan", "swift", "generic", "")
"""Types where a name alone is a name; elsewhere (npm, composer, golang) the namespace is part of what people write."""
_COMPONENTS = """
    SELECT 2 * k.number + {by_source} AS origin, k.is_narrowed, c.id, c.version FROM package k
    CROSS JOIN LATERAL (SELECT c.id, c.version FROM inventory_component c WHERE {condition} OFFSET 0) c"""
_CANDIDATES = f"""
WITH asked(place, type, namespace, name, is_narrowed, is_kin) AS (
    SELECT * FROM unnest(%(places)s::int[], %(types)s::text[], %(namespaces)s::text[], %(names)s::text[],
                         %(narrowed)s::int[], %(kin)s::int[])
),
module(place, is_narrowed, path) AS (
    SELECT * FROM unnest(%(module_places)s::int[], %(module_narrowed)s::int[], %(modules)s::text[])
),
named AS (
    SELECT a.place, a.is_narrowed, a.is_kin, p.id, p.type FROM asked a CROSS JOIN LATERAL (
        SELECT p.id, p.type FROM inventory_package p
        WHERE p.type = a.type AND p.namespace_key = a.namespace AND p.name_key = a.name OFFSET 0) p
    WHERE a.type <> '' AND a.namespace IS NOT NULL
    UNION ALL
    SELECT a.place, a.is_narrowed, a.is_kin, p.id, p.type FROM asked a CROSS JOIN LATERAL (
        SELECT p.id, p.type, p.namespace_key FROM inventory_package p WHERE p.name_key = a.name OFFSET 0) p
    WHERE a.namespace IS NULL AND (a.type = p.type OR a.type = '' AND (p.namespace_key = '' OR p.type IN {_SELF_NAMED}))
    UNION ALL
    SELECT a.place, a.is_narrowed, a.is_kin, p.id, p.type FROM asked a CROSS JOIN LATERAL (
        SELECT p.id, p.type, p.namespace_key FROM inventory_package p WHERE p.name_key = a.name OFFSET 0) p
    WHERE a.type = '' AND a.namespace = p.namespace_key
    UNION ALL
    SELECT m.place, m.is_narrowed, 1, p.id, 'golang' FROM module m CROSS JOIN LATERAL (
        SELECT p.id, substr(p.namespace_key || '/' || p.name_key, length(m.path) + 2) AS rest FROM inventory_package p
        WHERE p.type = 'golang' AND (p.namespace_key = m.path
            OR p.namespace_key >= m.path || '/' AND p.namespace_key < m.path || '0') OFFSET 0) p
    WHERE split_part(p.rest, '/', 1) !~ '^v([2-9]|[1-9][0-9]+)$'
),
package AS MATERIALIZED (SELECT named.*, row_number() OVER () - 1 AS number FROM named)
SELECT packages.places, packages.types, components.*, packages.kin FROM (
    SELECT string_agg(int4send(place), ''::bytea ORDER BY number) AS places,
           string_agg(type, ',' ORDER BY number) AS types,
           string_agg(int4send(number::int), ''::bytea) FILTER (WHERE is_kin = 1) AS kin FROM package
) packages
CROSS JOIN (
    SELECT string_agg(int8send(origin << 32 | id), ''::bytea), string_agg(textsend(version), '\\x00'::bytea),
           string_agg(CASE WHEN is_narrowed = 1 THEN (
               SELECT textsend(c.identity) FROM inventory_component c WHERE c.id = component.id) END, '\\x00'::bytea)
    FROM (
        {_COMPONENTS.format(by_source=0, condition="c.package_id = k.id")}
        UNION ALL
        {_COMPONENTS.format(by_source=1, condition="c.source_package_id = k.id AND c.package_id <> k.id")}
    ) component
) components
"""
"""One row, packed: place and type of each package; then of each component whose it is and its id, its version, and the
identities of those that are narrowed, with a byte between that no text has. A component is owned by twice the number of
its package, plus one where that is its source. Kin are Go's packages below a path asked for, and modules above it; a
segment `v2` begins another module."""


class _Found(NamedTuple):
    """What the statement found. `places` and `types` have one entry a package, the others one a component.

    An owner is twice the number of a package, plus one where that is the component's source.
    """

    places: Column
    types: Sequence[str]
    owners: Column
    ids: Column
    versions: Sequence[str]
    identities: Mapping[int, str]
    kin: Collection[int] = frozenset()

    def candidate(self, number: int) -> Candidate:
        owner, identity = self.owners[number], self.identities.get(number, "")
        package, is_source = owner >> 1, bool(owner & 1)
        is_kin = package in self.kin
        return Candidate(self.ids[number], self.types[package], self.versions[number], identity, is_source, is_kin)


_Plain: TypeAlias = "tuple[Sequence[str], Collection[str], Sequence[Placed]]"
"""What is listed of a package, which of its versions must be judged, and by what; nobody need say more of the others.

What lists them is left away where a listed version may be something else than affected.
"""
_NOTHING = _Found(array("i"), (), array("i"), array("i"), (), {})


def by_package(asked: Iterable[Placed]) -> dict[PackageName, list[Placed]]:
    """Put together what is asked of each package; what names none is left out."""
    found: dict[PackageName, list[Placed]] = {}
    for placed in asked:
        if (name := placed[1].package) is not None:
            found.setdefault(name, []).append(placed)
    return found


class Candidates:
    """The components of the packages asked for. `ids` are all of them, once they have been fetched."""

    def __init__(self, asked: Mapping[PackageName, Sequence[Placed]]) -> None:
        self.names, self._asked = list(asked), list(asked.values())
        self._narrowed = [False] * len(self._asked)
        for place, placed in enumerate(self._asked):
            for _, indicator in placed:
                if indicator.qualifiers or indicator.release:
                    self._narrowed[place] = True
        self._found = _NOTHING

    @property
    def ids(self) -> Column:
        return self._found.ids

    @property
    def statement(self) -> Statement[_Found]:
        """The statement that fetches them: one row, which `take` takes."""
        spelled = [(place, name, spelling) for place, name in enumerate(self.names) for spelling in _spellings(name)]
        modules = [place for place, name in enumerate(self.names) if name.type == "golang" and self._has_kin(place)]
        above_them = [(place, split) for place in modules for split in above(self.names[place].written)]
        places = [*(place for place, _, _ in spelled), *(place for place, _ in above_them)]
        parameters = {
            "places": places,
            "types": [name.type for _, name, _ in spelled] + ["golang"] * len(above_them),
            "namespaces": [_any_distribution(name) for _, name, _ in spelled] + [split[0] for _, split in above_them],
            "names": [spelling for _, _, spelling in spelled] + [split[1] for _, split in above_them],
            "narrowed": [int(self._narrowed[place]) for place in places],
            "kin": [0] * len(spelled) + [1] * len(above_them),
            "module_places": modules,
            "module_narrowed": [int(self._narrowed[place]) for place in modules],
            "modules": [self.names[place].written for place in modules],
        }
        return Statement(self._unpack, _CANDIDATES, parameters)

    def _has_kin(self, place: int) -> bool:
        return not all(indicator.is_alone for _, indicator in self._asked[place])

    def take(self, rows: Sequence[_Found]) -> None:
        """Take what the statement found."""
        (self._found,) = rows

    def judged(self) -> list[ComponentMatch]:
        """Return the components that are affected or possible, of what was taken."""
        found, plain, matches = self._found, self._plain(), list[ComponentMatch]()
        owned = enumerate(zip(found.owners, found.versions, strict=True))
        doubtful = [
            (number, beside)
            for number, (owner, version) in owned
            if (beside := plain.get(owner)) is None or version in beside[0] or version in beside[1]
        ]
        for number, beside in doubtful:
            version = found.versions[number]
            if beside is None or not beside[2] or version in beside[1]:
                matches += self._judged(number, is_cleared=False)
                continue
            # What `judge` says of it: most of a long list is this.
            reason = f"version {version} is listed"
            for place, indicator in beside[2]:
                if version in indicator.versions:
                    matches.append(ComponentMatch(found.ids[number], place, MatchClass.AFFECTED, reason))
        return matches

    def cleared(self, component_ids: Collection[int]) -> Iterator[ComponentMatch]:
        """Yield why these components are cleared, where they are."""
        wanted = frozenset(component_ids)
        for number, component_id in enumerate(self.ids):
            if component_id in wanted:
                yield from self._judged(number, is_cleared=True)

    def _plain(self) -> dict[int, _Plain]:
        """Return the owners of which plain versions are listed: of their components only odd ones need be judged.

        What has the package as its source may be numbered otherwise: all of that is judged.
        """
        found = self._found
        different = set(found.versions)
        odd = {"": frozenset(filterfalse(is_plain, different))}
        if "golang" in found.types:
            odd["v"] = frozenset(version for version in different if not _is_plain(version, begin="v"))
        plain: dict[int, _Plain] = {}
        for package, (place, purl_type) in enumerate(zip(found.places, found.types, strict=True)):
            begin = "v" if purl_type == "golang" else ""
            listed = _listed(self._asked[place], begin=begin)
            if listed is not None:
                is_sure = package not in found.kin and not self._narrowed[place]
                plain[package << 1] = listed, odd[begin], self._asked[place] if is_sure else ()
        return plain

    def _judged(self, number: int, *, is_cleared: bool) -> list[ComponentMatch]:
        owner = self._found.owners[number]
        asked = self._asked[self._found.places[owner >> 1]]
        is_kin = owner >> 1 in self._found.kin
        candidate = self._found.candidate(number)
        found = []
        for place, indicator in asked:
            if is_kin and indicator.is_alone:
                continue
            match_class, reason = judge(indicator, candidate)
            if (match_class is MatchClass.CLEARED) is is_cleared:
                found.append(ComponentMatch(candidate.component_id, place, match_class, reason))
        return found

    def _unpack(self, places: bytes | None, types: str | None, components: bytes | None, *rest: bytes | None) -> _Found:
        if components is None:
            return _NOTHING
        versions, identities = (bytes(text or b"").decode().split("\0") for text in rest[:2])
        numbers, places_of = column(components), column(places)
        owners, ids = numbers[0::2], numbers[1::2]
        narrowed: list[int] = []
        if any(self._narrowed):
            narrowed = [number for number, owner in enumerate(owners) if self._narrowed[places_of[owner >> 1]]]
        told = dict(zip(narrowed, identities, strict=False))
        return _Found(places_of, (types or "").split(","), owners, ids, versions, told, frozenset(column(rest[2])))


def _listed(asked: Sequence[Placed], *, begin: str) -> Sequence[str] | None:
    """Return the listed versions, where these are plain and nothing else says which are meant; None otherwise."""
    listed: Sequence[str] = ()
    for _, indicator in asked:
        if not indicator.versions or indicator.range is not None or indicator.range_text is not None:
            return None
        if not indicator.clears or indicator.doubt:
            return None
        listed = (*listed, *indicator.versions) if listed else indicator.versions
    for version in listed:
        if not _is_plain(version, begin=begin):
            return None
    return listed


def _is_plain(version: str, *, begin: str) -> bool:
    if not begin:
        return is_plain(version)
    return version.startswith(begin) and is_plain(version[len(begin) :])


def _spellings(name: PackageName) -> Iterable[str]:
    """A name without ecosystem may be any ecosystem's match key of it: as written, lower case, PyPI's form."""
    if name.type:
        return (name.name,)
    return {name.name, name.name.lower(), package_key("pypi", "", name.name).name}


def _any_distribution(name: PackageName) -> str | None:
    """A distribution's package asked for without naming the distribution is asked for in all of them."""
    return None if name.namespace == "" and name.type in ("deb", "rpm", "apk", "alpm") else name.namespace
