"""Reads the relationships of an SPDX 2.2 or 2.3 JSON document (section 11): what is described, what depends on what.

`A DEPENDS_ON B`: B is needed by A. `A DEPENDENCY_OF B` is the reverse. CONTAINS between packages is nesting. What
describes neither (COPY_OF, PATCH_FOR, OTHER, …) is left to the stored document, and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from inventory.formats import json_parts
from inventory.formats.defects import Defects
from inventory.formats.edges import EdgeReader
from inventory.formats.records import ROOT, Completeness, ComponentRecord, Scope
from inventory.formats.repeated_names import note_repeated_in

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
_SCOPES: Final = _FORWARD | _REVERSE
_TURNED: Final = _REVERSE.keys() | _CONTAINED
"""`B DEPENDENCY_OF A`, `B CONTAINED_BY A`: the target needs or holds the source."""
_STRUCTURAL: Final = _SCOPES.keys() | _CONTAINS | _CONTAINED
_UNDERSTOOD: Final = _STRUCTURAL | {
    "DESCRIBES", "DESCRIBE", "DESCRIBED_BY", "VARIANT_OF", "DESCENDANT_OF", "ANCESTOR_OF",
    "GENERATED_FROM", "GENERATES",
}  # fmt: skip
_DISTRIBUTIONS: Final = frozenset({"apk", "deb", "rpm"})
_SCOPE_ORDER: Final = (Scope.REQUIRED, Scope.PROVIDED, Scope.OPTIONAL, Scope.BUILD, Scope.DEVELOPMENT, Scope.TEST)
"""A package needed in two ways has the scope that comes first here: the one closest to running."""


class _RelationPart(msgspec.Struct, gc=False, rename={"kind": "relationshipType"}):
    spdxElementId: Any = None  # noqa: N815 the specification's name
    relatedSpdxElement: Any = None  # noqa: N815 the specification's name
    kind: Any = None


_MEMBERS: Final = (b'"spdxElementId"', b'"relatedSpdxElement"', b'"relationshipType"')
_RELATIONS: Final = msgspec.json.Decoder(list[_RelationPart | Scalar | list[Any]])


class Relation(NamedTuple):
    """One relationship as written; `pointer` is where. There are as many as packages, or more."""

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
    note_repeated_in(raw, _MEMBERS, pointer=pointer, defects=defects)
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
    if not isinstance(value, dict):
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
    targets = {one.source if one.kind in _TURNED else one.target for one in relations if one.kind in _STRUCTURAL}
    tops = [ref for ref in refs if ref is not None and ref not in targets]
    return tops[0] if len(tops) == 1 else None


def count_passed_over(relations: Sequence[Relation]) -> int:
    """Count the relationships that say nothing here: they stay in the stored document."""
    return sum(relation.kind not in _UNDERSTOOD for relation in relations)


def apply_sources(relations: Sequence[Relation], records: Sequence[ComponentRecord], edges: EdgeReader) -> None:
    """Let a distribution's package know the source package it was generated from: advisories name that one."""
    for source, kind, target, _ in relations:
        if kind not in {"GENERATED_FROM", "GENERATES"}:
            continue
        made, origin = (source, target) if kind == "GENERATED_FROM" else (target, source)
        for place in edges.references.places(made) or ():
            for other in edges.references.places(origin) or ():
                _note_source(records, place, other)


def _note_source(records: Sequence[ComponentRecord], place: int, other: int) -> None:
    if ROOT in {place, other} or place == other:
        return
    made, origin = records[place].purl, records[other].purl
    if made is None or origin is None or made.type != origin.type or made.type not in _DISTRIBUTIONS:
        return
    if made.key.name != origin.key.name:
        records[place].source_package = records[place].source_package or origin.name


def apply_relations(
    relations: Sequence[Relation], records: Sequence[ComponentRecord], edges: EdgeReader
) -> Completeness:
    """Draw edges, nest contained packages, set scopes; return what the document says of its own completeness."""
    scopes: dict[int, Scope] = {}
    alone = edges.references.alone
    for source, kind, target, pointer in relations:
        if kind not in _STRUCTURAL or target in _NOTHING:
            continue
        needing, needed = (target, source) if kind in _TURNED else (source, target)
        one, other = alone.get(needing), alone.get(needed)
        sources = (one,) if one is not None else edges.place(needing, pointer=pointer)
        targets = (other,) if other is not None else edges.place(needed, pointer=pointer)
        scope = _SCOPES.get(kind)
        if scope is None:
            _nest(records, sources, targets, edges=edges)
            continue
        edges.count_stated(1, pointer=pointer)
        edges.add(sources, targets)
        for place in targets:
            scopes[place] = _closest(scopes.get(place, scope), scope)
    scopes.pop(ROOT, None)
    for index, scope in scopes.items():
        records[index].scope = scope
    _cut_circles(records)
    return _completeness(relations, edges)


def _closest(one: Scope, other: Scope) -> Scope:
    return one if one is other else next(scope for scope in _SCOPE_ORDER if scope in {one, other})


def _completeness(relations: Sequence[Relation], edges: EdgeReader) -> Completeness:
    """The root `DEPENDS_ON NONE`: nothing is missing."""
    sources = [one.source for one in relations if one.target == "NONE" and one.kind in _STRUCTURAL]
    is_told = any(ROOT in (edges.references.places(source) or ()) for source in sources)
    return Completeness.COMPLETE if is_told else Completeness.UNKNOWN


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
    for start in [index for index, record in enumerate(records) if record.parent is not None]:
        path: dict[int, None] = {}
        index: int | None = start
        while index is not None and index not in settled and index not in path:
            path[index] = None
            index = records[index].parent
        if index is not None and index in path:
            records[index].parent = None
        settled.update(path)
