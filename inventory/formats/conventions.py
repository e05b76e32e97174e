"""What generators say in properties because CycloneDX has no field for it: development scope, source package.

Names are those of the generators' own documentation: the `cdx:` property taxonomy of CycloneDX, syft, trivy.
"""

from __future__ import annotations

import re
from typing import Final

from inventory.formats.records import Scope

SCOPE_WORDS: Final = {
    "required": Scope.REQUIRED, "optional": Scope.OPTIONAL, "excluded": Scope.EXCLUDED,
}  # fmt: skip

_TRUE_FLAGS: Final = {
    "cdx:npm:package:development": Scope.DEVELOPMENT,
    "cdx:composer:package:isDevRequirement": Scope.DEVELOPMENT,
    "cdx:yarn:package:development": Scope.DEVELOPMENT,
    "cdx:pnpm:package:development": Scope.DEVELOPMENT,
    "cdx:maven:package:test": Scope.TEST,
    "cdx:gradle:package:test": Scope.TEST,
    "cdx:npm:package:optional": Scope.OPTIONAL,
    "cdx:maven:package:optional": Scope.OPTIONAL,
    "aquasecurity:trivy:Dev": Scope.DEVELOPMENT,
    "syft:package:dev": Scope.DEVELOPMENT,
}
_GROUPS: Final = {
    "cdx:poetry:group": {"dev": Scope.DEVELOPMENT, "test": Scope.TEST, "tests": Scope.TEST, "docs": Scope.DEVELOPMENT},
    "cdx:pipenv:category": {"dev-packages": Scope.DEVELOPMENT, "develop": Scope.DEVELOPMENT},
    "cdx:maven:component_scope": {"test": Scope.TEST, "provided": Scope.PROVIDED},
}
SCOPE_PROPERTY: Final = "supplychain:scope"
TYPE_PROPERTY: Final = "supplychain:type"
SOURCE_PROPERTY: Final = "supplychain:source_package"
CPE_PROPERTY: Final = "supplychain:cpe"
"""What our own exports write where CycloneDX has no word for it, so that nothing is lost when they come back."""
_OWN_SCOPES: Final = {scope.name.lower(): scope for scope in Scope}
_SOURCE_NAMES: Final = frozenset(
    {SOURCE_PROPERTY, "syft:metadata:source", "aquasecurity:trivy:SrcName", "syft:metadata:originPackage"}
)
_SOURCE_RPMS: Final = frozenset({"syft:metadata:sourceRpm"})
_RPM_FILE: Final = re.compile(r"(.+)-[^-]+-[^-]+\.(?:no)?src\.rpm")
MEANINGFUL: Final = (
    frozenset(_TRUE_FLAGS)
    | frozenset(_GROUPS)
    | _SOURCE_NAMES
    | _SOURCE_RPMS
    | {SCOPE_PROPERTY, TYPE_PROPERTY, CPE_PROPERTY}
)
"""The property names that say something here; the others need no second look."""


def scope_of(name: str, value: str) -> Scope | None:
    """Return the scope a property states, or None."""
    if name in _TRUE_FLAGS:
        return _TRUE_FLAGS[name] if value.strip().lower() == "true" else None
    if name == SCOPE_PROPERTY:
        return _OWN_SCOPES.get(value)
    return _GROUPS[name].get(value.strip().lower()) if name in _GROUPS else None


def source_package_of(name: str, value: str) -> str | None:
    """Return the source package a property names, without version, or None."""
    if name in _SOURCE_RPMS:
        match = _RPM_FILE.fullmatch(value)
        return match[1] if match else None
    return value if name in _SOURCE_NAMES and value else None
