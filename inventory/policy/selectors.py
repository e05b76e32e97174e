"""What a block names: its selector as it is written, shown back in canonical form, and compared by columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from inventory.identity.digests import DigestError, parse_digest
from inventory.identity.purls import PurlError, parse_purl
from inventory.identity.repositories import canonical_repository
from inventory.identity.versions import RangeError, VersionRange, parse_range
from inventory.policy.models import BlockKind
from supplychain.errors import DomainError, ErrorDetail

if TYPE_CHECKING:
    from inventory.policy.models import Block

Given: TypeAlias = Mapping[str, object]

MAX_TEXT = 1_024
MAX_VERSIONS = 2_000
_ANY_DISTRIBUTION = frozenset({"deb", "rpm", "apk", "alpm"})
"""A distribution's package without the distribution's name is meant in all of them."""
_SHA256_LENGTH = 71


class BadSelectorError(DomainError):
    """What a block would name cannot be read."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__("bad_selector", message, details=(ErrorDetail(pointer, "bad_selector", message),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """What a block names. `shown` is the selector in canonical form; the rest is what rows are compared by."""

    kind: BlockKind
    shown: Mapping[str, str | None]
    value: str = ""
    issuer: str = ""
    namespace: str = ""
    package_type: str = ""
    package_namespace: str | None = None
    package_name: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of kind and selector: equal for what is equal however it was written."""
        text = json.dumps([self.kind.value, dict(self.shown)], sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def described(self) -> str:
        """The selector as one line for people."""
        return describe(self.kind, self.shown)


def read_selector(kind: BlockKind, given: Given, *, at: str = "/selector") -> Selector:
    """Read a selector of this kind. Raises BadSelectorError with the pointer, which begins with `at`."""
    members, read = _READERS[kind]
    for name in given:
        if name not in members:
            known = ", ".join(members)
            raise BadSelectorError(f"{at}/{name}", f"A selector of the kind {kind} has {known}, not {name[:100]!r}.")
    return read(_Fields(given, at))


def selector_of(block: Block) -> Selector:
    """Return the selector of a block that is stored."""
    return Selector(
        kind=BlockKind(block.kind),
        shown=block.selector,
        value=block.value,
        issuer=block.issuer,
        namespace=block.namespace,
        package_type=block.package_type,
        package_namespace=block.package_namespace,
        package_name=block.package_name,
    )


def describe(kind: str, shown: Mapping[str, str | None]) -> str:
    """Return one line that says what a block of this kind names."""
    if kind == BlockKind.PACKAGE:
        return f"{shown['purl']} {shown['range'] or 'in every version'}"
    if kind == BlockKind.SIGNER:
        return shown.get("key") or f"{shown['identity']} of {shown['issuer'] or 'any issuer'}"
    if kind == BlockKind.CLUSTER:
        return f"{shown['cluster']}/{shown['namespace'] or '*'}"
    return next(iter(shown.values())) or ""


@dataclass(frozen=True, slots=True)
class _Fields:
    given: Given
    at: str

    def text(self, name: str, *, limit: int = MAX_TEXT) -> str:
        found = self.optional(name, limit=limit)
        if not found:
            raise BadSelectorError(f"{self.at}/{name}", f"The selector names no {name}.")
        return found

    def optional(self, name: str, *, limit: int = MAX_TEXT) -> str:
        found = self.given.get(name)
        if found is None:
            return ""
        if not isinstance(found, str) or len(found) > limit or not found.isprintable():
            message = f"{name} is a text of at most {limit} characters that can be printed."
            raise BadSelectorError(f"{self.at}/{name}", message)
        return found.strip()

    def texts(self, name: str) -> list[str]:
        found = self.given.get(name)
        if found is None:
            return []
        if not isinstance(found, list) or len(found) > MAX_VERSIONS:
            raise BadSelectorError(f"{self.at}/{name}", f"{name} is a list of at most {MAX_VERSIONS} texts.")
        for number, one in enumerate(found):
            if not isinstance(one, str) or not one.strip() or len(one) > MAX_TEXT or not one.isprintable():
                raise BadSelectorError(f"{self.at}/{name}/{number}", "A version is a text that is not empty.")
        return found


def _artifact(fields: _Fields) -> Selector:
    try:
        digest = str(parse_digest(fields.text("digest")))
    except DigestError as error:
        raise BadSelectorError(f"{fields.at}/digest", error.message) from error
    return Selector(kind=BlockKind.ARTIFACT, shown={"digest": digest}, value=digest)


def _package(fields: _Fields) -> Selector:
    try:
        purl = parse_purl(fields.text("purl", limit=2_048))
    except PurlError as error:
        raise BadSelectorError(f"{fields.at}/purl", error.message) from error
    versions = _versions(fields, purl.type, listed=[purl.version] if purl.version else [])
    shown = {"purl": purl.package_purl, "range": None if versions is None else versions.canonical}
    is_any = purl.key.namespace == "" and purl.type in _ANY_DISTRIBUTION
    return Selector(
        kind=BlockKind.PACKAGE,
        shown=shown,
        package_type=purl.key.type,
        package_namespace=None if is_any else purl.key.namespace,
        package_name=purl.key.name,
    )


def _versions(fields: _Fields, purl_type: str, *, listed: list[str]) -> VersionRange | None:
    """Return the versions meant: those of the purl, of `versions`, of `range`, together; None: all of them."""
    listed = [*listed, *fields.texts("versions")]
    text = fields.optional("range", limit=65_536)
    try:
        found = [VersionRange.of_versions(purl_type, listed)] if listed else []
        found += [parse_range(purl_type, text)] if text else []
        return None if not found else found[0].merge(found[-1])
    except RangeError as error:
        raise BadSelectorError(f"{fields.at}/{'range' if text else 'versions'}", error.message) from error


def _builder(fields: _Fields) -> Selector:
    builder = fields.text("id")
    return Selector(kind=BlockKind.BUILDER, shown={"id": builder}, value=builder)


def _signer(fields: _Fields) -> Selector:
    if key := fields.optional("key") or fields.optional("fingerprint"):
        if fields.optional("identity") or fields.optional("issuer"):
            raise BadSelectorError(f"{fields.at}/key", "A signer is a key, or an identity with its issuer.")
        return Selector(kind=BlockKind.SIGNER, shown={"key": _fingerprint(fields, key)}, value=key.lower())
    identity, issuer = fields.text("identity", limit=2_048), fields.optional("issuer")
    shown = {"issuer": issuer or None, "identity": identity}
    return Selector(kind=BlockKind.SIGNER, shown=shown, value=identity, issuer=issuer)


def _fingerprint(fields: _Fields, key: str) -> str:
    try:
        fingerprint = str(parse_digest(key))
    except DigestError as error:
        raise BadSelectorError(f"{fields.at}/key", error.message) from error
    if len(fingerprint) != _SHA256_LENGTH:
        raise BadSelectorError(f"{fields.at}/key", "The fingerprint of a key is the SHA-256 of its DER.")
    return fingerprint


def _repository(fields: _Fields) -> Selector:
    repository = canonical_repository(fields.optional("repository") or fields.text("url"))
    if repository is None:
        raise BadSelectorError(f"{fields.at}/repository", "A repository is written host/owner/name, or as its address.")
    return Selector(kind=BlockKind.REPOSITORY, shown={"repository": repository}, value=repository)


def _service(fields: _Fields) -> Selector:
    service = fields.text("service", limit=255)
    return Selector(kind=BlockKind.SERVICE, shown={"service": service}, value=service)


def _environment(fields: _Fields) -> Selector:
    environment = fields.text("environment", limit=255)
    return Selector(kind=BlockKind.ENVIRONMENT, shown={"environment": environment}, value=environment)


def _cluster(fields: _Fields) -> Selector:
    cluster, namespace = fields.text("cluster", limit=255), fields.optional("namespace", limit=255)
    namespace = "" if namespace == "*" else namespace
    shown = {"cluster": cluster, "namespace": namespace or None}
    return Selector(kind=BlockKind.CLUSTER, shown=shown, value=cluster, namespace=namespace)


_READERS: Mapping[BlockKind, tuple[tuple[str, ...], Callable[[_Fields], Selector]]] = {
    BlockKind.ARTIFACT: (("digest",), _artifact),
    BlockKind.PACKAGE: (("purl", "range", "versions"), _package),
    BlockKind.BUILDER: (("id",), _builder),
    BlockKind.SIGNER: (("issuer", "identity", "key", "fingerprint"), _signer),
    BlockKind.REPOSITORY: (("repository", "url"), _repository),
    BlockKind.SERVICE: (("service",), _service),
    BlockKind.ENVIRONMENT: (("environment",), _environment),
    BlockKind.CLUSTER: (("cluster", "namespace"), _cluster),
}
"""The members of each kind's selector, and what reads them."""
