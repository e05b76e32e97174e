"""Package URLs exactly as the specification has them: split, decode, build, and the requirements of each type.

Source: package-url/purl-spec, "How to parse/build a purl string" and `types/*-definition.json`. `purls.parse_purl`
reads through this module and then reduces what it read to an identity; the conformance suite runs against this module
alone.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from inventory.identity.purl_types import canonical_name, canonical_namespace, canonical_version, rule_of
from supplychain.errors import DomainError

MAX_LENGTH = 2048
MAX_QUALIFIERS = 32

_TYPE = re.compile(r"[a-z][a-z0-9.-]*")
_QUALIFIER_KEY = re.compile(r"[a-z][a-z0-9._-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PLAIN = re.compile(r"[A-Za-z0-9._~:-]*")
_COMMON_KEYS = frozenset(
    {"arch", "distro", "epoch", "upstream", "type", "classifier", "package-id", "checksum", "vcs_url"}
)
_UNESCAPED = ":"
"""The colon is never percent-encoded (purl-spec, "Character encoding"); letters, digits and `.-_~` never are either."""


class PurlError(DomainError):
    """The text is not a package URL we accept; the component is kept without one."""

    def __init__(self, message: str, *, code: str = "bad_purl") -> None:
        super().__init__(code, message)


@dataclass(frozen=True, slots=True)
class PurlParts:
    """The six parts of a purl, decoded and in the specification's canonical case; '' and () where absent."""

    type: str
    namespace: str
    name: str
    version: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    subpath: str = ""


def parse(text: str) -> PurlParts:
    """Split and decode a purl. Raises PurlError for what cannot be read safely; `check` has the types' demands."""
    _refuse_unsafe_text(text)
    rest, _, raw_subpath = text.strip().partition("#")
    rest, _, raw_qualifiers = rest.partition("?")
    scheme, colon, rest = rest.partition(":")
    if not colon or scheme.lower() != "pkg":
        raise PurlError(f"'{_shown(text)}' is not a purl: it must begin with pkg:, as in pkg:npm/left-pad@1.3.0.")
    raw_type, slash, path = rest.lstrip("/").partition("/")
    purl_type = raw_type.lower()
    if not slash or not _TYPE.fullmatch(purl_type):
        raise PurlError(f"'{_shown(text)}' is not a purl: a type of letters, digits, dots and dashes must follow pkg:.")
    path, version = _split_version(path)
    segments = _path_segments(path)
    if not segments:
        raise PurlError(f"'{_shown(text)}' is not a purl: it has no name.")
    qualifiers = _parse_qualifiers(raw_qualifiers)
    # A git purl's namespace is the host alone, its name the whole path of the repository (git-definition.json).
    cut = 1 if purl_type == "git" and len(segments) > 1 else -1
    namespace, name = "/".join(segments[:cut]), "/".join(segments[cut:])
    return PurlParts(
        type=sys.intern(purl_type),
        namespace=sys.intern(canonical_namespace(purl_type, namespace)),
        name=_canonical_name(purl_type, name, qualifiers=qualifiers),
        version=canonical_version(purl_type, version),
        qualifiers=qualifiers,
        subpath=_subpath(raw_subpath),
    )


def canonical(parts: PurlParts) -> PurlParts:
    """Return the parts in the case and signs that the specification prescribes for their type."""
    return PurlParts(
        type=parts.type,
        namespace=canonical_namespace(parts.type, parts.namespace),
        name=_canonical_name(parts.type, parts.name, qualifiers=parts.qualifiers),
        version=canonical_version(parts.type, parts.version),
        qualifiers=parts.qualifiers,
        subpath=parts.subpath,
    )


def check(parts: PurlParts) -> None:
    """Raise PurlError where a part that the type requires is missing, or one that it forbids is there."""
    rule = rule_of(parts.type)
    if not parts.name:
        raise PurlError(f"A {parts.type} purl needs a name.")
    if rule.namespace_required and not parts.namespace:
        raise PurlError(f"A {parts.type} purl needs a namespace.")
    if rule.namespace_prohibited and parts.namespace:
        raise PurlError(f"A {parts.type} purl has no namespace, this one has '{_shown(parts.namespace)}'.")
    if rule.name_pattern and not re.fullmatch(rule.name_pattern, parts.name):
        raise PurlError(f"'{_shown(parts.name)}' is not a {parts.type} name.")
    if parts.version and rule.version_pattern and not re.fullmatch(rule.version_pattern, parts.version):
        raise PurlError(f"'{_shown(parts.version)}' is not a {parts.type} version.")
    present = {key for key, _ in parts.qualifiers}
    for key in rule.required_qualifiers:
        if key not in present:
            raise PurlError(f"A {parts.type} purl needs the qualifier {key}.")


def build(parts: PurlParts) -> str:
    """Return the canonical text of the parts: encoded, qualifiers sorted by key, empty ones left out."""
    text = build_path(parts.type, namespace=parts.namespace, name=parts.name)
    if parts.version:
        text = f"{text}@{encode(parts.version)}"
    if parts.qualifiers:
        text = f"{text}?{build_qualifiers(parts.qualifiers)}"
    if parts.subpath:
        text = f"{text}#{'/'.join(encode(segment) for segment in parts.subpath.split('/'))}"
    return text


def build_path(purl_type: str, *, namespace: str, name: str) -> str:
    """Return the canonical text of the package alone: `pkg:type/namespace/name`."""
    names = name.split("/") if purl_type == "git" else [name]
    return "/".join([f"pkg:{purl_type}", *(encode(segment) for segment in (*namespace.split("/"), *names) if segment)])


def build_qualifiers(qualifiers: tuple[tuple[str, str], ...]) -> str:
    """Return `key=value&…` sorted by key, values encoded."""
    return "&".join(f"{key}={encode(value)}" for key, value in sorted(qualifiers) if value)


def encode(value: str) -> str:
    """Percent-encode one segment, version or qualifier value."""
    # Asking first is four times faster than quote(), and nearly every segment is plain.
    return value if _PLAIN.fullmatch(value) else quote(value, safe=_UNESCAPED)


def _canonical_name(purl_type: str, name: str, *, qualifiers: tuple[tuple[str, str], ...]) -> str:
    if purl_type == "mlflow" and "databricks" in dict(qualifiers).get("repository_url", "").lower():
        # Databricks' registry ignores case, Azure's does not (mlflow-definition.json, name note).
        return name.lower()
    return canonical_name(purl_type, name)


def _refuse_unsafe_text(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise PurlError(f"The purl has {len(text)} characters; more than {MAX_LENGTH} are not accepted.")
    if _CONTROL.search(text):
        raise PurlError(f"'{_shown(text)}' holds a control character.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise PurlError("The purl holds half of a surrogate pair: it is not text.") from error


def _split_version(path: str) -> tuple[str, str]:
    """Cut at the last `@`, unless it opens a segment: `pkg:npm/@scope/name` has a scope there, not a version."""
    head, at, tail = path.rpartition("@")
    if not at:
        return path, ""
    if not head or head.endswith("/"):
        if "/" not in tail:
            raise PurlError(f"'{_shown(path)}' has a version or a scope, but no name.")
        return path, ""
    version = _decode(tail)
    if ".." in version.split("/"):
        raise PurlError(f"The version '{_shown(version)}' climbs out of its place with '..'.")
    return head, version


def _path_segments(path: str) -> list[str]:
    """Decode namespace and name. `%2F` separates like `/`: scanners write `%40scope%2Fname` for one package."""
    segments = [segment for segment in _decode(path).split("/") if segment]
    for segment in segments:
        if segment in (".", ".."):
            raise PurlError(f"A name cannot have a '{segment}' segment.")
    return segments


def _subpath(raw: str) -> str:
    if not raw:
        return ""
    segments = [segment for segment in _decode(raw).split("/") if segment and segment != "."]
    if ".." in segments:
        raise PurlError("The subpath climbs out of the package with '..'.")
    return "/".join(segments)


def _parse_qualifiers(raw: str) -> tuple[tuple[str, str], ...]:
    if not raw:
        return ()
    if raw.count("&") >= MAX_QUALIFIERS:
        raise PurlError(f"The purl has more than {MAX_QUALIFIERS} qualifiers.")
    found: dict[str, str] = {}
    for pair in raw.split("&"):
        raw_key, _, raw_value = pair.partition("=")
        key, value = raw_key.lower(), _decode(raw_value)
        if not value:
            continue
        if key not in _COMMON_KEYS and not _QUALIFIER_KEY.fullmatch(key):
            raise PurlError(
                f"'{_shown(raw_key)}' is not a qualifier: keys are letters, digits, dots, dashes, underscores."
            )
        if found.setdefault(sys.intern(key), sys.intern(value)) != value:
            raise PurlError(f"The qualifier {key} is given twice, with two values.")
    return tuple(sorted(found.items()))


def _decode(raw: str) -> str:
    if "%" not in raw:
        return raw
    try:
        decoded = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise PurlError(f"'{_shown(raw)}' does not decode to UTF-8 text.") from error
    if _CONTROL.search(decoded):
        raise PurlError(f"'{_shown(raw)}' hides a control character behind a percent sign.")
    return decoded


def _shown(text: str) -> str:
    clean = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.encode(errors="replace").decode())
    return clean if len(clean) <= 80 else f"{clean[:80]}…"
