"""OSV's ecosystems as purl types: `Debian:12` and `xz-utils` are the package deb/debian/xz-utils of one release.

Source: ossf/osv-schema, "Defined ecosystems"; package-url/purl-spec, type definitions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from inventory.identity.purls import PackageKey, package_key

_TYPES: Final = {
    "bioconductor": "bioconductor", "bitnami": "bitnami", "conancenter": "conan", "cran": "cran", "crates.io": "cargo",
    "github actions": "githubactions", "go": "golang", "hackage": "hackage", "hex": "hex", "julia": "julia",
    "kubernetes": "golang", "maven": "maven", "npm": "npm", "nuget": "nuget", "opam": "opam", "packagist": "composer",
    "pub": "pub", "pypi": "pypi", "rubygems": "gem", "swifturl": "swift", "vscode": "vscode-extension",
    # GitHub's own names for its API
    "actions": "githubactions", "composer": "composer", "erlang": "hex", "pip": "pypi", "rust": "cargo",
    "swift": "swift",
}  # fmt: skip
_DISTRIBUTIONS: Final = {
    "almalinux": ("rpm", "almalinux"), "alpaquita": ("apk", "alpaquita"), "alpine": ("apk", "alpine"),
    "amazon linux": ("rpm", "amzn"), "azure linux": ("rpm", "azurelinux"),
    "bellsoft hardened containers": ("apk", "bellsoft-hardened-containers"), "chainguard": ("apk", "chainguard"),
    "debian": ("deb", "debian"), "echo": ("deb", "echo"), "mageia": ("rpm", "mageia"), "minimos": ("apk", "minimos"),
    "openeuler": ("rpm", "openeuler"), "opensuse": ("rpm", "opensuse"), "oracle linux": ("rpm", "oracle"),
    "photon os": ("rpm", "photon"), "red hat": ("rpm", "redhat"), "rocky linux": ("rpm", "rocky"),
    "suse": ("rpm", "suse"), "ubuntu": ("deb", "ubuntu"), "wolfi": ("apk", "wolfi"),
}  # fmt: skip
_NAMESPACES: Final = {
    "almalinux": ("almalinux", "alma"),
    "amzn": ("amzn", "amazon", "amazonlinux"),
    "azurelinux": ("azurelinux", "mariner", "cbl-mariner"),
    "opensuse": ("opensuse", "opensuse-leap", "opensuse-tumbleweed", "opensuse.leap", "opensuse.tumbleweed"),
    "oracle": ("oracle", "ol", "oraclelinux"),
    "redhat": ("redhat", "rhel", "red hat"),
    "rocky": ("rocky", "rockylinux"),
    "suse": ("suse", "sles", "sled"),
}
"""What generators write as the namespace of one distribution's packages."""

_CODENAMES: Final = {
    "jessie": "debian-8", "stretch": "debian-9", "buster": "debian-10", "bullseye": "debian-11",
    "bookworm": "debian-12", "trixie": "debian-13", "forky": "debian-14", "sid": "debian-sid",
    "trusty": "ubuntu-14.04", "xenial": "ubuntu-16.04", "bionic": "ubuntu-18.04", "focal": "ubuntu-20.04",
    "jammy": "ubuntu-22.04", "noble": "ubuntu-24.04",
}  # fmt: skip
_FAMILIES: Final = {
    "debian": ("debian", 1), "ubuntu": ("ubuntu", 2), "alpine": ("alpine", 2), "almalinux": ("almalinux", 1),
    "alma": ("almalinux", 1), "rocky": ("rocky", 1), "rockylinux": ("rocky", 1), "rhel": ("rhel", 1),
    "redhat": ("rhel", 1), "enterprise_linux": ("rhel", 1), "amzn": ("amzn", 1), "photon": ("photon", 1),
    "mageia": ("mageia", 1), "azurelinux": ("azurelinux", 1), "mariner": ("azurelinux", 1), "ol": ("ol", 1),
    "oracle": ("ol", 1), "openeuler": ("openeuler", 2),
}  # fmt: skip
"""A release's family, and how many of its numbers make a release: Debian 12.15 is Debian 12, Alpine 3.18.3 is 3.18."""

_RELEASE: Final = re.compile(r"(?P<family>[a-z_]+)[-_ ]?v?(?P<numbers>\d+(?:\.\d+)*|sid)")
_RED_HAT: Final = re.compile(r"(?:rhel\w*|enterprise_linux\w*):(\d+)")
_ROLLING: Final = frozenset({"chainguard", "echo", "minimos", "wolfi"})


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """A purl type, the namespace where the ecosystem fixes one, and the release (`debian-12`) where one is named."""

    type: str
    namespace: str = ""
    release: str = ""


def read_ecosystem(text: str) -> Ecosystem | None:
    """Return what an OSV ecosystem means, its suffix read; None for one that has no purl type here."""
    base, _, suffix = text.strip().partition(":")
    base = base.strip().lower()
    if base == "root":
        # Root patches other ecosystems' packages: `Root:Alpine:3.18`, `Root:npm`.
        return read_ecosystem(suffix) if suffix else None
    if base in _TYPES:
        return Ecosystem(_TYPES[base])
    purl_type, namespace = _DISTRIBUTIONS.get(base, ("", ""))
    if not purl_type:
        return None
    return Ecosystem(purl_type, namespace, _release_of(namespace, suffix))


def osv_package(ecosystem: Ecosystem, name: str) -> PackageKey:
    """Return the match key of a package that an advisory names by its ecosystem's own spelling."""
    namespace, last = _split(ecosystem, name.strip())
    return package_key(ecosystem.type, namespace, last)


def namespaces_of(key: PackageKey) -> tuple[str, ...]:
    """Return the namespaces under which generators list the packages of this one's distribution, its own first."""
    return _NAMESPACES.get(key.namespace, (key.namespace,)) if key.type == "rpm" else (key.namespace,)


def canonical_namespace_of(purl_type: str, namespace: str) -> str:
    """Return the namespace that advisories' packages are kept under: of `rhel` it is `redhat`."""
    if purl_type != "rpm":
        return namespace
    return next((known for known, spellings in _NAMESPACES.items() if namespace in spellings), namespace)


def read_release(text: str) -> str:
    """Return a release in one form (`debian-12`, `alpine-3.18`, `rhel-9`) from a purl's `distro`; '' if none.

    Point releases are left out, code names become numbers.
    """
    lowered = text.strip().lower()
    if lowered in _CODENAMES:
        return _CODENAMES[lowered]
    match = _RELEASE.fullmatch(lowered)
    if match is None or match["family"] not in _FAMILIES:
        return ""
    family, length = _FAMILIES[match["family"]]
    return f"{family}-{'.'.join(match['numbers'].split('.')[:length])}"


def _release_of(namespace: str, suffix: str) -> str:
    """Read what stands behind the colon: `12`, `v3.18`, `22.04:LTS`, `Pro:18.04:LTS`, a CPE without its beginning."""
    if namespace in _ROLLING or not suffix:
        return ""
    if namespace == "redhat":
        match = _RED_HAT.match(suffix)
        return f"rhel-{match[1]}" if match else ""
    parts = [part for part in suffix.lower().split(":") if part not in ("pro", "lts")]
    first = parts[0].strip() if parts else ""
    return _CODENAMES.get(first) or read_release(f"{namespace}-{first}")


def _split(ecosystem: Ecosystem, name: str) -> tuple[str, str]:
    """Split a name into namespace and name, as its ecosystem writes it."""
    if ecosystem.namespace:
        return ecosystem.namespace, name
    if ecosystem.type == "maven":
        group, _, artifact = name.rpartition(":")
        return group, artifact
    if ecosystem.type == "vscode-extension":
        publisher, _, extension = name.partition(".")
        return (publisher, extension) if extension else ("", publisher)
    if ecosystem.type == "swift":
        name = name.partition("://")[2] or name
    if ecosystem.type in {"golang", "npm", "composer", "githubactions", "swift", "hex", "conan"}:
        namespace, _, last = name.removesuffix(".git").rstrip("/").rpartition("/")
        return namespace, last
    return "", name
