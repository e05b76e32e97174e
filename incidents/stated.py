"""Indicators stated as JSON objects, a kind each (docs/api.md, The incident question)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import structs

from inventory.identity.addresses import normal_address
from inventory.identity.digests import DigestError, parse_digest
from inventory.identity.images import ImageError, parse_image
from inventory.identity.indicators import HASH_LENGTHS, Indicator, IndicatorKind, PackageName
from inventory.identity.origins import (
    SHORTEST_COMMIT,
    read_commit,
    read_fingerprint,
    read_login,
    read_repository,
    read_run,
)
from inventory.identity.products_by_cpe import cpe_indicator
from inventory.identity.purls import IDENTITY_QUALIFIERS, PurlError, parse_purl
from inventory.identity.versions import RangeError, parse_range
from inventory.trust.patterns import BadPatternError, compile_pattern
from supplychain.api.parameters import BadParameterError, parse_time
from supplychain.errors import ErrorDetail

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.identity.versions import VersionRange

MAX_VERSIONS = 20_000
MAX_FIELD_LENGTH = 4_096
_MUST_BE_REPOSITORY = "must be the address of a repository, such as https://github.com/org/repo"
_OF_ORIGIN = ("from", "to")
_ACTION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*)/[A-Za-z0-9._-]+(?:/[^@\s]+)?/?")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_FULL_SHA = 40
_URL = re.compile(r"(?:https?://)?[^\s/@]+\.[^\s/]+/\S+", re.IGNORECASE)


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
    one_of: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one kind of indicator, and those without which it is refused: all of some, or one of others."""

    all: tuple[str, ...]
    required: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...] = ()


def members_of(kind: IndicatorKind) -> Members:
    """Return what an object of this kind may and must have besides `kind`."""
    form = _FORMS[kind]
    return Members(form.members, form.required, form.one_of)


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
    since, until = _window(item)
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


def _cpe(item: _Item) -> Indicator | None:
    given = item.text("cpe", required=True)
    if not given:
        return None
    found = cpe_indicator(given, given=given)
    if found is None or found.problem is not None:
        item.fault(
            "cpe", "bad_cpe", "must be a CPE that names vendor and product, such as cpe:2.3:a:vendor:product:1.0"
        )
        return None
    versions = tuple(dict.fromkeys((*found.versions, *item.texts("versions"))))
    return structs.replace(found, versions=versions, range_text=item.text("range") or None)


def _window(item: _Item) -> tuple[datetime | None, datetime | None]:
    """Read `from` and `to`, half-open."""
    since, until = item.time("from"), item.time("to")
    if since is not None and until is not None and since >= until:
        item.fault("from", "empty_window", "`from` must be before `to`.")
    return since, until


def _named(item: _Item, kind: IndicatorKind, found: Mapping[str, str | None]) -> Indicator:
    """Return an indicator of what was read, in the window that it states."""
    details = tuple((name, value) for name, value in found.items() if value)
    since, until = _window(item)
    given = " ".join(str(value) for name, value in item.value.items() if name not in {"kind", *_OF_ORIGIN})
    return Indicator(kind, given, valid_from=since, valid_to=until, details=details)


def _read_as(
    item: _Item, name: str, read: Callable[[str], str | None], *, required: bool = False, must: str
) -> str | None:
    """Return a member in its one spelling; what `read` does not know is a fault."""
    text = item.text(name, required=required)
    found = read(text) if text else None
    if text and found is None:
        item.fault(name, f"bad_{name}", must)
    return found


def _workflow(item: _Item) -> Indicator:
    """Read a workflow of one repository; without one, the file of this path in whatever repository is meant."""
    repository = _read_as(item, "repository", read_repository, must=_MUST_BE_REPOSITORY)
    path = item.text("path", required=True).removeprefix("/").partition("@")[0]
    return _named(item, IndicatorKind.WORKFLOW, {"repository": repository, "path": path})


def _run(item: _Item) -> Indicator:
    must = "must be the address of a run, such as https://github.com/org/repo/actions/runs/123"
    return _named(item, IndicatorKind.RUN, {"url": _read_as(item, "url", read_run, required=True, must=must)})


def _builder(item: _Item) -> Indicator:
    return _named(item, IndicatorKind.BUILDER, {"id": item.text("id", required=True), "runner": item.text("runner")})


def _signer(item: _Item) -> Indicator:
    found = {name: item.text(name) for name in ("issuer", "identity", "identity_pattern")}
    key = _read_as(item, "key", read_fingerprint, must="must be the SHA-256 of a public key's DER, in hex")
    if bool(found["identity"]) + bool(found["identity_pattern"]) + (item.value.get("key") is not None) != 1:
        item.fault("", "one_needed", "needs one of `identity`, `identity_pattern` and `key`")
    if not found["issuer"] and (found["identity"] or found["identity_pattern"]):
        item.fault("issuer", "required", "must be given: another issuer's identity of this name is somebody else")
    if found["identity_pattern"]:
        try:
            compile_pattern(found["identity_pattern"])
        except BadPatternError as error:
            item.fault("identity_pattern", "bad_pattern", str(error))
    return _named(item, IndicatorKind.SIGNER, {**found, "key": key})


def _repository(item: _Item) -> Indicator:
    name = _read_as(item, "url", read_repository, required=True, must=_MUST_BE_REPOSITORY)
    return _named(item, IndicatorKind.REPOSITORY, {"repository": name})


def _commit(item: _Item) -> Indicator:
    must = f"must be a commit's id in hex, or at least {SHORTEST_COMMIT} characters of its beginning"
    sha = _read_as(item, "sha", read_commit, required=True, must=must)
    repository = _read_as(item, "repository", read_repository, must=_MUST_BE_REPOSITORY)
    return _named(item, IndicatorKind.COMMIT, {"sha": sha, "repository": repository})


def _account(item: _Item) -> Indicator:
    login = _read_as(item, "login", read_login, required=True, must="must be the name of an account")
    return _named(item, IndicatorKind.ACCOUNT, {"login": login})


def _cluster(item: _Item) -> Indicator:
    found = {"cluster": item.text("cluster", required=True), "namespace": item.text("namespace")}
    return _named(item, IndicatorKind.CLUSTER, found)


def _action(item: _Item) -> Indicator:
    """Read an action or reusable workflow: `owner/name`, with its path; behind an @ stands a ref or a commit."""
    given = item.text("uses", required=True)
    name, _, ref = given.removeprefix("https://github.com/").partition("@")
    refs, shas = item.texts("refs"), tuple(sha.lower() for sha in item.texts("shas"))
    if given and not _ACTION.fullmatch(name):
        item.fault("uses", "bad_action", "must be owner/name, with the path of the action or workflow in it")
    if any(not _SHA.fullmatch(sha) for sha in shas):
        item.fault("shas", "bad_sha", "must be commits in hex, of at least 7 characters")
    is_sha = _SHA.fullmatch(ref.lower()) is not None and len(ref) >= _FULL_SHA
    refs, shas = (refs, (*shas, ref.lower())) if is_sha else ((*refs, *([ref] if ref else [])), shas)
    found = {"uses": name.strip("/"), "refs": " ".join(refs), "shas": " ".join(dict.fromkeys(shas))}
    return _named(item, IndicatorKind.ACTION, found)


def _download(item: _Item) -> Indicator:
    """Read what build steps fetch by its address; `digests` are those of the bad file."""
    given, digests = item.text("url", required=True), item.texts("digests")
    if given and (not _URL.fullmatch(given) or "/" not in normal_address(given)):
        item.fault("url", "bad_url", "must be the address of a file")
    for digest in digests:
        try:
            parse_digest(digest)
        except DigestError as error:
            item.fault("digests", "bad_digest", error.message)
    found = {"url": given, "digests": " ".join(digests).lower()}
    return _named(item, IndicatorKind.DOWNLOAD, found)


def _advisory(item: _Item) -> Indicator | None:
    given = item.text("id", required=True)
    return Indicator(IndicatorKind.ADVISORY, given, details=(("id", given),)) if given else None


_FORMS: dict[str, _Form] = {
    IndicatorKind.PACKAGE: _Form(("purl", "range", "version", "versions"), _package, ("purl",)),
    IndicatorKind.ARTIFACT: _Form(("digest",), _artifact, ("digest",)),
    IndicatorKind.IMAGE: _Form(("reference", "from", "to"), _image, ("reference",)),
    IndicatorKind.HASH: _Form(("algorithm", "value"), _hash, ("algorithm", "value")),
    IndicatorKind.CPE: _Form(("cpe", "range", "versions"), _cpe, ("cpe",)),
    IndicatorKind.WORKFLOW: _Form(("repository", "path", *_OF_ORIGIN), _workflow, ("path",)),
    IndicatorKind.RUN: _Form(("url", *_OF_ORIGIN), _run, ("url",)),
    IndicatorKind.ACTION: _Form(("uses", "refs", "shas", *_OF_ORIGIN), _action, ("uses",)),
    IndicatorKind.DOWNLOAD: _Form(("url", "digests", *_OF_ORIGIN), _download, ("url",)),
    IndicatorKind.BUILDER: _Form(("id", "runner", *_OF_ORIGIN), _builder, ("id",)),
    IndicatorKind.SIGNER: _Form(
        ("issuer", "identity", "identity_pattern", "key", *_OF_ORIGIN),
        _signer,
        (),
        (("issuer", "identity"), ("issuer", "identity_pattern"), ("key",)),
    ),
    IndicatorKind.REPOSITORY: _Form(("url", *_OF_ORIGIN), _repository, ("url",)),
    IndicatorKind.COMMIT: _Form(("sha", "repository", *_OF_ORIGIN), _commit, ("sha",)),
    IndicatorKind.ACCOUNT: _Form(("login", *_OF_ORIGIN), _account, ("login",)),
    IndicatorKind.CLUSTER: _Form(("cluster", "namespace", *_OF_ORIGIN), _cluster, ("cluster",)),
    IndicatorKind.ADVISORY: _Form(("id",), _advisory, ("id",)),
}
STATED_KINDS = tuple(IndicatorKind(kind) for kind in _FORMS)
"""What an object of `indicators` can be; a line that could not be read is a kind of pasted text alone."""


def _escaped(name: str) -> str:
    return name[:100].replace("~", "~0").replace("/", "~1")
