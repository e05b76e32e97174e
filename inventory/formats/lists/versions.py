"""Version expressions as people and vendors write them: a version, a list, a range in any ecosystem's syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from inventory.identity.versions import RangeError, VersionRange, parse_range

MAX_LENGTH = 20_000

_ALL = frozenset({"*", "all", "any", "all versions", "any version", ">=0", ">= 0"})
_SEPARATOR = re.compile(r"\s*(?:\|\||[,;&]|\s(?:and|or)\s)\s*", re.IGNORECASE)
_LISTED = re.compile(r"(?:={1,3}\s*)?(?P<version>[\w][\w.+~:!^-]*)")
_NUMBERED = re.compile(r"(?:={1,3}\s*)?[vV]?\d[\w.+~:!^-]*")
_WILDCARD = re.compile(r"(?:^|\.)[xX*](?:\.|$)")
_RANGE_SIGNS = re.compile(r"[<>~^!*\[(]|^\s*vers:|\S\s+-\s+\S", re.IGNORECASE)
_VERS = re.compile(r"vers:(?P<type>[A-Za-z][A-Za-z0-9.+-]*)/")
_SHARED = frozenset({"semver", "generic", "intdot", "all", "none"})
_TRIED = ("npm", "pypi", "maven", "deb", "golang", "gem")
"""Orders that a range without ecosystem is tried in: what none of them can read is no range."""


class VersionsError(Exception):
    """The text names no versions; the message says why."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What versions are meant: those listed, those in a range, or all. `range_text` is a range without ecosystem."""

    listed: tuple[str, ...] = ()
    range: VersionRange | None = None
    range_text: str | None = None


ALL = Versions()


@lru_cache(maxsize=4096)
def read_versions(text: str, purl_type: str) -> Versions:
    """Read what stands behind a package's name. Raises VersionsError.

    A word that is no number (`latest`, a commit) is a version like any other here: it matches by its text.
    """
    bare = text.strip().strip("\"'`").strip()
    if bare.lower() in _ALL:
        return ALL
    if not bare or len(bare) > MAX_LENGTH:
        raise VersionsError("no version is listed; write * for all versions")
    if _LISTED.fullmatch(bare) and not _WILDCARD.search(bare):
        return Versions(listed=(bare.lstrip("= \t"),))
    return _list(bare) or _range(bare, purl_type)


def is_version(text: str) -> bool:
    """Say whether a word can only be a version: a number, perhaps after a v."""
    return _NUMBERED.fullmatch(text) is not None


def is_expression(text: str) -> bool:
    """Say whether a text is meant to name versions rather than to be another word."""
    bare = text.strip().strip("\"'`").strip()
    if bare.lower() in _ALL or bare[:5].lower() == "vers:":
        return True
    pieces = _SEPARATOR.split(bare)
    if all(is_version(piece) for piece in pieces) or all(is_version(word) for word in bare.split()):
        return True
    return bare[:1] in ("<", ">", "=", "~", "^", "!", "[", "(", "*") and any(sign.isdigit() for sign in bare)


def type_of_range(text: str) -> str:
    """Return the purl type that a `vers:` text names; '' for any other text, and for an order that many share."""
    match = _VERS.match(text.strip())
    return "" if match is None or match["type"].lower() in _SHARED else match["type"].lower()


def _list(text: str) -> Versions | None:
    pieces = [piece for piece in _SEPARATOR.split(text) if piece]
    if len(pieces) == 1:
        pieces = text.split()
    found = [_LISTED.fullmatch(piece) for piece in pieces]
    versions = [match["version"] for match in found if match is not None and is_version(match[0])]
    if len(versions) != len(pieces) or any(_WILDCARD.search(version) for version in versions):
        return None
    return Versions(listed=tuple(dict.fromkeys(versions)))


def _range(text: str, purl_type: str) -> Versions:
    if not _RANGE_SIGNS.search(text) and not _WILDCARD.search(text):
        raise VersionsError(f"'{text[:80]}' is neither a version nor a range of versions")
    if purl_type:
        try:
            read = parse_range(purl_type, text)
        except RangeError as error:
            raise VersionsError(error.message) from error
        return ALL if read.is_everything else Versions(range=read)
    problem = ""
    for tried in _TRIED:
        try:
            parse_range(tried, text)
        except RangeError as error:
            problem = problem or error.message
        else:
            return Versions(range_text=text)
    raise VersionsError(problem)
