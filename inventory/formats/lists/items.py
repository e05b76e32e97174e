"""One line that is neither table nor lock file: what it asks for, told by its form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inventory.formats.lists.hashes import read_hash
from inventory.formats.lists.names import ECOSYSTEMS, PREFIXES, is_module_path, name_package
from inventory.formats.lists.packages import holds_purl, package_indicator, purl_indicators, unreadable
from inventory.formats.lists.versions import is_expression, is_version
from inventory.identity.digests import find_digest
from inventory.identity.images import ImageError, parse_image
from inventory.identity.indicators import HASH_LENGTHS, Indicator, IndicatorKind
from inventory.identity.listed import LIST_NAME, list_identifier
from inventory.identity.origins import commit_indicator, read_address, read_named
from inventory.identity.products_by_cpe import cpe_indicator

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LINE_LENGTH = 20_000
MAX_ITEM_LENGTH = 2_048
"""Of what is no list of versions: no digest, identifier, coordinate or image reference is longer."""

_NAME = r"(?:@[^\s@:/,;=<>!~^()\[\]{}|\"'`*]+/)?[^\s@:,;=<>!~^()\[\]{}|\"'`*]+"
_COMMON = re.compile(r"(?P<name>(?:@[\w.-]+/)?[A-Za-z][\w.-]*)[@:](?P<version>\d(?!\S*\.[xX](?:\.|$))[\w.+-]*)")
_MEANING_MORE = PREFIXES | HASH_LENGTHS.keys()
_PREFIX = re.compile(r"(?P<prefix>[A-Za-z][A-Za-z.]{1,14}):\s*(?=\S)(?P<rest>.+)")
_NAMED = re.compile(rf"(?P<name>{_NAME})(?:\[[A-Za-z][\w.,\s-]*\])?(?P<rest>.*)", re.DOTALL)
_ADVISORY = re.compile(
    r"(?:(?:[A-Z]+-)?CVE-\d{4}-\d{4,19}|GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}"
    r"|(?:MAL|OSV|PYSEC|RUSTSEC|GO|HSEC|RSEC|PSF|EUVD|OESA|MGASA|VDE|JLSEC|BELL)-\d{4}-\d+"
    r"|(?:RH[SBE]A|AL[SBE]A|RLSA|RXSA|ELSA)-\d{4}:\d+|(?:open)?SUSE-[SRFO]U-\d{4}:\d+-\d+"
    r"|(?:DSA|DLA|DTSA|USN|LSN)-\d+-\d+|ALAS(?:[A-Z0-9.]*-)?\d{4}-\d+|CGA(?:-[23456789cfghjmpqrvwx]{4}){3}"
    r"|SNYK-[A-Z0-9-]+-\d+|SSA-\d{6}|cisco-sa-[a-z0-9-]+|(?:ICSA|ICSMA)-\d{2}-\d{3}-\d{2}[A-Z]?)",
    re.IGNORECASE,
)
_ANY_ADVISORY = re.compile(r"advisory:\s*(?P<id>[A-Za-z0-9][\x21-\x7e]{0,254})", re.IGNORECASE)
"""By the word before it an id of any issuer: what looks like none would be taken for the name of a package."""
_LIST = re.compile(rf"list:\s*(?P<name>{LIST_NAME.pattern})", re.IGNORECASE)
"""A list that was sent as evidence, by its name; `list:1.0` is a package of that name."""
_USES = re.compile(r"uses:\s*(?P<uses>[^\s@]+)(?:@(?P<ref>\S+))?", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?|git|ssh|git\+https)://(?P<host>[^/\s]+)/(?P<path>\S*)", re.IGNORECASE)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_COORDINATES = re.compile(r"[\w.-]+(?::[\w.${}+~-]+){2,5}")
_PACKAGINGS = frozenset({"jar", "war", "ear", "pom", "aar", "zip", "bundle", "ejb", "test-jar", "maven-plugin", "rar"})
_SCOPES = frozenset({"compile", "runtime", "test", "provided", "system", "import"})
_MEMBER = re.compile(r"(?P<name>@?[\w./-]+)\"?\s*:\s*\"(?P<versions>[^\"]+)\"?")
"""`"lodash": "^4.17.21"`, its outer quotes gone."""
_IN_BRACKETS = re.compile(r"\((?P<inside>[^()]+)\)!?")
_PIP_REST = re.compile(r"\\$|\s--hash[= ].*$|;\s*(?:python_|sys_|platform_|os_|implementation_|extra\b).*$", re.DOTALL)
"""What a requirements file says beside a requirement: hashes, conditions, that the line goes on."""
_CODE_HOSTS = ("github.com/", "gitlab.com/", "bitbucket.org/", "golang.org/", "gopkg.in/", "go.uber.org/", "k8s.io/")


def read_line(text: str, *, number: int | None) -> tuple[Indicator, ...]:
    """Return what one line asks for: one indicator, or more where it lists several things. Never nothing."""
    if len(text) > MAX_LINE_LENGTH:
        return (unreadable(text, line=number, problem=f"the line is longer than {MAX_LINE_LENGTH} characters"),)
    if holds_purl(text):
        return tuple(purl_indicators(text, line=number))
    pieces = _listed(_PIP_REST.sub("", text).rstrip() if "\\" in text or "--hash" in text or ";" in text else text)
    return tuple(indicator for piece in pieces for indicator in _read_piece(piece, number=number))


def _read_piece(text: str, *, number: int | None) -> tuple[Indicator, ...]:
    """Read one thing; forty hex digits are the hash of a file or a commit, and nobody can tell which: both."""
    found = read_item(text, number=number)
    sha = clean(text).lower()
    if found.kind is IndicatorKind.HASH and found.algorithm == "sha1" and sha == found.value:
        return found, commit_indicator(sha, given=text, line=number)
    return (found,)


def read_common(text: str, *, number: int | None) -> Indicator | None:
    """Read the form that lists of thousands of lines have, with one expression; None for any other."""
    match = _COMMON.fullmatch(text)
    if match is None or match["name"].lower() in _MEANING_MORE or _ADVISORY.fullmatch(text):
        return None
    return package_indicator("", match["name"], listed=match["version"], given=text, line=number)


def clean(text: str) -> str:
    """Return a thing without the quotes and commas around it."""
    return text.strip().rstrip(",;").strip("\"'`").strip()


def read_item(text: str, *, number: int | None) -> Indicator:
    """Return what one thing is, whatever it is."""
    item = clean(text)
    if len(item) > MAX_ITEM_LENGTH:
        return _package(item, given=text, line=number)
    return (
        read_hash(item, given=text, line=number)
        or cpe_indicator(item, given=text, line=number)
        or _advisory(item, given=text, line=number)
        or _list(item, given=text, line=number)
        or _used(item, given=text, line=number)
        or read_named(item, given=text, line=number)
        or _address(item, given=text, line=number)
        or _coordinates(item, given=text, line=number)
        or _image(item, given=text, line=number)
        or _package(item, given=text, line=number)
    )


def _listed(text: str) -> Sequence[str]:
    """Split `a@1, b@2`; a comma before an operator or a version belongs to the versions of one package."""
    if "," not in text or "(" in text or "[" in text:
        return (text,)
    pieces = [piece.strip() for piece in text.split(",")]
    if any(is_expression(piece) for piece in pieces[1:]):
        return (text,)
    return [piece for piece in pieces if piece] or (text,)


def _advisory(item: str, *, given: str, line: int | None) -> Indicator | None:
    found = _ADVISORY.fullmatch(item)
    if found is None:
        other = _ANY_ADVISORY.fullmatch(item)
        given_id = None if other is None else (("id", other["id"]),)
        return None if given_id is None else Indicator(IndicatorKind.ADVISORY, given, line, details=given_id)
    name = found[0] if item[:4].upper() == "GHSA" else found[0].upper()
    return Indicator(IndicatorKind.ADVISORY, given, line, details=(("id", name),))


def _list(item: str, *, given: str, line: int | None) -> Indicator | None:
    match = _LIST.fullmatch(item)
    if match is None or is_version(match["name"]):
        return None
    return Indicator(IndicatorKind.ADVISORY, given, line, details=(("id", list_identifier(match["name"])),))


def _used(item: str, *, given: str, line: int | None) -> Indicator | None:
    match = _USES.fullmatch(item)
    if match is None:
        return None
    uses, ref = match["uses"], match["ref"] or ""
    if uses.lower().startswith("docker://"):
        return read_item(item.partition("//")[2], number=line)
    field = "shas" if _COMMIT.fullmatch(ref) else "refs"
    details = (("uses", uses), *([(field, ref.lower() if field == "shas" else ref)] if ref else []))
    return Indicator(IndicatorKind.ACTION, given, line, details=details)


def _address(item: str, *, given: str, line: int | None) -> Indicator | None:
    match = _ADDRESS.fullmatch(item)
    if match is None:
        return None
    advisory = _ADVISORY.search(match["path"])
    if advisory is not None:
        return _advisory(advisory[0], given=given, line=line)
    problem = "an address names no package: write its name and version"
    return read_address(item, given=given, line=line) or unreadable(given, line=line, problem=problem)


def _coordinates(item: str, *, given: str, line: int | None) -> Indicator | None:
    """Read Maven's `group:artifact:version`, with packaging, classifier and scope where a build tool adds them."""
    if not _COORDINATES.fullmatch(item):
        return None
    parts = item.split(":")
    if parts[0].lower() in PREFIXES:
        return None
    if len(parts) == 3:
        return package_indicator("maven", f"{parts[0]}:{parts[1]}", listed=parts[2], given=given, line=line)
    if parts[-1] in _SCOPES:
        parts.pop()
    if parts[2] in _PACKAGINGS:
        qualifiers = {"type": parts[2]} if parts[2] != "jar" else {}
        if len(parts) > 4:
            qualifiers["classifier"] = parts[3]
        version = parts[-1]
    else:
        qualifiers, version = ({"classifier": parts[3]} if len(parts) > 3 else {}), parts[2]
    return package_indicator(
        "maven", f"{parts[0]}:{parts[1]}", listed=version, given=given, line=line, qualifiers=tuple(qualifiers.items())
    )


def _image(item: str, *, given: str, line: int | None) -> Indicator | None:
    """Read what can only be an image: a digest behind a name, a registry host, a path with a tag, a word for a tag."""
    if (digest := find_digest(item)) is not None:
        return Indicator(IndicatorKind.ARTIFACT, given, line, digest=str(digest))
    if not _is_image(item):
        return None
    try:
        image = parse_image(item)
    except ImageError:
        return None
    return Indicator(IndicatorKind.IMAGE, given, line, image_name=image.name, image_tag=image.tag or None)


def _is_image(item: str) -> bool:
    first, slash, _ = item.partition("/")
    name, colon, tag = item.rpartition(":")
    tagged = bool(colon) and "/" not in tag
    if item.startswith("@") or "@" in item or first.partition(":")[0].lower() in PREFIXES:
        return False
    if slash and (first.startswith("localhost") or ":" in first):
        return True
    if slash and "." in first:
        return not item.lower().startswith(_CODE_HOSTS)
    if tagged and name.count("/") >= 2:
        return True
    return tagged and not is_version(tag) and "." not in name and not tag.startswith(" ")


def _package(item: str, *, given: str, line: int | None) -> Indicator:
    if (match := _MEMBER.fullmatch(item)) is not None:
        return package_indicator("", match["name"], text=match["versions"], given=given, line=line)
    purl_type, rest = _prefixed(item.removeprefix("require "))
    name, expression = _split(rest, purl_type=purl_type)
    if name is None or name_package(purl_type, name) is None:
        return unreadable(given, line=line, problem="this is no package, digest, image or identifier that we know")
    if not purl_type and expression.startswith("v") and is_module_path(name):
        purl_type = "golang"
    if expression and expression[0] == " " and not is_expression(_unbracketed(expression)):
        return unreadable(given, line=line, problem="more than one word: write a package as name@version")
    return package_indicator(purl_type, name, text=_unbracketed(expression), given=given, line=line)


def _prefixed(item: str) -> tuple[str, str]:
    match = _PREFIX.fullmatch(item)
    if match is None or match["prefix"].lower() not in PREFIXES or is_version(match["rest"]):
        return "", item
    return ECOSYSTEMS[match["prefix"].lower()], match["rest"].strip()


def _split(text: str, *, purl_type: str) -> tuple[str | None, str]:
    """Split a name from what says its versions; the latter begins with a blank where a blank stood between."""
    match = _NAMED.fullmatch(text)
    if match is None:
        return None, ""
    name, rest = match["name"], match["rest"]
    if rest[:1] == ":" and purl_type in ("", "maven"):
        artifact = _NAMED.fullmatch(rest[1:])
        if artifact is not None and not is_version(artifact["name"]) and (purl_type or "." in name):
            name, rest = f"{name}:{artifact['name']}", artifact["rest"]
    if rest[:1] in ("@", ":"):
        return name, rest[1:].strip().removeprefix("npm:")
    return name, rest


def _unbracketed(expression: str) -> str:
    """Return the inside of `(1.2.3)` and `(>= 1.2)`, as Ruby's and Debian's lists have it."""
    match = _IN_BRACKETS.fullmatch(expression.strip())
    return match["inside"] if match is not None and "," not in match["inside"] else expression.strip()
