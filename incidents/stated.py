"""Indicators stated as JSON objects, a kind each (docs/api.md, The incident question)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.identity.digests import DigestError, parse_digest
from inventory.identity.images import ImageError, parse_image
from inventory.identity.indicators import HASH_LENGTHS, Indicator, IndicatorKind, PackageName, not_answered
from inventory.identity.purls import IDENTITY_QUALIFIERS, PurlError, parse_purl
from inventory.identity.versions import RangeError, parse_range
from supplychain.api.parameters import BadParameterError, parse_time
from supplychain.errors import ErrorDetail

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.identity.versions import VersionRange

MAX_VERSIONS = 20_000
MAX_FIELD_LENGTH = 4_096


@dataclass(slots=True)
class _Item:
    """One object whose members are taken one by one; faults are collected, not raised."""

    value: Mapping[str, object]
    pointer: str
    faults: list[ErrorDetail]
    fault_count: int = field(init=False)

    def __post_init__(self) -> None:
        self.fault_count = len(self.faults)

    @property
    def is_faulty(self) -> bool:
        return len(self.faults) > self.fault_count

    def fault(self, name: str, code: str, message: str) -> None:
        self.faults.append(ErrorDetail(f"{self.pointer}/{_escaped(name)}" if name else self.pointer, code, message))

    def text(self, name: str, *, required: bool = False) -> str:
        value = self.value.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or (required and not value.strip()):
            self.fault(name, "required" if value is None or value == "" else "wrong_type", "must be a string")
            return ""
        if len(value) > MAX_FIELD_LENGTH or not value.isprintable():
            self.fault(name, "bad_text", f"must be printable text of at most {MAX_FIELD_LENGTH} characters")
            return ""
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.value.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self.fault(name, "wrong_type", "must be a list of strings")
            return ()
        if len(value) > MAX_VERSIONS:
            self.fault(name, "too_many", f"must have at most {MAX_VERSIONS} entries")
            return ()
        return tuple(dict.fromkeys(item.strip() for item in value))

    def time(self, name: str) -> datetime | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return parse_time(text, name=name)
        except BadParameterError as error:
            self.fault(name, "bad_time", error.message)
            return None


@dataclass(frozen=True, slots=True)
class _Form:
    """What members a kind has, who reads them, and which must be there."""

    members: tuple[str, ...]
    read: Callable[[_Item], Indicator | None]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one kind of indicator, and those without which it is refused."""

    all: tuple[str, ...]
    required: tuple[str, ...]


def members_of(kind: IndicatorKind) -> Members:
    """Return what an object of this kind may and must have besides `kind`."""
    form = _FORMS[kind]
    return Members(form.members, form.required)


def read_indicator(item: object, *, pointer: str, faults: list[ErrorDetail]) -> Indicator | None:
    """Read one object of `indicators`. What is wrong with it is added to `faults`, and None returned.

    A kind that no evidence answers yet is read all the same, and says so in its problem.
    """
    if not isinstance(item, Mapping):
        faults.append(ErrorDetail(pointer, "wrong_shape", "must be an object with a `kind`"))
        return None
    read = _Item(item, pointer, faults)
    kind = item.get("kind")
    form = _FORMS.get(kind) if isinstance(kind, str) else None
    if form is None:
        read.fault("kind", "unknown_kind", f"must be one of {', '.join(_FORMS)}")
        return None
    for name in sorted(str(name) for name in set(item) - {"kind", *form.members}):
        read.fault(name, "unknown_field", f"is no field of kind {kind}; it has {', '.join(form.members)}")
    indicator = form.read(read)
    return None if read.is_faulty else indicator


def _package(item: _Item) -> Indicator | None:
    given = item.text("purl", required=True)
    if not given:
        return None
    try:
        purl = parse_purl(given)
    except PurlError as error:
        item.fault("purl", "bad_purl", error.message)
        return None
    versions = tuple(dict.fromkeys((*filter(None, [purl.version, item.text("version")]), *item.texts("versions"))))
    versions_range = _range(item, purl_type=purl.type)
    is_narrowed = any(name in IDENTITY_QUALIFIERS for name, _ in purl.qualifiers)
    return Indicator(
        IndicatorKind.PACKAGE,
        given,
        package=PackageName(purl.key.type, purl.key.namespace, purl.key.name),
        purl=purl.package_purl,
        versions=versions,
        range=versions_range,
        qualifiers=parse_purl(purl.text).qualifiers if is_narrowed else (),
    )


def _range(item: _Item, *, purl_type: str) -> VersionRange | None:
    text = item.text("range")
    if not text:
        return None
    try:
        return parse_range(purl_type, text)
    except RangeError as error:
        item.fault("range", "bad_range", error.message)
        return None


def _artifact(item: _Item) -> Indicator | None:
    given = item.text("digest", required=True)
    if not given:
        return None
    try:
        return Indicator(IndicatorKind.ARTIFACT, given, digest=str(parse_digest(given)))
    except DigestError as error:
        item.fault("digest", "bad_digest", error.message)
        return None


def _image(item: _Item) -> Indicator | None:
    given = item.text("reference", required=True)
    since, until = item.time("from"), item.time("to")
    if since is not None and until is not None and since >= until:
        item.fault("from", "empty_window", "`from` must be before `to`.")
    if not given:
        return None
    try:
        image = parse_image(given)
    except ImageError as error:
        item.fault("reference", "bad_image", error.message)
        return None
    if image.digest is not None:
        return Indicator(IndicatorKind.ARTIFACT, given, digest=str(image.digest))
    return Indicator(
        IndicatorKind.IMAGE,
        given,
        image_name=image.name,
        image_tag=image.tag or None,
        valid_from=since,
        valid_to=until,
    )


def _hash(item: _Item) -> Indicator | None:
    algorithm = item.text("algorithm", required=True).lower().replace("-", "")
    given = item.text("value", required=True)
    value = given.lower()
    if not algorithm or not value:
        return None
    if algorithm not in HASH_LENGTHS:
        item.fault("algorithm", "unknown_algorithm", f"must be one of {', '.join(HASH_LENGTHS)}")
        return None
    if len(value) != HASH_LENGTHS[algorithm] or not set(value) <= set("0123456789abcdef"):
        item.fault("value", "bad_hash", f"must be the {HASH_LENGTHS[algorithm]} hex characters of {algorithm}")
        return None
    return Indicator(IndicatorKind.HASH, f"{algorithm}:{value}", algorithm=algorithm, value=value)


def _advisory(item: _Item) -> Indicator | None:
    given = item.text("id", required=True)
    return Indicator(IndicatorKind.ADVISORY, given, details=(("id", given),)) if given else None


def _unanswered(kind: IndicatorKind, *members: str, required: tuple[str, ...] = ()) -> _Form:
    """Return the form of a kind whose members are texts or lists, kept as given so that they are shown back.

    The members are all required where it is not said which are.
    """
    needed = required or members

    def read(item: _Item) -> Indicator | None:
        found: list[tuple[str, str]] = []
        for name in members:
            value = item.value.get(name)
            text = " ".join(item.texts(name)) if isinstance(value, list) else item.text(name, required=name in needed)
            if text:
                found.append((name, text))
        given = " ".join(text for _, text in found)
        return not_answered(kind, given, line=None, details=tuple(found))

    return _Form(members, read, needed)


_FORMS: dict[str, _Form] = {
    IndicatorKind.PACKAGE: _Form(("purl", "range", "version", "versions"), _package, ("purl",)),
    IndicatorKind.ARTIFACT: _Form(("digest",), _artifact, ("digest",)),
    IndicatorKind.IMAGE: _Form(("reference", "from", "to"), _image, ("reference",)),
    IndicatorKind.HASH: _Form(("algorithm", "value"), _hash, ("algorithm", "value")),
    IndicatorKind.WORKFLOW: _unanswered(IndicatorKind.WORKFLOW, "repository", "path"),
    IndicatorKind.ACTION: _unanswered(IndicatorKind.ACTION, "uses", "refs", "shas", required=("uses",)),
    IndicatorKind.BUILDER: _unanswered(IndicatorKind.BUILDER, "id"),
    IndicatorKind.SIGNER: _unanswered(IndicatorKind.SIGNER, "issuer", "identity"),
    IndicatorKind.REPOSITORY: _unanswered(IndicatorKind.REPOSITORY, "url"),
    IndicatorKind.COMMIT: _unanswered(IndicatorKind.COMMIT, "sha"),
    IndicatorKind.ACCOUNT: _unanswered(IndicatorKind.ACCOUNT, "login"),
    IndicatorKind.ADVISORY: _Form(("id",), _advisory, ("id",)),
}
STATED_KINDS = tuple(IndicatorKind(kind) for kind in _FORMS)
"""What an object of `indicators` can be; a line that could not be read is a kind of pasted text alone."""


def _escaped(name: str) -> str:
    return name[:100].replace("~", "~0").replace("/", "~1")
