"""Turns a relationship of SPDX 3.0 into those of SPDX 2, one for each of its targets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.spdx2_relations import Relation
from inventory.formats.spdx3_elements import GraphElement, text_or_none, texts_of

_FORWARD: Final = {
    "dependsOn": "DEPENDS_ON", "hasDynamicLink": "DYNAMIC_LINK", "hasStaticLink": "STATIC_LINK",
    "hasPrerequisite": "HAS_PREREQUISITE", "contains": "CONTAINS", "hasVariant": "VARIANT_OF",
    "descendantOf": "DESCENDANT_OF", "generates": "GENERATES", "ancestorOf": "ANCESTOR_OF",
}  # fmt: skip
_REVERSE: Final = {
    "hasOptionalDependency": "OPTIONAL_DEPENDENCY_OF", "hasOptionalComponent": "OPTIONAL_COMPONENT_OF",
    "hasProvidedDependency": "PROVIDED_DEPENDENCY_OF", "usesTool": "BUILD_TOOL_OF",
}  # fmt: skip
_SCOPED: Final = {
    "build": "BUILD_DEPENDENCY_OF", "design": "DEV_DEPENDENCY_OF", "development": "DEV_DEPENDENCY_OF",
    "test": "TEST_DEPENDENCY_OF", "runtime": "RUNTIME_DEPENDENCY_OF",
}  # fmt: skip
"""`A dependsOn B` in one part of the life cycle is `B BUILD_DEPENDENCY_OF A`."""
_LICENSES: Final = frozenset({"hasConcludedLicense", "hasDeclaredLicense"})
"""What SPDX 2 has as fields of a package; no licence is read."""
_NOTHING: Final = {"NoneElement": "NONE", "NoAssertionElement": "NOASSERTION"}


@dataclass(slots=True)
class Stated:
    """What one relationship says."""

    source: str = ""
    relations: list[Relation] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    completeness: str = ""
    """Of what the source depends on."""
    passed_over_count: int = 0
    """Targets of a relationship that says nothing here."""


def relations_of(element: GraphElement, *, pointer: str, defects: Defects) -> Stated:
    """Read one relationship; a warning where it is none. What says nothing of packages gives nothing."""
    source, kind, targets = text_or_none(element.source), text_or_none(element.relation), texts_of(element.targets)
    if source is None or kind is None or not isinstance(element.targets, str | list):
        defects.add("wrong_shape", pointer, "The relationship has no from, to and type; it was left out.")
        return Stated()
    found = Stated(source)
    if kind == "describes":
        found.described = targets
        return found
    found.completeness = str(element.completeness or "") if kind == "dependsOn" else ""
    scoped = _SCOPED.get(str(element.scope)) if kind == "dependsOn" and element.scope is not None else None
    reverse = scoped or _REVERSE.get(kind)
    for target in targets:
        named = _named(target)
        if reverse is not None and named == target:
            found.relations.append(Relation(target, reverse, source, pointer))
        elif reverse is None and kind in _FORWARD:
            found.relations.append(Relation(source, _FORWARD[kind], named, pointer))
        elif scoped is not None:
            found.relations.append(Relation(source, "DEPENDS_ON", named, pointer))
        elif reverse is None and kind not in _LICENSES:
            found.passed_over_count += 1
    return found


def _named(target: str) -> str:
    """Return NONE and NOASSERTION for the two elements that stand for them, with whatever address."""
    for name, word in _NOTHING.items():
        if target == name or target.endswith(("/" + name, ":" + name, "#" + name)):
            return word
    return target
