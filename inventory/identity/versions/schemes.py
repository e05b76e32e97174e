"""One door to every version order: which scheme a purl type uses, and the cached key of a version in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Protocol

from inventory.identity.versions.alpine import alpine_key
from inventory.identity.versions.composer import composer_key
from inventory.identity.versions.debian import debian_key
from inventory.identity.versions.errors import UnevaluableVersion
from inventory.identity.versions.maven import maven_key
from inventory.identity.versions.nuget import nuget_key
from inventory.identity.versions.python import pypi_key, without_local
from inventory.identity.versions.rare import RARE_SCHEMES, rare_key
from inventory.identity.versions.rpm import rpm_key, without_release
from inventory.identity.versions.rubygems import gem_key
from inventory.identity.versions.semver import golang_key, is_commit, pub_key, semver_key

MAX_VERSION_LENGTH = 256
CACHE_SIZE = 200_000


class SortKey(Protocol):
    """Orderable against the keys of the same scheme only."""

    def __lt__(self, other: Any, /) -> bool: ...


_KEYS: dict[str, Callable[[str], SortKey]] = {
    "apk": alpine_key,
    "composer": composer_key,
    "conda": pypi_key,
    "deb": debian_key,
    "gem": gem_key,
    "golang": golang_key,
    "maven": maven_key,
    "nuget": nuget_key,
    "pub": pub_key,
    "pypi": pypi_key,
    "rpm": rpm_key,
    **{scheme: partial(rare_key, scheme) for scheme in RARE_SCHEMES},
}

_ALIASES = {
    "alpine": "apk",
    "arch": "alpm",
    "cocoapods": "gem",
    "crates": "cargo",
    "debian": "deb",
    "gentoo": "ebuild",
    "go": "golang",
    "opkg": "deb",
    "packagist": "composer",
    "rubygems": "gem",
    "ubuntu": "deb",
}
"""Names that vers strings, feeds and people use for a purl type's order."""

_UNORDERED = frozenset({"docker", "oci", "swid", "huggingface", "mlflow"})
"""Their versions are digests, tags or model revisions: only equality means something."""

_DISTRIBUTIONS = frozenset({"apk", "deb", "rpm"})
"""Their versions can look like a commit (`20230101a`) and never are one."""

_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
_MOVING = frozenset({"*", "latest", "stable", "main", "master", "unknown"})

_RELAXED: dict[str, Callable[[str], str]] = {"pypi": without_local, "rpm": without_release}


def scheme_of(purl_type: str) -> str:
    """Return the version scheme of a purl type or of another name people use for it (`alpine`, `go`)."""
    lowered = purl_type.lower()
    return _ALIASES.get(lowered, lowered)


@lru_cache(maxsize=CACHE_SIZE)
def sort_key(purl_type: str, version: str) -> SortKey:
    """Return the key by which versions of one type sort; raises UnevaluableVersion for what has no place in the order.

    Empty, `*`, `latest`, commits, words and texts of more than 256 characters have none. Types without an order of
    their own read as loose semantic versions. About 2 to 10 us the first time for the common types, nothing
    afterwards.
    """
    scheme = scheme_of(purl_type)
    text = version.strip()
    if not 0 < len(text) <= MAX_VERSION_LENGTH or not text.isascii() or _UNPRINTABLE.search(text):
        raise UnevaluableVersion(scheme, version)
    if scheme in _UNORDERED or text in _MOVING:
        raise UnevaluableVersion(scheme, version)
    if scheme not in _DISTRIBUTIONS and is_commit(text):
        raise UnevaluableVersion(scheme, version)
    try:
        return _KEYS.get(scheme, semver_key)(text)
    except UnevaluableVersion as error:
        raise UnevaluableVersion(scheme, version) from error


def compare(purl_type: str, a: str, b: str) -> int:
    """Compare two versions of one type: -1, 0 or 1. Raises UnevaluableVersion, also where both texts are equal."""
    key_a, key_b = sort_key(purl_type, a), sort_key(purl_type, b)
    if key_a < key_b:
        return -1
    return 1 if key_b < key_a else 0


def relaxed(scheme: str, version: str) -> str:
    """Return the version without what a plain bound does not speak about (PEP 440 local label, rpm release)."""
    strip = _RELAXED.get(scheme)
    return strip(version) if strip else version
