"""Reads the components of a CycloneDX JSON document (ECMA-424), one by one, nested ones included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from inventory.formats import conventions, json_parts, strict_json
from inventory.formats.component_fields import ComponentFields
from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.pointers import join
from inventory.formats.records import ComponentRecord, FormatError, Hash, Scope

Scalar = str | int | float | bool | None
_ABSENT: Final = msgspec.Raw(b"")


class _HashPart(msgspec.Struct, gc=False):
    # Leaves are open on purpose: a wrong type is that field's defect and must not refuse the component.
    alg: Any = None
    content: Any = None


class _PropertyPart(msgspec.Struct, gc=False):
    name: Any = None
    value: Any = None


class _ComponentPart(msgspec.Struct, gc=False, rename={"bom_ref": "bom-ref", "is_external": "isExternal"}):
    bom_ref: Any = None
    type: Any = None
    group: Any = None
    name: Any = None
    version: Any = None
    purl: Any = None
    cpe: Any = None
    scope: Any = None
    is_external: Any = None
    hashes: list[_HashPart | Scalar | list[Any]] | Scalar | dict[str, Any] = None
    properties: list[_PropertyPart | Scalar | list[Any]] | Scalar | dict[str, Any] = None
    components: msgspec.Raw = _ABSENT


class _NestedPart(msgspec.Struct, gc=False):
    components: msgspec.Raw = _ABSENT


_COMPONENT: Final = msgspec.json.Decoder(_ComponentPart)
_NESTED: Final = msgspec.json.Decoder(_NestedPart)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class _Batch:
    """One `components` array still to be read; `depth` is the JSON level it stands at."""

    raw: msgspec.Raw
    pointer: str
    parent: int | None
    depth: int


class ComponentReader:
    """Reads the component arrays of one document into one list, so that an index names a component of the document."""

    def __init__(self, *, limits: Limits, defects: Defects, look_at_strings: bool) -> None:
        """`look_at_strings`: the document holds escapes that may be a NUL or half a pair, so each is searched."""
        self.records: list[ComponentRecord] = []
        self.rejected_count = 0
        self._limits = limits
        self._defects = defects
        self._look_at_strings = look_at_strings
        self._fields = ComponentFields(defects=defects)

    def read_array(self, raw: msgspec.Raw, *, pointer: str, parent: int | None, depth: int) -> None:
        """Read an array and all that is nested in it, level by level, without recursion.

        Raises FormatError: `wrong_shape` when it is no array, `too_many_components`, `too_deep`.
        """
        level = list(self._read_batch(_Batch(raw, pointer, parent, depth)))
        while level:
            level = [nested for batch in level for nested in self._read_nested(batch)]

    def _read_nested(self, batch: _Batch) -> Iterator[_Batch]:
        if json_parts.first_byte(batch.raw) == "[":
            return self._read_batch(batch)
        self._defects.add("wrong_type", batch.pointer, "components is not an array; it was left out.")
        return iter(())

    def _read_batch(self, batch: _Batch) -> Iterator[_Batch]:
        if batch.depth >= self._limits.depth:
            message = f"Components are nested deeper than {self._limits.depth} levels."
            raise FormatError("too_deep", message, pointer=batch.pointer)
        items = json_parts.array_items(batch.raw, pointer=batch.pointer)
        if len(self.records) + self.rejected_count + len(items) > self._limits.components:
            message = f"The document has more than {self._limits.components} components."
            raise FormatError("too_many_components", message, pointer=batch.pointer)
        prefix = batch.pointer + "/"
        for index, item in enumerate(items):
            nested = self._read_item(item, pointer=prefix + str(index), batch=batch)
            if nested is not None:
                yield nested

    def _read_item(self, item: msgspec.Raw, *, pointer: str, batch: _Batch) -> _Batch | None:
        """Add one component, or count it as rejected; return its own components. Those of a rejected one stay."""
        place = batch.parent
        try:
            part = _COMPONENT.decode(item)
        except _UNREADABLE as error:
            problem = json_parts.decode_error(error, item, pointer=pointer)
            self._reject(problem.code, problem.pointer, problem.message)
            nested = _nested_of(item)
        else:
            nested = part.components
            record = self._record(part, item, pointer=pointer, parent=place)
            if record is not None:
                place = len(self.records)
                self.records.append(record)
        return _Batch(nested, pointer + "/components", place, batch.depth + 2) if nested != _ABSENT else None

    def _record(
        self, part: _ComponentPart, item: msgspec.Raw, *, pointer: str, parent: int | None
    ) -> ComponentRecord | None:
        name = part.name
        if type(name) is not str or len(name) > self._limits.name_characters or not name.strip():
            self._reject("bad_name", pointer + "/name", "it has no name, or one that is no name.")
            return None
        if self._look_at_strings or len(item) > self._limits.string_bytes:
            defect = self._string_defect(item)
            if defect is not None:
                self._reject(defect.code, pointer + defect.pointer, "it holds a string that cannot be stored.")
                return None
        fields = self._fields
        purl = None if part.purl is None else fields.purl(part.purl, name=name, pointer=pointer + "/purl")
        record = ComponentRecord(
            name=name,
            version="" if part.version is None else fields.text(part.version, pointer, "version"),
            group="" if part.group is None else fields.text(part.group, pointer, "group"),
            type="" if part.type is None else fields.text(part.type, pointer, "type"),
            purl=purl,
            ref=None if part.bom_ref is None else fields.text(part.bom_ref, pointer, "bom-ref") or None,
            pointer=pointer,
            parent=parent,
        )
        if part.cpe is not None:
            record.cpe = fields.text(part.cpe, pointer, "cpe") or None
        if part.hashes is not None:
            record.hashes = self._hashes(part.hashes, pointer=pointer + "/hashes")
        if part.scope is not None or part.is_external is True:
            record.scope = self._scope(part, pointer=pointer)
        if purl is not None and purl.upstream:
            record.source_package = purl.upstream
        if part.properties is not None:
            self._apply_properties(record, part.properties, pointer=pointer)
        return record

    def _reject(self, code: str, pointer: str, reason: str) -> None:
        self.rejected_count += 1
        self._defects.add(code, pointer, f"Component not read: {reason}")

    def _string_defect(self, item: msgspec.Raw) -> strict_json.StringDefect | None:
        value = json_parts.decode_value(item)
        own = (
            {name: member for name, member in value.items() if name != "components"} if isinstance(value, dict) else {}
        )
        return strict_json.bad_string(own, limits=self._limits)

    def _hashes(self, parts: object, *, pointer: str) -> tuple[Hash, ...]:
        if not isinstance(parts, list):
            self._defects.add("wrong_type", pointer, "hashes is not an array; it was left out.")
            return ()
        read = self._fields.hash
        found = (
            read(part.alg, part.content, pointer=f"{pointer}/{index}")
            if isinstance(part, _HashPart)
            else read(None, None, pointer=f"{pointer}/{index}")
            for index, part in enumerate(parts)
        )
        return tuple(value for value in found if value is not None)

    def _scope(self, part: _ComponentPart, *, pointer: str) -> Scope:
        if part.is_external is True:
            return Scope.PROVIDED  # 1.7: listed as a requirement on what is delivered elsewhere, not as present.
        scope = conventions.SCOPE_WORDS.get(part.scope) if isinstance(part.scope, str) else None
        if scope is None:
            self._defects.add("unknown_scope", join(pointer, "scope"), "scope has no known value; taken as required.")
        return scope or Scope.REQUIRED

    def _apply_properties(self, record: ComponentRecord, parts: object, *, pointer: str) -> None:
        if not isinstance(parts, list):
            self._defects.add("wrong_type", join(pointer, "properties"), "properties is not an array; it was left out.")
            return
        for part in parts:
            if not isinstance(part, _PropertyPart) or type(part.name) is not str or type(part.value) is not str:
                continue
            if part.name in conventions.MEANINGFUL:
                record.scope = conventions.scope_of(part.name, part.value) or record.scope
                record.source_package = record.source_package or conventions.source_package_of(part.name, part.value)


def _nested_of(item: msgspec.Raw) -> msgspec.Raw:
    """Find the components inside one that cannot be decoded itself: they are still the document's."""
    try:
        return _NESTED.decode(item).components
    except _UNREADABLE:
        return _ABSENT  # Not an object, so nothing can be nested in it; the component itself is already counted.
