"""The components of the packages that are asked for, packed: a list of thousands of packages has tens of thousands.

Most of them are other versions of what is listed: where both are plain, comparing texts tells. The database does that,
and sends no more of these than their ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from incidents.impact.columns import ints, longs
from incidents.impact.judging import Candidate, MatchClass, is_plain, judge
from inventory.graph.one_state import Statement
from inventory.graph.packed import sql_array
from inventory.identity.go_paths import above
from inventory.identity.purls import package_key
from inventory.models.packages import VERSION_KIND, VersionKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from incidents.impact.columns import Ints
    from inventory.identity.indicators import Indicator, PackageName

Placed = tuple[int, "Indicator"]
"""An indicator and its place in the question."""
Asked = tuple["PackageName", list[Placed]]
"""A package, and what is asked of it."""
_Rows = list[tuple[Any, ...]]


class ComponentMatch(Struct, frozen=True, gc=False):
    """A component answers an indicator (its place in the question), and why."""

    component_id: int
    indicator: int
    match_class: MatchClass
    reason: str
    confidence: int = 0
    """In percent, where it is not that of its class."""


_DISTRIBUTED = frozenset({"deb", "rpm", "apk", "alpm"})
_SELF_NAMED = ("maven", "deb", "rpm", "apk", "alpm", "conan", "swift", "generic", "")
"""Types where a name alone is a name; elsewhere (npm, composer, golang) the namespace is part of what people write."""
_BY_SOURCE, _IS_MEANT, _IS_KIN, _IS_NARROWED, _IS_SURE = 1, 2, 4, 8, 16
_KINDS_FROM, _PLACE_FROM = 5, 7
_HOW = _BY_SOURCE | _IS_KIN | _IS_SURE
"""An owner says whose a component is, in bits: how it was found, the terms of its package, and the place of its name.

Meant is what `_Terms` do not clear. The kinds are how many of VersionKind are cleared unless listed.
"""
_LOWER_HALF = 0xFFFFFFFF
_OF_PACKAGE = f"""
    SELECT c.id, c.version, {VERSION_KIND.format("c.version")} >= k.cleared_kinds OR c.version = k.listed
           OR k.more IS NOT NULL AND c.version = ANY(k.more) AS is_meant
    FROM inventory_component c WHERE c.package_id = k.id OFFSET 0"""
_OF_SOURCE = """
    SELECT c.id, c.version, true AS is_meant
    FROM inventory_component c WHERE c.source_package_id = k.id AND c.package_id <> k.id OFFSET 0"""
_IS_TOLD = "FILTER (WHERE c.is_meant OR %(tells_cleared)s::bool)"
_COMPONENTS = f"""
    SELECT string_agg(int4send(c.id), ''::bytea),
           string_agg(int8send(
               (k.owner + {{by_source}} + CASE WHEN c.is_meant THEN {_IS_MEANT} ELSE 0 END)::bigint << 32 | c.id
           ), ''::bytea) {_IS_TOLD},
           string_agg(textsend(c.version), '\\x00'::bytea) {_IS_TOLD},
           string_agg(k.type, ',') {_IS_TOLD},
           string_agg(CASE WHEN k.owner & {_IS_NARROWED} > 0 THEN (
               SELECT textsend(i.identity) FROM inventory_component i WHERE i.id = c.id) ELSE ''::bytea END,
               '\\x00'::bytea) {_IS_TOLD}
    FROM package k CROSS JOIN LATERAL ({{of}}) c"""
_ASKED = f"""a.owner, a.owner >> {_KINDS_FROM} & 3 AS cleared_kinds, a.listed,
        string_to_array(nullif(a.more, ''), ',') AS more"""
_CANDIDATES = f"""
WITH loose AS (
    SELECT {_ASKED}, type, namespace, name
    FROM unnest(%(loose_owners)s::int[], %(loose_listed)s::text[], %(loose_more)s::text[], %(loose_types)s::text[],
                %(loose_namespaces)s::text[], %(loose_names)s::text[]) AS a(owner, listed, more, type, namespace, name)
),
package AS MATERIALIZED (
    SELECT {_ASKED}, '' AS type, p.id
    FROM unnest(%(owners)s::int[], %(listed)s::text[], %(more)s::text[], %(types)s::text[], %(namespaces)s::text[],
                %(names)s::text[]) AS a(owner, listed, more, type, namespace, name)
    CROSS JOIN LATERAL (
        SELECT p.id FROM inventory_package p
        WHERE p.type = a.type AND p.namespace_key = a.namespace AND p.name_key = a.name OFFSET 0) p
    UNION ALL
    SELECT a.owner, a.cleared_kinds, a.listed, a.more, p.type, p.id FROM loose a CROSS JOIN LATERAL (
        SELECT p.id, p.type, p.namespace_key FROM inventory_package p WHERE p.name_key = a.name OFFSET 0) p
    WHERE a.namespace IS NULL AND (a.type = p.type OR a.type = '' AND (p.namespace_key = '' OR p.type IN {_SELF_NAMED}))
    UNION ALL
    SELECT a.owner, a.cleared_kinds, a.listed, a.more, p.type, p.id FROM loose a CROSS JOIN LATERAL (
        SELECT p.id, p.type, p.namespace_key FROM inventory_package p WHERE p.name_key = a.name OFFSET 0) p
    WHERE a.type = '' AND a.namespace = p.namespace_key
    UNION ALL
    SELECT {_ASKED}, '', p.id
    FROM unnest(%(module_owners)s::int[], %(module_listed)s::text[], %(module_more)s::text[], %(modules)s::text[])
        AS a(owner, listed, more, path)
    CROSS JOIN LATERAL (
        SELECT p.id, substr(p.namespace_key || '/' || p.name_key, length(a.path) + 2) AS rest FROM inventory_package p
        WHERE p.type = 'golang' AND p.namespace_key >= a.path AND p.namespace_key < a.path || '0'
            AND (p.namespace_key = a.path OR p.namespace_key >= a.path || '/') OFFSET 0) p
    WHERE split_part(p.rest, '/', 1) !~ '^v([2-9]|[1-9][0-9]+)$'
    ORDER BY id
)
SELECT * FROM ({_COMPONENTS.format(by_source=0, of=_OF_PACKAGE)}) own
CROSS JOIN ({_COMPONENTS.format(by_source=_BY_SOURCE, of=_OF_SOURCE)}) built
"""
"""Packages are put in order of their ids, in which the indexes have their components: so each page is met once.

One row, packed: all ids; and of each component that is told its owner and id, its version, its type where the question
names none, and its identity where that is asked for, with a byte between that no text has. The same again of what has
the package as its source.

Told is what may be affected or possible, and where somebody asks why something is cleared, all. Kin are Go's packages
below a path asked for, and modules above it; a segment `v2` begins another module.
"""


class _Found(NamedTuple):
    """What the statement found: `ids` of all, and of what is told one entry each of the others.

    `identities` are empty where nobody asks for them.
    """

    ids: Ints
    owners: Sequence[int]
    told: Sequence[int]
    versions: Sequence[str]
    types: Sequence[str]
    identities: Sequence[str]


_NOTHING = _Found(ints(None), (), (), (), (), ())


_Terms = tuple[int, str, str]
"""What is cleared of a package by its version: of the kinds in an owner's bits, what is neither of the listed versions.

The bits of an owner but its place, the first listed version, and the others with commas between. Sure is where what is
listed is affected and means nothing else; narrowed where an identity is compared as well.
"""
_PLAIN = 1 + VersionKind.PLAIN << _KINDS_FROM
_PLAIN_OF_GO = 1 + VersionKind.PLAIN_WITH_V << _KINDS_FROM


def by_package(asked: Iterable[Placed]) -> list[Asked]:
    """Put together what is asked of each package; what names none is left out."""
    found: dict[PackageName, list[Placed]] = {}
    for placed in asked:
        if (name := placed[1].package) is not None:
            if (known := found.get(name)) is None:
                found[name] = [placed]
            else:
                known.append(placed)
    return list(found.items())


class Candidates:
    """The components of the packages asked for. `ids` are all of them, once they have been fetched.

    Why something is cleared is known only where that was to be told.
    """

    def __init__(self, asked: Sequence[Asked], *, tells_cleared: bool = False) -> None:
        self._asked, self._tells_cleared = asked, tells_cleared
        self._found = _NOTHING

    @property
    def ids(self) -> Ints:
        return self._found.ids

    @property
    def names(self) -> frozenset[str]:
        """The names that are looked for, as match keys have them: without what stands below a Go module's path."""
        values = self.statement.parameters
        return frozenset((*values["names"], *values["loose_names"]))  # type: ignore[misc]  # lists of texts

    @property
    def statement(self) -> Statement[_Found]:
        """The statement that fetches them: one row, which `take` takes."""
        named: _Rows = []
        loose: _Rows = []
        modules: _Rows = []
        for place, (name, placed) in enumerate(self._asked):
            bits, listed, more = _terms_of(name.type, placed)
            owner, purl_type, namespace = place << _PLACE_FROM | bits, name.type, name.namespace
            if purl_type and (namespace or (namespace is not None and purl_type not in _DISTRIBUTED)):
                named.append((owner, listed, more, purl_type, namespace, name.name))
            else:
                # A distribution's package asked for without naming the distribution is asked for in all of them.
                wanted = None if purl_type in _DISTRIBUTED and not namespace else namespace
                loose += [(owner, listed, more, purl_type, wanted, spelling) for spelling in _spellings(name)]
            if purl_type == "golang" and not all(indicator.is_alone for _, indicator in placed):
                owner |= _IS_KIN
                modules.append((owner, listed, more, name.written))
                named += [(owner, listed, more, purl_type, split, last) for split, last in above(name.written)]
        parameters = {
            **_columns(named, "owners", "listed", "more", "types", "namespaces", "names"),
            **_columns(
                loose, "loose_owners", "loose_listed", "loose_more", "loose_types", "loose_namespaces", "loose_names"
            ),
            **_columns(modules, "module_owners", "module_listed", "module_more", "modules"),
            "tells_cleared": self._tells_cleared,
        }
        return Statement(self._unpack, _CANDIDATES, parameters)

    def take(self, rows: Sequence[_Found]) -> None:
        """Take what the statement found."""
        (self._found,) = rows

    def judged(self) -> list[ComponentMatch]:
        """Return the components that are affected or possible, of what was taken."""
        found, matches, affected = self._found, list[ComponentMatch](), MatchClass.AFFECTED
        owned = zip(found.owners, found.told, found.versions, strict=True)
        for number, (owner, component_id, version) in enumerate(owned):
            if not owner & _IS_MEANT:
                continue
            is_listed = False
            if owner & _HOW == _IS_SURE:
                # What `judge` says of it: most of a long list is this.
                for line, indicator in self._asked[owner >> _PLACE_FROM][1]:
                    if version in indicator.versions:
                        is_listed = True
                        matches.append(ComponentMatch(component_id, line, affected, f"version {version} is listed"))
            if not is_listed:
                matches += self._judged(number, is_cleared=False)
        return matches

    def cleared(self, component_ids: Collection[int]) -> Iterator[ComponentMatch]:
        """Yield why these components are cleared, where they are. Raises RuntimeError where that was not to be told."""
        if not self._tells_cleared:
            raise RuntimeError("What is cleared was not looked up.")
        wanted = frozenset(component_ids)
        for number, component_id in enumerate(self._found.told):
            if component_id in wanted:
                yield from self._judged(number, is_cleared=True)

    def _judged(self, number: int, *, is_cleared: bool) -> list[ComponentMatch]:
        found = self._found
        owner, component_id = found.owners[number], found.told[number]
        is_kin, by_source = bool(owner & _IS_KIN), bool(owner & _BY_SOURCE)
        name, asked = self._asked[owner >> _PLACE_FROM]
        purl_type = name.type or found.types[number]
        version, identity = found.versions[number], found.identities[number]
        candidate = Candidate(component_id, purl_type, version, identity, by_source, is_kin)
        matches = []
        for place, indicator in asked:
            if is_kin and indicator.is_alone:
                continue
            match_class, reason = judge(indicator, candidate)
            if (match_class is MatchClass.CLEARED) is is_cleared:
                matches.append(ComponentMatch(component_id, place, match_class, reason))
        return matches

    @staticmethod
    def _unpack(*columns: Any) -> _Found:
        ids, owned, versions, types, identities = zip(columns[:5], columns[5:], strict=True)
        owners = longs(_joined(owned))
        return _Found(
            ints(_joined(ids)),
            (owners >> 32).tolist(),
            (owners & _LOWER_HALF).tolist(),
            [text for packed in versions for text in _split(packed)],
            [text for joined in types if joined is not None for text in joined.split(",")],
            [text for packed in identities for text in _split(packed)],
        )


def _columns(rows: _Rows, *names: str) -> dict[str, Any]:
    """Return rows as columns by the names of their parameters; the first is of numbers."""
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(names)
    return {**dict(zip(names, columns, strict=True)), names[0]: sql_array(columns[0])}


def _split(packed: bytes | None) -> Sequence[str]:
    return () if packed is None else packed.decode().split("\0")


def _joined(columns: Iterable[bytes | None]) -> bytes:
    return b"".join(packed for packed in columns if packed is not None)


def _terms_of(purl_type: str, asked: Sequence[Placed]) -> _Terms:
    """Return the terms of a package: texts are compared where what is listed is plain, and all that is said."""
    first = asked[0][1]
    is_list, is_narrowed, listed = _is_list(first), bool(first.qualifiers or first.release), first.versions
    for _, indicator in asked[1:] if len(asked) > 1 else ():
        is_list = is_list and _is_list(indicator)
        is_narrowed = is_narrowed or bool(indicator.qualifiers or indicator.release)
        listed += indicator.versions
    bits = _IS_NARROWED if is_narrowed else _IS_SURE
    if not is_list:
        return bits & _IS_NARROWED, "", ""
    if purl_type == "golang":
        return _terms_of_go(listed, bits=bits)
    for version in listed:
        if not is_plain(version):
            return bits & _IS_NARROWED, "", ""
    return bits | _PLAIN, listed[0], ",".join(listed[1:]) if len(listed) > 1 else ""


def _terms_of_go(listed: Sequence[str], *, bits: int) -> _Terms:
    """Go writes a `v` before each version, and lists may leave it away: either is looked for."""
    bare = [version.removeprefix("v") for version in listed]
    for version in bare:
        if not is_plain(version):
            return bits & _IS_NARROWED, "", ""
    if len({version[0] == "v" for version in listed}) > 1:
        bits &= _IS_NARROWED
    return bits | _PLAIN_OF_GO, f"v{bare[0]}", ",".join((*bare, *(f"v{version}" for version in bare[1:])))


def _is_list(indicator: Indicator) -> bool:
    """Whether it lists versions, and that is all it says of them."""
    if not indicator.versions or indicator.range is not None or indicator.range_text is not None:
        return False
    return indicator.clears and not indicator.doubt


def _spellings(name: PackageName) -> Iterable[str]:
    """A name without ecosystem may be any ecosystem's match key of it: as written, lower case, PyPI's form."""
    if name.type:
        return (name.name,)
    return {name.name, name.name.lower(), package_key("pypi", "", name.name).name}
