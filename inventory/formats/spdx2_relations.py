"""Reads the relationships of an SPDX 2.2 or 2.3 JSON document (section 11): what is described, what depends on what.

`A DEPENDS_ON B`: B is needed by A. `A DEPENDENCY_OF B` is the reverse. CONTAINS between packages is nesting. What
describes neither (COPY_OF, GENERATED_FROM, OTHER, …) is left to the stored document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.defects import Defects
from inventory.formats.edges import EdgeReader
from inventory.formats.records import ROOT, Completeness, ComponentRecord, Scope

DOCUMENT: Final = "SPDXRef-DOCUMENT"
_NOTHING: Final = frozenset({"NONE", "NOASSERTION"})
Scalar = str | int | float | bool | None

_FORWARD: Final = {
    "DEPENDS_ON": Scope.REQUIRED, "STATIC_LINK": Scope.REQUIRED, "DYNAMIC_LINK": Scope.REQUIRED,
    "HAS_PREREQUISITE": Scope.REQUIRED,
}  # fmt: skip
_REVERSE: Final = {
    "DEPENDENCY_OF": Scope.REQUIRED, "RUNTIME_DEPENDENCY_OF": Scope.REQUIRED, "PREREQUISITE_FOR": Scope.REQUIRED,
    "BUILD_DEPENDENCY_OF": Scope.BUILD, "BUILD_TOOL_OF": Scope.BUILD, "DEV_TOOL_OF": Scope.BUILD,
    "DEV_DEPENDENCY_OF": Scope.DEVELOPMENT, "TEST_DEPENDENCY_OF": Scope.TEST, "TEST_TOOL_OF": Scope.TEST,
    "OPTIONAL_DEPENDENCY_OF": Scope.OPTIONAL, "OPTIONAL_COMPONENT_OF": Scope.OPTIONAL,
    "PROVIDED_DEPENDENCY_OF": Scope.PROVIDED,
}  # fmt: skip
_CONTAINS: Final = frozenset({"CONTAINS"})
_CONTAINED: Final = frozenset({"CONTAINED_BY", "PACKAGE_OF"})
_SCOPE_ORDER: Final = (Scope.REQUIRED, Scope.PROVIDED, Scope.OPTIONAL, Scope.BUILD, Scope.DEVELOPMENT, Scope.TEST)
"""A package needed in two ways has the scope that comes first here: the one closest to running."""


class _RelationPart(msgspec.Struct, gc=False, rename={"kind": "relationshipType"}):
    spdxElementId: Any = None  # noqa: N815 the specification's name
    relatedSpdxElement: Any = None  # noqa: N815 the specification's name
    kind: Any = None


_RELATIONS: Final = msgspec.json.Decoder(list[_RelationPart | Scalar | list[Any]])


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship as written; `pointer` is where."""

    source: str
    kind: str
    target: str
    pointer: str


def read_relations(raw: msgspec.Raw | None, *, pointer: str, defects: Defects) -> list[Relation]:
    """Read `relationships`. Raises FormatError `wrong_shape` when it is no array."""
    if raw is None:
        return []
    try:
        parts = _RELATIONS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise json_parts.decode_error(error, raw, pointer=pointer) from error
    relations = []
    for index, part in enumerate(parts):
        place = f"{pointer}/{index}"
        if isinstance(part, _RelationPart):
            found = _relation(part.spdxElementId, part.kind, part.relatedSpdxElement, pointer=place, defects=defects)
        else:
            found = _relation(None, None, None, pointer=place, defects=defects)
        if found is not None:
            relations.append(found)
    return relations


def relation_of(value: object, *, pointer: str, defects: Defects) -> Relation | None:
    """Read one relationship in the names of the JSON form; None and a warning where it is none."""
    if not isinstance(value, Mapping):
        return _relation(None, None, None, pointer=pointer, defects=defects)
    source, kind, target = (
        value.get("spdxElementId"),
        value.get("relationshipType"),
        value.get("relatedSpdxElement"),
    )
    return _relation(source, kind, target, pointer=pointer, defects=defects)


def _relation(source: object, kind: object, target: object, *, pointer: str, defects: Defects) -> Relation | None:
    if isinstance(source, str) and isinstance(kind, str) and isinstance(target, str):
        return Relation(source, kind.upper(), target, pointer)
    defects.add("wrong_shape", pointer, "The relationship is not three strings; it was left out.")
    return None


def described_refs(relations: Sequence[Relation], listed: object) -> list[str]:
    """List what the document describes, by `documentDescribes` or by relationship, each once."""
    refs = [ref for ref in listed if isinstance(ref, str)] if isinstance(listed, list) else []
    for relation in relations:
        if relation.kind in {"DESCRIBES", "DESCRIBE"} and relation.source == DOCUMENT:
            refs.append(relation.target)
        elif relation.kind == "DESCRIBED_BY" and relation.target == DOCUMENT:
            refs.append(relation.source)
    return list(dict.fromkeys(refs))


def undescribed_root(relations: Sequence[Relation], refs: Sequence[str | None]) -> str | None:
    """Find the one package that nothing contains or depends on; None when there are more."""
    targets = {_direction(relation).target for relation in relations if _is_structural(relation.kind)}
    tops = [ref for ref in refs if ref is not None and ref not in targets]
    return tops[0] if len(tops) == 1 else None


def apply_relations(
    relations: Sequence[Relation], records: Sequence[ComponentRecord], edges: EdgeReader
) -> Completeness:
    """Draw edges, nest contained packages, set scopes; return what the document says of its own completeness."""
    scopes: dict[int, set[Scope]] = {}
    completeness = Completeness.UNKNOWN
    for relation in relations:
        if not _is_structural(relation.kind):
            continue
        stated = _direction(relation)
        if relation.target in _NOTHING:
            if relation.target == "NONE" and ROOT in (edges.references.places(relation.source) or ()):
                completeness = Completeness.COMPLETE
            continue
        sources = edges.place(stated.source, pointer=relation.pointer)
        targets = edges.place(stated.target, pointer=relation.pointer)
        scope = _FORWARD.get(relation.kind, _REVERSE.get(relation.kind))
        if scope is None:
            _nest(records, sources, targets, edges=edges)
            continue
        edges.count_stated(1, pointer=relation.pointer)
        edges.add(sources, targets)
        for target in targets:
            scopes.setdefault(target, set()).add(scope)
    for index, found in scopes.items():
        if index != ROOT:
            records[index].scope = next(scope for scope in _SCOPE_ORDER if scope in found)
    _cut_circles(records)
    return completeness


def _is_structural(kind: str) -> bool:
    return kind in _FORWARD or kind in _REVERSE or kind in _CONTAINS or kind in _CONTAINED


def _direction(relation: Relation) -> Relation:
    """Turn `B DEPENDENCY_OF A` and `B CONTAINED_BY A` round, so that the source needs or holds the target."""
    if relation.kind in _REVERSE or relation.kind in _CONTAINED:
        return Relation(relation.target, relation.kind, relation.source, relation.pointer)
    return relation


def _nest(
    records: Sequence[ComponentRecord], holders: tuple[int, ...], held: tuple[int, ...], *, edges: EdgeReader
) -> None:
    """Nest packages in the first that holds them.

    What the root holds is at the top; a lock file or operating system there, without purl, is a step to its packages.
    """
    for index in held:
        for holder in holders:
            if index in {ROOT, holder}:
                continue
            if holder != ROOT and records[index].parent is None:
                records[index].parent = holder
            elif holder == ROOT and records[index].purl is None:
                edges.add((ROOT,), (index,))


def _cut_circles(records: Sequence[ComponentRecord]) -> None:
    """Packages that hold each other in a circle are nested in nothing: following parents must end."""
    settled: set[int] = set()
    for start in range(len(records)):
        path: dict[int, None] = {}
        index: int | None = start
        while index is not None and index not in settled and index not in path:
            path[index] = None
            index = records[index].parent
        if index is not None and index in path:
            records[index].parent = None
        settled.update(path)
