"""Versions: the order of each ecosystem, and ranges in it.

`compare` and `sort_key` place a version, `parse_range` reads what a person, a tool or an advisory wrote,
`VersionRange` is the set of versions it means. What has no place in an order raises `UnevaluableVersion`; it is
neither inside nor outside.
"""

from __future__ import annotations

from inventory.identity.versions.errors import RangeError, UnevaluableVersion, shown
from inventory.identity.versions.native import read_native
from inventory.identity.versions.ranges import VersionRange, sorted_versions
from inventory.identity.versions.schemes import compare, scheme_of, sort_key
from inventory.identity.versions.vers import parse_canonical_vers, read_vers

__all__ = [
    "RangeError",
    "UnevaluableVersion",
    "VersionRange",
    "compare",
    "parse_canonical_vers",
    "parse_range",
    "sort_key",
    "sorted_versions",
]

MAX_RANGE_LENGTH = 262_144
_NEUTRAL_SCHEMES = frozenset({"generic", "semver"})


def parse_range(purl_type: str, text: str) -> VersionRange:
    """Parse a range: a `vers:` text (loosely) or native and advisory syntax. Raises RangeError.

    A bare version is that version (cargo: `^`; npm: `1.2` is `1.2.x`), a comma list of bare versions is all of them.
    """
    if len(text) > MAX_RANGE_LENGTH:
        raise RangeError(f"The range has {len(text)} characters; more than {MAX_RANGE_LENGTH} are not accepted.")
    stripped = text.strip()
    if stripped[:5].lower() != "vers:":
        return read_native(purl_type, stripped)
    parsed = read_vers(stripped)
    if parsed.type == scheme_of(purl_type):
        return parsed
    if parsed.type in _NEUTRAL_SCHEMES:
        return read_vers(f"vers:{scheme_of(purl_type)}/{stripped.partition('/')[2]}")
    raise RangeError(
        f"'{shown(stripped)}' is a range of {parsed.type} versions, but the package is of type {purl_type}."
    )
