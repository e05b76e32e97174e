"""Package indicators, from a name and what is said of its versions, and from purls."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from inventory.formats.lists.names import name_package
from inventory.formats.lists.versions import ALL, Versions, VersionsError, is_expression, read_versions, type_of_range
from inventory.identity.digests import find_digest
from inventory.identity.images import ImageError, parse_image
from inventory.identity.indicators import Indicator, IndicatorKind, PackageName
from inventory.identity.purl_spec import MAX_LENGTH
from inventory.identity.purls import IDENTITY_QUALIFIERS, PurlError, parse_purl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.identity.purls import Purl
    from inventory.identity.versions import VersionRange

_PACKAGE: Final = IndicatorKind.PACKAGE
_MAX_SHOWN = 2_000
_KEPT = 30_000
"""Some 15 MB when full."""
_IMAGES = frozenset({"oci", "docker"})
_PURL = re.compile(r"(?<![\w/@:.-])pkg:(?![vV]?\d)", re.IGNORECASE)
_PLAIN_PURL = re.compile(
    r"pkg:(?![vV]\d)[a-z][a-z0-9.-]*/(?!@)[\w.%/-]*[\w.-](?:@\w[\w.%-]*)?(?:\?[a-z_]+=[\w.-]+(?:&[a-z_]+=[\w.-]+)*)?",
    re.ASCII,
)
"""As scanners write it: in none of these can another purl, a range or a comment begin."""
_HEAD = re.compile(r"[^\s\"'`<>|,;)\]]+(?:,(?![\s=<>~^\[(*!vV\d]|$)[^\s\"'`<>|,;)\]]+)*")
"""A purl up to what no purl holds: blanks, quotes, signs of ranges; a comma only within a qualifier."""
_OPERATORS = "<>=~^!*[("
_LEFT_OVER = "\"'`,;|)]( \t"


def package_indicator(
    purl_type: str,
    name: str,
    *,
    given: str,
    line: int | None,
    listed: str = "",
    text: str = "",
    qualifiers: tuple[tuple[str, str], ...] = (),
) -> Indicator:
    """Return the indicator of a package. `listed` is one version, `text` any expression, neither all versions.

    A name or an expression nobody can read gives an indicator with a problem.
    """
    named = name_package(purl_type or type_of_range(text), name)
    if named is None:
        return unreadable(given, line=line, problem=f"'{name[:80]}' is no package name")
    try:
        versions = read_versions(text, named.package.type) if text else Versions(listed=(listed,) if listed else ())
    except VersionsError as error:
        return unreadable(given, line=line, problem=str(error))
    return Indicator(
        IndicatorKind.PACKAGE,
        given,
        line,
        package=named.package,
        purl=named.purl,
        versions=versions.listed,
        range=versions.range,
        range_text=versions.range_text,
        qualifiers=qualifiers,
    )


def read_plain_purl(text: str, *, number: int | None) -> Indicator | None:
    """Read a line that is one purl and nothing else, with one expression; None for any other."""
    if not text.startswith("pkg:") or len(text) > MAX_LENGTH:
        return None
    if (plain := _plain(text)) is not None:
        package, purl, versions = plain
        return Indicator(_PACKAGE, text, number, package, purl, versions)
    return None if _PLAIN_PURL.fullmatch(text) is None else purl_indicator(text, given=text, line=number)


@lru_cache(maxsize=_KEPT)
def _plain(text: str) -> tuple[PackageName, str, tuple[str, ...]] | None:
    """Return package, package purl and versions of a line that has no more than these: a list is asked again and again.

    None for any other, a purl that nobody can read among them.
    """
    if _PLAIN_PURL.fullmatch(text) is None:
        return None
    try:
        purl = parse_purl(text)
    except PurlError:
        return None
    if purl.qualifiers or purl.type in _IMAGES:
        return None
    package = PackageName(purl.key.type, purl.key.namespace, purl.key.name)
    return package, purl.package_purl, (purl.version,) if purl.version else ()


def holds_purl(text: str) -> bool:
    """Say whether a line has a purl in it; `pkg:1.0` is a package of that name."""
    return "pkg:" in text.lower() and _PURL.search(text) is not None


def purl_indicators(text: str, *, line: int | None) -> Iterator[Indicator]:
    """Yield what a line with purls asks for; a range may stand behind each, and words that nobody can read are told."""
    starts = [match.start() for match in _PURL.finditer(text)]
    before = text[: starts[0]].strip(_LEFT_OVER) if starts else text
    if before and not before.endswith(":"):
        yield unreadable(before, line=line, problem="this part of the line is not understood")
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield from _purl_segment(text[start:end].strip().rstrip(",;"), line=line)


def purl_indicator(text: str, *, given: str, line: int | None, expression: str = "") -> Indicator:
    """Return the indicator of one purl; `expression` says the versions where the purl does not."""
    try:
        purl = parse_purl(text)
    except PurlError as error:
        return unreadable(given, line=line, problem=error.message)
    if expression and purl.version:
        return unreadable(given, line=line, problem="the purl has a version, and versions stand behind it as well")
    if purl.type in _IMAGES and (found := _image_of(purl, given=given, line=line)) is not None:
        return found
    try:
        versions = read_versions(expression, purl.type) if expression else ALL
    except VersionsError as error:
        return unreadable(given, line=line, problem=str(error))
    listed = (purl.version,) if purl.version else versions.listed
    return _package_of(
        purl, versions=listed, given=given, line=line, range_=versions.range, qualifiers=_identity_qualifiers(purl)
    )


def _package_of(
    purl: Purl,
    *,
    versions: tuple[str, ...],
    given: str,
    line: int | None,
    range_: VersionRange | None = None,
    qualifiers: tuple[tuple[str, str], ...] = (),
) -> Indicator:
    return Indicator(
        IndicatorKind.PACKAGE,
        given,
        line,
        package=PackageName(purl.key.type, purl.key.namespace, purl.key.name),
        purl=purl.package_purl,
        versions=versions,
        range=range_,
        qualifiers=qualifiers,
    )


def unreadable(given: str, *, line: int | None, problem: str) -> Indicator:
    """Return the indicator of what nobody can read: shown with its line, never dropped."""
    return Indicator(IndicatorKind.UNREADABLE, given[:_MAX_SHOWN], line, problem=problem)


def _purl_segment(segment: str, *, line: int | None) -> Iterator[Indicator]:
    head, expression = _split_range(segment)
    if expression and expression[0] not in _OPERATORS and not is_expression(expression):
        words = expression.strip(_LEFT_OVER)
        yield purl_indicator(head, given=head, line=line)
        if words:
            yield unreadable(words, line=line, problem="this part of the line is not understood")
        return
    yield purl_indicator(head, given=segment, line=line, expression=expression)


def _split_range(segment: str) -> tuple[str, str]:
    """Split `pkg:npm/x@<1.2` and `pkg:npm/x vers:npm/<1.2` into purl and range."""
    match = _HEAD.match(segment)
    head = segment if match is None else match[0]
    rest = segment[len(head) :].strip().lstrip("\"'`").lstrip(", \t")
    name, at, version = head.rpartition("@")
    if at and version[:1] in ("", *_OPERATORS) and not name.endswith("/"):
        return name, f"{version}{segment[len(head) :]}".strip()
    return head, rest


def _image_of(purl: Purl, *, given: str, line: int | None) -> Indicator | None:
    if (digest := find_digest(purl.version)) is not None:
        return Indicator(IndicatorKind.ARTIFACT, given, line, digest=str(digest))
    qualifiers = dict(purl.qualifiers)
    reference = qualifiers.get("repository_url", "")
    if purl.type != "oci" or not reference:
        return None
    try:
        image = parse_image(reference)
    except ImageError:
        return None
    tag = qualifiers.get("tag") or purl.version or image.tag
    return Indicator(IndicatorKind.IMAGE, given, line, image_name=image.name, image_tag=tag or None)


def _identity_qualifiers(purl: Purl) -> tuple[tuple[str, str], ...]:
    if not any(name in IDENTITY_QUALIFIERS for name, _ in purl.qualifiers):
        return ()
    return parse_purl(purl.text).qualifiers
