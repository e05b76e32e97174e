"""Package URLs as identities: one text for what two scanners write differently, and the key by which packages match.

`Purl.text` is the identity of a package version: canonical encoding, and of the qualifiers only those that name other
bytes. Two Purl values can differ (a scanner's own qualifiers) and still be one identity: compare `text`, not the
objects.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache

import msgspec

from inventory.identity.purl_spec import MAX_LENGTH, PurlError, PurlParts, build_path, build_qualifiers, encode, parse
from inventory.identity.purl_types import canonical_name, canonical_namespace, key_name, key_namespace

__all__ = ["IDENTITY_QUALIFIERS", "PackageKey", "Purl", "PurlError", "package_key", "parse_purl"]

IDENTITY_QUALIFIERS = frozenset({"arch", "classifier", "distro", "platform", "type"})
"""Qualifiers under which one name and version are different bytes; all others (vcs_url, upstream, …) describe."""

CACHE_SIZE = 100_000
"""Some 80 MB when full: a purl with its parts is 0.5 to 1.2 kB."""

_DEFAULT_QUALIFIERS = frozenset({("maven", "type", "jar"), ("gem", "platform", "ruby")})
"""(type, key, value) that the specification defines as the default: written or not, it is the same package."""

_DISTRO_TYPES = frozenset({"alpm", "apk", "deb", "rpm"})
_EPOCH_TYPES = frozenset({"deb", "rpm"})
_EPOCH = re.compile(r"\d+:")
_DEBIAN_RELEASE = re.compile(r"(debian-\d+)\.[\d.]+")
_BARE_RELEASE = re.compile(r"\d[\d.]*")

_CANONICAL = re.compile(
    r"pkg:(?P<type>[a-z][a-z0-9.-]*)/"
    r"(?:(?P<namespace>(?:%40)?[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)/)?"
    r"(?P<name>[A-Za-z0-9_~-][A-Za-z0-9._~-]*)(?:@(?P<version>[A-Za-z0-9._~:-]+))?"
)
"""A purl that is its own identity text if its type leaves names alone: no qualifiers, only a scope encoded."""

_AS_GIVEN_TYPES = frozenset({"cargo", "gem", "generic", "golang", "maven", "npm", "nuget"})
"""Types whose names the specification leaves alone: what _CANONICAL matches needs no further look."""

_LOWERED_TYPES = frozenset({"composer", "github", "githubactions", "hex"})
_LOWER_NAME = re.compile(r"[a-z0-9.~-]+")


class PackageKey(msgspec.Struct, frozen=True, order=True, gc=False):
    """What an incident search compares: type, namespace and name under the ecosystem's own case rules. Never shown."""

    type: str
    namespace: str
    name: str


class Purl(msgspec.Struct, frozen=True, gc=False):
    """One package version (or package, where `version` is ''). Made by `parse_purl` only."""

    type: str
    namespace: str
    name: str
    version: str
    """As the ecosystem writes it, a deb or rpm epoch included (`1:2.38.1-5`)."""
    qualifiers: tuple[tuple[str, str], ...]
    """All that were given, decoded, sorted by key; only IDENTITY_QUALIFIERS take part in `text`."""
    subpath: str
    text: str
    key: PackageKey
    upstream: str
    """Name of the source package a distribution built this from, without version; '' where the purl does not say."""

    @property
    def package_purl(self) -> str:
        """The purl of the package itself, without version, qualifiers and subpath: the form that stands in URLs."""
        return self.text.partition("?")[0].partition("@")[0]

    @property
    def display_name(self) -> str:
        """The name as people of the ecosystem write it: `@scope/name`, `group:artifact`, `liblzma5`."""
        return display_name(self.type, namespace=self.namespace, name=self.name)

    @property
    def display_version(self) -> str:
        """The version as people of the ecosystem write it; '' where the purl names the package only."""
        return self.version


@lru_cache(maxsize=CACHE_SIZE)
def parse_purl(text: str) -> Purl:
    """Parse a purl into its identity; raises PurlError (code bad_purl), also for what is legal but unsafe to keep.

    Costs about 3 us for a purl in canonical form without qualifiers, 15 to 25 us otherwise, nothing the second time.
    Lenient where scanners are sloppy and nothing is lost: `PKG:`, `pkg://`, an unescaped `@scope`, `%2F` for `/`,
    upper case qualifier keys, the namespace syft gives to oci purls. Source: package-url/purl-spec and its type
    definitions.
    """
    match = _CANONICAL.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is not None:
        purl_type, namespace, name, version = match.groups("")
        if purl_type in _AS_GIVEN_TYPES or _is_plainly_lower(purl_type, namespace, name, version):
            if namespace.startswith("%40"):
                namespace = f"@{namespace[3:]}"
            purl_type, namespace = sys.intern(purl_type), sys.intern(namespace)
            return Purl(purl_type, namespace, name, version, (), "", text, _key(purl_type, namespace, name), "")
    return _identify(parse(text), given=text)


forget_all = parse_purl.cache_clear


def package_key(purl_type: str, namespace: str, name: str) -> PackageKey:
    """Return the match key of a package whose parts are known, decoded (`@ctrl`, not `%40ctrl`)."""
    return _key(purl_type.lower(), namespace, name)


def kept_once(text: str, beside: str) -> str:
    """Return the other of two equal texts: a worker remembers 100,000 components, and each text twice is 6 MB."""
    return beside if text == beside else text


def package_purl(purl_type: str, *, namespace: str, name: str) -> str:
    """Return the canonical purl of a package without version, from its decoded parts."""
    lowered_type = purl_type.lower()
    return build_path(
        lowered_type,
        namespace=canonical_namespace(lowered_type, namespace),
        name=canonical_name(lowered_type, name),
    )


def display_name(purl_type: str, *, namespace: str, name: str) -> str:
    """Return a package's name as people of its ecosystem write it."""
    if not namespace or purl_type in _DISTRO_TYPES:
        return name
    separator = ":" if purl_type == "maven" else "/"
    return f"{namespace}{separator}{name}"


def _is_plainly_lower(purl_type: str, namespace: str, name: str, version: str) -> bool:
    if purl_type == "pypi":
        return not namespace and _LOWER_NAME.fullmatch(name) is not None and version == version.lower()
    return purl_type in _LOWERED_TYPES and namespace == namespace.lower() and name == name.lower()


def _key(purl_type: str, namespace: str, name: str) -> PackageKey:
    return PackageKey(
        purl_type,
        kept_once(key_namespace(purl_type, namespace), namespace),
        kept_once(key_name(purl_type, name), name),
    )


@lru_cache(maxsize=1_024)
def _same_qualifiers(qualifiers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return these, the same object each time: all packages of a distribution have one architecture and release."""
    return qualifiers


def _identify(parts: PurlParts, *, given: str) -> Purl:
    qualifiers = dict(parts.qualifiers)
    version = _with_epoch(parts.type, parts.version, epoch=qualifiers.get("epoch", ""))
    kept = _identity_qualifiers(parts)
    text = build_path(parts.type, namespace=parts.namespace, name=parts.name)
    if version:
        text = f"{text}@{encode(version)}"
    if kept:
        text = f"{text}?{build_qualifiers(kept)}"
    if len(text) > MAX_LENGTH:
        raise PurlError(f"Written out, the purl has {len(text)} characters; more than {MAX_LENGTH} are not accepted.")
    purl_type, namespace = sys.intern(parts.type), sys.intern(parts.namespace)
    return Purl(
        type=purl_type,
        namespace=namespace,
        name=parts.name,
        version=version,
        qualifiers=_same_qualifiers(parts.qualifiers),
        subpath=parts.subpath,
        text=kept_once(text, given),
        key=_key(purl_type, namespace, parts.name),
        upstream=kept_once(_upstream_name(parts.type, qualifiers.get("upstream", "")), parts.name),
    )


def _with_epoch(purl_type: str, version: str, *, epoch: str) -> str:
    """Fold the epoch into the version, where dpkg and rpm keep it: trivy writes a qualifier, syft writes `1:`.

    Epoch 0 is the default and is dropped from both places, so that `0:1.2` and `1.2` are one identity.
    """
    if purl_type not in _EPOCH_TYPES or not version:
        return version
    if not _EPOCH.match(version) and epoch.isascii() and epoch.isdigit():
        version = f"{epoch}:{version}"
    head, colon, rest = version.partition(":")
    if not colon or not rest or not head.isdigit():
        return version
    number = head.lstrip("0")
    return f"{number}:{rest}" if number else rest


def _identity_qualifiers(parts: PurlParts) -> tuple[tuple[str, str], ...]:
    kept = []
    for key, value in parts.qualifiers:
        if key not in IDENTITY_QUALIFIERS or (parts.type, key, value) in _DEFAULT_QUALIFIERS:
            continue
        kept.append((key, _release(parts, value) if key == "distro" else value))
    return tuple(kept)


def _release(parts: PurlParts, distro: str) -> str:
    """Name a release one way: trivy writes `debian-12.15`, `3.18.3` where syft writes `debian-12`, `alpine-3.18.3`."""
    debian = _DEBIAN_RELEASE.fullmatch(distro)
    if debian:
        return debian.group(1)
    if parts.type == "apk" and parts.namespace and _BARE_RELEASE.fullmatch(distro):
        return f"{parts.namespace}-{distro}"
    return distro


def _upstream_name(purl_type: str, upstream: str) -> str:
    """Return the source package's name from syft's `upstream`: `xz-utils@5.4.1-0.2` or a source rpm's file name."""
    name = upstream.split(",", 1)[0].partition("@")[0].strip()
    if purl_type == "rpm" and name.endswith(".src.rpm"):
        pieces = name.removesuffix(".src.rpm").rsplit("-", 2)
        return pieces[0]
    return name
