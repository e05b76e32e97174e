"""Package names as people write them, with and without their ecosystem."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from inventory.identity.indicators import PackageName
from inventory.identity.purls import package_key, package_purl

ECOSYSTEMS = {
    "npm": "npm",
    "pypi": "pypi", "pip": "pypi", "python": "pypi",
    "go": "golang", "golang": "golang",
    "composer": "composer", "packagist": "composer",
    "crates": "cargo", "crates.io": "cargo", "cargo": "cargo",
    "gem": "gem", "rubygems": "gem",
    "nuget": "nuget",
    "maven": "maven",
    "deb": "deb", "rpm": "rpm", "apk": "apk",
    "pub": "pub", "hex": "hex", "swift": "swift", "swifturl": "swift", "cocoapods": "cocoapods", "conan": "conan",
    "githubactions": "githubactions", "github actions": "githubactions",
    "debian": "deb", "ubuntu": "deb", "alpine": "apk", "wolfi": "apk", "chainguard": "apk",
    "red hat": "rpm", "almalinux": "rpm", "rocky linux": "rpm", "suse": "rpm", "opensuse": "rpm",
}  # fmt: skip
"""What feeds, columns and prefixes call an ecosystem, and the purl type of it."""

PREFIXES = frozenset(
    {"npm", "pypi", "pip", "go", "golang", "composer", "packagist", "crates", "crates.io", "cargo", "gem", "rubygems",
     "nuget", "maven", "deb", "rpm", "apk", "pub", "hex", "githubactions"}
)  # fmt: skip
"""Those of them that are honoured before a colon."""

MAX_NAME_LENGTH = 512
NAME = re.compile(r"@?\w[\w.+~-]*(?:/[\w.+~-]+)*")
_GO_HOSTED = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/.+")


@dataclass(frozen=True, slots=True)
class Named:
    """A package as it is looked for, and the purl to show for it; None where its ecosystem is not known."""

    package: PackageName
    purl: str | None


@lru_cache(maxsize=20_000)
def name_package(purl_type: str, text: str) -> Named | None:
    """Return the package that a name means in an ecosystem ('' for any); None for what is no name.

    `@scope/name` is npm's, `group:artifact` Maven's, whatever the ecosystem was not said to be.
    """
    if len(text) > MAX_NAME_LENGTH:
        return None
    if purl_type in ("", "maven") and ":" in text:
        group, _, artifact = text.partition(":")
        return _typed("maven", group, artifact) if _is_plain(group) and _is_plain(artifact) else None
    if not NAME.fullmatch(text) or not text.strip("_.~-+@/"):
        return None
    if text.startswith("@"):
        return _scoped(purl_type, text)
    namespace, _, name = text.rpartition("/")
    if purl_type:
        return _typed(purl_type, namespace, name)
    return Named(PackageName("", namespace.lower() or None, name), None)


def is_module_path(text: str) -> bool:
    """Say whether a name starts with a host, as Go's module paths do."""
    return _GO_HOSTED.fullmatch(text) is not None


def _is_plain(text: str) -> bool:
    return "/" not in text and not text.startswith("@") and NAME.fullmatch(text) is not None


def _scoped(purl_type: str, text: str) -> Named | None:
    scope, slash, name = text.partition("/")
    if purl_type not in ("", "npm") or not slash or "/" in name:
        return None
    return _typed("npm", scope, name)


def _typed(purl_type: str, namespace: str, name: str) -> Named:
    key = package_key(purl_type, namespace, name)
    if purl_type == "maven" and not namespace:
        return Named(PackageName("maven", None, key.name), None)
    return Named(
        PackageName(key.type, key.namespace, key.name), package_purl(purl_type, namespace=namespace, name=name)
    )
