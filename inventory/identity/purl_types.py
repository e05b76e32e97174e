"""What each purl type makes of letters and signs: the canonical form of the purl specification, and our match key.

Two tables, because they answer two questions. Canonical form (purl-spec `types/*-definition.json`) decides the text
that is shown and stored. The match key decides what an incident search finds; it is wider on purpose, for a search
that over-matches is corrected by a person and one that misses is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TypeRule:
    """How the specification treats one purl type. `purl_spec.check` demands what is required; identity is lenient."""

    lowers_namespace: bool = False
    lowers_name: bool = False
    lowers_version: bool = False
    namespace_required: bool = False
    namespace_prohibited: bool = False
    required_qualifiers: tuple[str, ...] = ()
    name_pattern: str = ""
    version_pattern: str = ""


_BOTH_LOWER = TypeRule(lowers_namespace=True, lowers_name=True)
_BOTH_LOWER_WITH_NAMESPACE = TypeRule(lowers_namespace=True, lowers_name=True, namespace_required=True)
_NAMESPACE_REQUIRED = TypeRule(namespace_required=True)
_NO_NAMESPACE = TypeRule(namespace_prohibited=True)
_NO_NAMESPACE_LOWER = TypeRule(namespace_prohibited=True, lowers_name=True)
_PLAIN = TypeRule()

RULES: dict[str, TypeRule] = {
    "alpm": _BOTH_LOWER_WITH_NAMESPACE,
    "apk": _BOTH_LOWER_WITH_NAMESPACE,
    "bazel": _NO_NAMESPACE,
    "bitbucket": _BOTH_LOWER_WITH_NAMESPACE,
    "bitnami": _NO_NAMESPACE_LOWER,
    "brew": _BOTH_LOWER,
    "cargo": _NO_NAMESPACE,
    "chrome-extension": TypeRule(
        namespace_prohibited=True, lowers_name=True, name_pattern=r"[a-p]{32}", version_pattern=r"\d+(?:\.\d+){0,3}"
    ),
    "cocoapods": _NO_NAMESPACE,
    "composer": _BOTH_LOWER_WITH_NAMESPACE,
    "conda": _NO_NAMESPACE,
    "cpan": TypeRule(name_pattern=r"(?:(?!::).)+"),
    "cran": _NO_NAMESPACE,
    "deb": _BOTH_LOWER_WITH_NAMESPACE,
    "gem": _NO_NAMESPACE,
    "git": _NAMESPACE_REQUIRED,
    "github": _BOTH_LOWER_WITH_NAMESPACE,
    "githubactions": _BOTH_LOWER,
    "gitlab": _BOTH_LOWER,
    "golang": _PLAIN,
    "hackage": _NO_NAMESPACE,
    "hex": _BOTH_LOWER,
    "huggingface": TypeRule(namespace_required=True, lowers_version=True),
    "julia": TypeRule(namespace_prohibited=True, required_qualifiers=("uuid",)),
    "luarocks": _BOTH_LOWER,
    "maven": _NAMESPACE_REQUIRED,
    "mlflow": _NO_NAMESPACE,
    "npm": _PLAIN,
    "nuget": _NO_NAMESPACE,
    "oci": TypeRule(namespace_prohibited=True, lowers_name=True, lowers_version=True),
    "opam": _NO_NAMESPACE,
    "otp": _NO_NAMESPACE_LOWER,
    "pub": _NO_NAMESPACE_LOWER,
    "pypi": TypeRule(namespace_prohibited=True, lowers_name=True, lowers_version=True),
    "qpkg": TypeRule(namespace_required=True, lowers_namespace=True),
    "rpm": TypeRule(namespace_required=True, lowers_namespace=True),
    "swid": TypeRule(required_qualifiers=("tag_id",)),
    "swift": _NAMESPACE_REQUIRED,
    "vcpkg": _NO_NAMESPACE,
    "vscode-extension": TypeRule(namespace_required=True, lowers_namespace=True, lowers_name=True, lowers_version=True),
    "yocto": TypeRule(lowers_namespace=True),
}

_PEP503_RUN = re.compile(r"[-_.]+")
_NOT_PUB = re.compile(r"[^a-z0-9_]")

EXACT_KEYS = frozenset(
    {"cargo", "maven", "rpm", "cocoapods", "conan", "cpan", "cran", "hackage", "huggingface", "julia"}
)
"""Types whose registries hold two packages that differ only in case: their match key keeps the case."""


def rule_of(purl_type: str) -> TypeRule:
    """Return the specification's rule for a type; a type nobody defined has no rule of its own."""
    return RULES.get(purl_type, _PLAIN)


def canonical_name(purl_type: str, name: str) -> str:
    """Return the name as the specification writes it for this type."""
    rule = rule_of(purl_type)
    lowered = name.lower() if rule.lowers_name else name
    if purl_type == "pypi":
        return lowered.replace("_", "-")
    if purl_type == "pub":
        return _NOT_PUB.sub("_", lowered)
    return lowered


def canonical_namespace(purl_type: str, namespace: str) -> str:
    """Return the namespace as the specification writes it for this type."""
    return namespace.lower() if rule_of(purl_type).lowers_namespace else namespace


def canonical_version(purl_type: str, version: str) -> str:
    """Return the version as the specification writes it for this type."""
    return version.lower() if rule_of(purl_type).lowers_version else version


def key_namespace(purl_type: str, namespace: str) -> str:
    """Return the namespace for matching: lower case except where the ecosystem tells cases apart."""
    if purl_type == "rpm":
        return namespace.lower()
    return namespace if purl_type in EXACT_KEYS else namespace.lower()


def key_name(purl_type: str, name: str) -> str:
    """Return the name for matching: PEP 503 for pypi, exact where the ecosystem tells cases apart, else lower case.

    Go paths are case sensitive, yet the specification's own note lowers them and scanners differ: lowered here, so
    that a search may show `github.com/Foo/bar` for `github.com/foo/bar` but never misses it.
    """
    if purl_type == "pypi":
        return _PEP503_RUN.sub("-", name).lower()
    if purl_type == "pub":
        return _NOT_PUB.sub("_", name.lower())
    return name if purl_type in EXACT_KEYS else name.lower()
