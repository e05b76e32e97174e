"""How one component answers a package indicator: by its version, then by what else makes it another build. Pure."""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from inventory.identity.ecosystems import read_release
from inventory.identity.indicators import IndicatorKind
from inventory.identity.purls import PurlError, parse_purl
from inventory.identity.versions import RangeError, UnevaluableVersion, parse_range, sort_key

if TYPE_CHECKING:
    from inventory.identity.indicators import Indicator
    from inventory.identity.versions import VersionRange


class MatchClass(enum.IntEnum):
    """How a component answers an indicator.

    Even, so that a statement can add one for what only takes part in a build.
    """

    AFFECTED = 0
    POSSIBLE = 2
    CLEARED = 4


class Candidate(Struct, frozen=True, gc=False):
    """A component of a package asked for. `by_source`: found by its distribution's source package.

    `is_kin`: found by a Go path below or above the one asked for; whether it is of that module, the path does not say.
    `identity` is read only when an indicator has qualifiers to compare it with.
    """

    component_id: int
    type: str
    version: str
    identity: str
    by_source: bool
    is_kin: bool = False


_PLAIN = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}")
"""Three numbers without leading zeros: in every order two of these are equal only when they are the same text."""
_REBUILD = re.compile(r"\+b[0-9]+$")
_REVISION = re.compile(r"-[^-]*$")
"""What a distribution adds to an upstream version; an epoch stands before it."""
DISTRIBUTIONS = frozenset({"deb", "rpm", "apk", "alpm"})
_EVERY_ARCHITECTURE = ("all", "noarch")


def judge(indicator: Indicator, candidate: Candidate) -> tuple[MatchClass, str]:
    """Say how one component answers a package indicator, and why."""
    match_class, reason = _judge_version(indicator, candidate)
    if match_class is MatchClass.CLEARED and _speaks_of_upstream(indicator):
        match_class, reason = _judge_upstream(indicator, candidate, of=(match_class, reason))
    if match_class is MatchClass.AFFECTED and (candidate.is_kin or indicator.doubt):
        doubt = indicator.doubt or "found below or above the Go path asked for"
        match_class, reason = MatchClass.POSSIBLE, f"{reason}; {doubt}"
    if match_class is not MatchClass.CLEARED and indicator.release:
        match_class, reason = _judge_release(indicator.release, candidate, of=(match_class, reason))
    if match_class is MatchClass.CLEARED or not indicator.qualifiers:
        return match_class, reason
    contradicted = _contradictions(indicator, candidate)
    if contradicted - {"distro"}:
        return MatchClass.CLEARED, f"built for another {min(contradicted - {'distro'})}"
    if contradicted:
        # Distributions take packages over from each other, and scanners write them differently: no reason to clear.
        return MatchClass.POSSIBLE, f"{reason}, for another distribution"
    return match_class, reason


@lru_cache(maxsize=200_000)
def is_plain(version: str) -> bool:
    """Say whether two such versions can only be equal as texts, in every order; Go writes a `v` before each."""
    return _PLAIN.fullmatch(version) is not None


def _judge_version(indicator: Indicator, candidate: Candidate) -> tuple[MatchClass, str]:
    match_class, reason = _judge_named(indicator, candidate)
    if indicator.clears or (match_class is not MatchClass.CLEARED and _names_versions(indicator)):
        return match_class, reason
    return MatchClass.POSSIBLE, "part of what the advisory says of versions cannot be compared"


def _speaks_of_upstream(indicator: Indicator) -> bool:
    """Whether its versions are those of a product's maker, and what bears its name may be numbered by others."""
    return indicator.kind is IndicatorKind.CPE or bool(
        indicator.doubt and indicator.package and not indicator.package.type
    )


def _judge_upstream(
    indicator: Indicator, candidate: Candidate, *, of: tuple[MatchClass, str]
) -> tuple[MatchClass, str]:
    """Judge a distribution's package by the upstream version in its own: `1:3.0.1-1ubuntu2` is a 3.0.1."""
    upstream = _REVISION.sub("", candidate.version.rpartition(":")[2])
    if candidate.type not in DISTRIBUTIONS or upstream == candidate.version:
        return of
    match_class, reason = _judge_version(indicator, structs.replace(candidate, version=upstream))
    return of if match_class is MatchClass.CLEARED else (MatchClass.POSSIBLE, f"upstream {reason}")


def _names_versions(indicator: Indicator) -> bool:
    return bool(indicator.versions) or indicator.range is not None or indicator.range_text is not None


def _judge_named(indicator: Indicator, candidate: Candidate) -> tuple[MatchClass, str]:
    source = "its source package " if candidate.by_source else ""
    if not _names_versions(indicator):
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


def _judge_release(release: str, candidate: Candidate, *, of: tuple[MatchClass, str]) -> tuple[MatchClass, str]:
    """Hold a match to the release its advisory speaks of: each release of a distribution has versions of its own."""
    match_class, reason = of
    stated = _release_of(candidate.identity)
    if stated == release:
        return match_class, reason
    if stated:
        return MatchClass.CLEARED, f"of {stated}, and the advisory speaks of {release}"
    return MatchClass.POSSIBLE, f"{reason}, if it is of {release}"


@lru_cache(maxsize=4096)
def _release_of(identity: str) -> str:
    try:
        return read_release(dict(parse_purl(identity).qualifiers).get("distro", ""))
    except PurlError:
        return ""


@lru_cache(maxsize=4096)
def _range_of(purl_type: str, text: str | None) -> VersionRange | None:
    """Read a bare name's range by the order of the ecosystem it was found in. Raises RangeError."""
    return None if text is None else parse_range(purl_type, text)


def _is_same(candidate: Candidate, version: str) -> bool:
    """Equal in the ecosystem's order (1.0 and 1.0.0 in PyPI), or Debian's rebuild of the listed version (`+b1`).

    A listed version nobody can compare equals only itself.
    """
    if candidate.type == "deb" and "+b" in candidate.version and _REBUILD.sub("", candidate.version) == version:
        return True
    if is_plain(candidate.version) and is_plain(version):
        return candidate.version == version
    stated = sort_key(candidate.type, candidate.version)
    try:
        return stated == sort_key(candidate.type, version)
    except UnevaluableVersion:
        return False


def _contradictions(indicator: Indicator, candidate: Candidate) -> set[str]:
    """Return the qualifiers for which the component states another value than the one asked for."""
    try:
        stated = dict(parse_purl(candidate.identity).qualifiers)
    except PurlError:
        return set()
    if stated.get("arch") in _EVERY_ARCHITECTURE:
        del stated["arch"]
    return {name for name, value in indicator.qualifiers if stated.get(name, value) != value}
