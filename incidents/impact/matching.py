"""From indicators to components: which versions of packages are meant, which may be, which a rule excludes."""

from __future__ import annotations

import enum
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

from incidents.indicators import IndicatorKind
from inventory.graph.families import visible_teams
from inventory.graph.one_state import Statement
from inventory.graph.visibility import own
from inventory.identity.purls import PurlError, package_key, parse_purl
from inventory.identity.versions import RangeError, UnevaluableVersion, parse_range, sort_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from incidents.indicators import Indicator, PackageName
    from inventory.graph.one_state import OneState
    from inventory.identity.versions import VersionRange
    from supplychain.access.actors import Actor


class MatchClass(enum.IntEnum):
    """How a component answers an indicator.

    Even, so that a statement can add one for what only takes part in a build.
    """

    AFFECTED = 0
    POSSIBLE = 2
    CLEARED = 4


class ComponentMatch(Struct, frozen=True, gc=False):
    """A component answers an indicator (its place in the question), and why."""

    component_id: int
    indicator: int
    match_class: MatchClass
    reason: str


@dataclass(frozen=True, slots=True)
class ArtifactMatch:
    """An artifact is itself what an indicator names, or may be."""

    artifact_id: int
    indicator: int
    match_class: MatchClass
    reason: str


@dataclass(frozen=True, slots=True)
class Matches:
    """Everything the indicators mean, before anybody asks where it is."""

    components: tuple[ComponentMatch, ...]
    artifacts: tuple[ArtifactMatch, ...]


class _Candidate(Struct, frozen=True, gc=False):
    """A component of a package asked for. `by_source`: found by its distribution's source package.

    `identity` is read only when an indicator has qualifiers to compare it with.
    """

    place: int
    component_id: int
    type: str
    version: str
    identity: str
    by_source: bool


@dataclass(frozen=True, slots=True)
class _Hashed:
    """A component for which a visible document states a hash asked for, among `stated` different ones."""

    value: bytes
    algorithm: str
    component_id: int
    stated: int

    @property
    def match_class(self) -> MatchClass:
        return MatchClass.AFFECTED if self.stated == 1 else MatchClass.POSSIBLE

    @property
    def reason(self) -> str:
        if self.stated == 1:
            return f"its {self.algorithm} is the one asked for"
        return f"its {self.algorithm} is one of {self.stated} that documents state for this component"


@dataclass(frozen=True, slots=True)
class _Digested:
    """An artifact that a digest asked for names, or holds as its index."""

    digest: str
    artifact_id: int
    is_member: bool


_PLAIN = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}")
"""Three numbers without leading zeros: in every order two of these are equal only when they are the same text."""
_REBUILD = re.compile(r"\+b[0-9]+$")
_EVERY_ARCHITECTURE = ("all", "noarch")
_SELF_NAMED = ("maven", "deb", "rpm", "apk", "alpm", "conan", "swift", "generic", "")
"""Types where a name alone is a name; elsewhere (npm, composer, golang) the namespace is part of what people write."""
_CANDIDATES = f"""
WITH asked(place, type, namespace, name) AS (
    SELECT * FROM unnest(%(places)s::int[], %(types)s::text[], %(namespaces)s::text[], %(names)s::text[])
),
package AS MATERIALIZED (
    SELECT a.place, p.id, p.type FROM asked a JOIN inventory_package p
        ON p.type = a.type AND p.namespace_key = a.namespace AND p.name_key = a.name
    WHERE a.type <> '' AND a.namespace IS NOT NULL
    UNION ALL
    SELECT a.place, p.id, p.type FROM asked a JOIN inventory_package p ON p.name_key = a.name
    WHERE a.namespace IS NULL AND (a.type = p.type OR a.type = '' AND (p.namespace_key = '' OR p.type IN {_SELF_NAMED}))
    UNION ALL
    SELECT a.place, p.id, p.type FROM asked a JOIN inventory_package p
        ON p.namespace_key = a.namespace AND p.name_key = a.name
    WHERE a.type = '' AND a.namespace IS NOT NULL
)
SELECT DISTINCT k.place, c.id, k.type, c.version, CASE WHEN %(is_narrowed)s THEN c.identity ELSE '' END, false
FROM package k JOIN inventory_component c ON c.package_id = k.id
UNION ALL
SELECT k.place, c.id, k.type, c.version, CASE WHEN %(is_narrowed)s THEN c.identity ELSE '' END, true
FROM package k JOIN inventory_component c ON c.source_package_id = k.id AND c.package_id <> k.id
"""
_HASHED = """
SELECT h.value, h.algorithm, h.component_id,
       (SELECT count(DISTINCT o.value) FROM inventory_componenthash o
        WHERE o.component_id = h.component_id AND o.algorithm = h.algorithm
          AND (%(teams)s::bigint[] IS NULL OR o.team_id = ANY(%(teams)s))) AS stated
FROM unnest(%(values)s::bytea[], %(algorithms)s::text[]) AS asked(value, algorithm)
JOIN inventory_componenthash h ON h.value = asked.value AND h.algorithm = asked.algorithm
WHERE %(teams)s::bigint[] IS NULL OR h.team_id = ANY(%(teams)s)
GROUP BY h.value, h.algorithm, h.component_id
"""
_DIGESTED = """
SELECT a.digest, a.id, false FROM inventory_artifact a WHERE a.digest = ANY(%(digests)s)
UNION
SELECT a.digest, m.member_id, true FROM inventory_artifact a JOIN inventory_indexmember m ON m.index_id = a.id
WHERE a.digest = ANY(%(digests)s) AND (%(teams)s::bigint[] IS NULL OR m.team_id = ANY(%(teams)s))
"""
# A document's name has no end: in a window it counts only where no container tells when the name was in use.
_NAMED = f"""
WITH asked(place, name, tag, since, until) AS (
    SELECT * FROM unnest(%(places)s::int[], %(names)s::text[], %(tags)s::text[], %(since)s::timestamptz[],
                         %(until)s::timestamptz[])
),
ran AS (
    SELECT a.place, i.artifact_id, (i.closed_at IS NULL OR i.closed_at > i.opened_at)
        AND (a.until IS NULL OR i.opened_at < a.until)
        AND (a.since IS NULL OR i.closed_at IS NULL OR i.closed_at > a.since) AS is_meant
    FROM asked a JOIN inventory_runinterval i ON i.image_name = a.name AND (a.tag = '' OR i.image_tag = a.tag)
    WHERE i.artifact_id IS NOT NULL AND {own("i.team_id")}
)
SELECT DISTINCT a.place, n.artifact_id
FROM asked a JOIN inventory_artifactname n ON n.name = a.name AND (a.tag = '' OR n.tag = a.tag)
WHERE {own("n.team_id")} AND (a.since IS NULL AND a.until IS NULL
    OR NOT EXISTS (SELECT 1 FROM ran r WHERE r.place = a.place AND r.artifact_id = n.artifact_id))
UNION
SELECT DISTINCT place, artifact_id FROM ran WHERE is_meant
"""
"""What was called so: a name that a document gives, and in the indicator's own window what ran under it."""


Placed = tuple[int, "Indicator"]
"""An indicator and its place in the question."""


def find_matches(indicators: Sequence[Indicator], *, actor: Actor, state: OneState) -> Matches:
    """Return what the indicators mean, for one round trip.

    An indicator with a problem means nothing. Packages and components are shared by all teams, so nothing here tells
    who has them: that is asked next, through the asker's eyes.
    """
    of_kind: dict[IndicatorKind, list[Placed]] = defaultdict(list)
    for place, indicator in enumerate(indicators):
        if indicator.problem is None:
            of_kind[indicator.kind].append((place, indicator))
    hashes, teams = of_kind[IndicatorKind.HASH], visible_teams(actor)
    components = [_packages(of_kind[IndicatorKind.PACKAGE]), _hashes(hashes, teams=teams)]
    artifacts = [
        _digests([*of_kind[IndicatorKind.ARTIFACT], *hashes], teams=teams),
        _images(of_kind[IndicatorKind.IMAGE], teams=teams),
    ]
    rows = iter(state.fetch_together(*(found.statement for found in (*components, *artifacts) if found is not None)))
    return Matches(
        components=tuple(match for found in components if found is not None for match in found.read(next(rows))),
        artifacts=tuple(match for found in artifacts if found is not None for match in found.read(next(rows))),
    )


Match = TypeVar("Match")


@dataclass(frozen=True, slots=True)
class _Lookup(Generic[Match]):
    """A statement, and what its rows mean."""

    statement: Statement[Any]
    read: Callable[[Iterable[Any]], Iterable[Match]]


def _packages(asked: Sequence[Placed]) -> _Lookup[ComponentMatch] | None:
    by_name: dict[PackageName, list[Placed]] = defaultdict(list)
    for place, indicator in asked:
        if indicator.package is not None:
            by_name[indicator.package].append((place, indicator))
    if not by_name:
        return None
    names = list(by_name)

    def read(candidates: Iterable[_Candidate]) -> Iterator[ComponentMatch]:
        for candidate in candidates:
            for place, indicator in by_name[names[candidate.place]]:
                match_class, reason = _judge(indicator, candidate)
                yield ComponentMatch(candidate.component_id, place, match_class, reason)

    is_narrowed = any(indicator.qualifiers for _, indicator in asked)
    return _Lookup(_candidates(names, is_narrowed=is_narrowed), read)


def _candidates(names: Sequence[PackageName], *, is_narrowed: bool) -> Statement[_Candidate]:
    spelled = [(place, name, spelling) for place, name in enumerate(names) for spelling in _spellings(name)]
    parameters = {
        "places": [place for place, _, _ in spelled],
        "types": [name.type for _, name, _ in spelled],
        "namespaces": [_any_distribution(name) for _, name, _ in spelled],
        "names": [spelling for _, _, spelling in spelled],
        "is_narrowed": is_narrowed,
    }
    return Statement(_Candidate, _CANDIDATES, parameters)


def _spellings(name: PackageName) -> Iterable[str]:
    """A name without ecosystem may be any ecosystem's match key of it: as written, lower case, PyPI's form."""
    if name.type:
        return (name.name,)
    return {name.name, name.name.lower(), package_key("pypi", "", name.name).name}


def _any_distribution(name: PackageName) -> str | None:
    """A distribution's package asked for without naming the distribution is asked for in all of them."""
    return None if name.namespace == "" and name.type in ("deb", "rpm", "apk", "alpm") else name.namespace


def _judge(indicator: Indicator, candidate: _Candidate) -> tuple[MatchClass, str]:
    """Say how one component answers a package indicator: by its version, then by what else makes it another build."""
    match_class, reason = _judge_version(indicator, candidate)
    if match_class is MatchClass.CLEARED or not indicator.qualifiers:
        return match_class, reason
    contradicted = _contradictions(indicator, candidate)
    if contradicted - {"distro"}:
        return MatchClass.CLEARED, f"built for another {min(contradicted - {'distro'})}"
    if contradicted:
        # Distributions take packages over from each other, and scanners write them differently: no reason to clear.
        return MatchClass.POSSIBLE, f"{reason}, for another distribution"
    return match_class, reason


def _judge_version(indicator: Indicator, candidate: _Candidate) -> tuple[MatchClass, str]:
    source = "its source package " if candidate.by_source else ""
    if not indicator.versions and indicator.range is None and indicator.range_text is None:
        return MatchClass.AFFECTED, f"{source}any version of the package is asked for"
    if candidate.version in indicator.versions:
        return MatchClass.AFFECTED, f"{source}version {candidate.version} is listed"
    try:
        if any(_is_same(candidate, version) for version in indicator.versions):
            return MatchClass.AFFECTED, f"{source}version {candidate.version} equals a listed one"
        versions = indicator.range or _range_of(candidate.type, indicator.range_text)
        if versions is not None and versions.contains(candidate.version):
            return MatchClass.AFFECTED, f"{source}version {candidate.version} is in {versions.canonical}"
    except RangeError:
        return MatchClass.POSSIBLE, f"the range cannot be read as one of {candidate.type or 'this'} versions"
    except UnevaluableVersion:
        return MatchClass.POSSIBLE, f"version {candidate.version or '(none stated)'} cannot be compared"
    return MatchClass.CLEARED, f"version {candidate.version} is not among the versions asked for"


@lru_cache(maxsize=4096)
def _range_of(purl_type: str, text: str | None) -> VersionRange | None:
    """Read a bare name's range by the order of the ecosystem it was found in. Raises RangeError."""
    return None if text is None else parse_range(purl_type, text)


@lru_cache(maxsize=50_000)
def _is_plain(version: str) -> bool:
    return _PLAIN.fullmatch(version) is not None


def _is_same(candidate: _Candidate, version: str) -> bool:
    """Equal in the ecosystem's order (1.0 and 1.0.0 in PyPI), or Debian's rebuild of the listed version (`+b1`).

    A listed version nobody can compare equals only itself.
    """
    if candidate.type == "deb" and "+b" in candidate.version and _REBUILD.sub("", candidate.version) == version:
        return True
    if _is_plain(candidate.version) and _is_plain(version):
        return candidate.version == version
    stated = sort_key(candidate.type, candidate.version)
    try:
        return stated == sort_key(candidate.type, version)
    except UnevaluableVersion:
        return False


def _contradictions(indicator: Indicator, candidate: _Candidate) -> set[str]:
    """Return the qualifiers for which the component states another value than the one asked for."""
    try:
        stated = dict(parse_purl(candidate.identity).qualifiers)
    except PurlError:
        return set()
    if stated.get("arch") in _EVERY_ARCHITECTURE:
        del stated["arch"]
    return {name for name, value in indicator.qualifiers if stated.get(name, value) != value}


def _hashes(asked: Iterable[Placed], *, teams: Sequence[int] | None) -> _Lookup[ComponentMatch] | None:
    places: dict[tuple[bytes, str], list[int]] = defaultdict(list)
    for place, indicator in asked:
        if indicator.algorithm and indicator.value:
            places[bytes.fromhex(indicator.value), indicator.algorithm].append(place)
    if not places:
        return None

    def read(rows: Iterable[_Hashed]) -> Iterator[ComponentMatch]:
        for found in rows:
            for place in places[bytes(found.value), found.algorithm]:
                yield ComponentMatch(found.component_id, place, found.match_class, found.reason)

    parameters = {
        "values": [value for value, _ in places],
        "algorithms": [algorithm for _, algorithm in places],
        "teams": teams,
    }
    return _Lookup(Statement(_Hashed, _HASHED, parameters), read)


def _digests(asked: Iterable[Placed], *, teams: Sequence[int] | None) -> _Lookup[ArtifactMatch] | None:
    """An index is all its members: who asks for one asks for what a node runs of it (domain.md, the incident query)."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, indicator in asked:
        places[indicator.digest or f"{indicator.algorithm}:{indicator.value}"].append(place)
    if not places:
        return None

    def read(rows: Iterable[_Digested]) -> Iterator[ArtifactMatch]:
        for found in rows:
            reason = "it is in the index asked for" if found.is_member else "the digest is the one asked for"
            for place in places[found.digest]:
                yield ArtifactMatch(found.artifact_id, place, MatchClass.AFFECTED, reason)

    return _Lookup(Statement(_Digested, _DIGESTED, {"digests": list(places), "teams": teams}), read)


def _images(asked: Sequence[Placed], *, teams: Sequence[int] | None) -> _Lookup[ArtifactMatch] | None:
    """An image reference is a name that moves: whatever went by it, in the indicator's own window, may be meant."""
    if not asked:
        return None
    named = {place: f"{indicator.image_name}:{indicator.image_tag or ''}".rstrip(":") for place, indicator in asked}

    def read(rows: Iterable[tuple[int, int]]) -> Iterator[ArtifactMatch]:
        for place, artifact_id in rows:
            yield ArtifactMatch(artifact_id, place, MatchClass.POSSIBLE, f"was called {named[place]}")

    parameters = {
        "places": list(named),
        "names": [indicator.image_name for _, indicator in asked],
        "tags": [indicator.image_tag or "" for _, indicator in asked],
        "since": [indicator.valid_from for _, indicator in asked],
        "until": [indicator.valid_to for _, indicator in asked],
        "teams": teams,
    }
    return _Lookup(Statement(lambda *row: row, _NAMED, parameters), read)
