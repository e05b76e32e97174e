"""Reads the components of a CycloneDX JSON document (ECMA-424), one by one, nested ones included.

One that was read before, byte for byte, is copied (known_components.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

import msgspec
from msgspec.structs import replace

from inventory.formats import conventions, json_parts, strict_json
from inventory.formats.component_fields import LONGEST_TEXT, ComponentFields
from inventory.formats.cyclonedx_evidence import is_unsure
from inventory.formats.cyclonedx_parts import (
    ABSENT,
    ComponentPart,
    HashPart,
    PropertyPart,
    decode_component,
    nested_components,
)
from inventory.formats.cyclonedx_variants import variants_of
from inventory.formats.defects import Defects
from inventory.formats.known_components import Known, Listed, Memory, list_components
from inventory.formats.limits import Limits
from inventory.formats.maker_claims import of_raw
from inventory.formats.pointers import PLACES
from inventory.formats.records import ComponentRecord, FormatError, Hash, MembershipRecord, Scope
from inventory.formats.repeated_names import note_repeated, note_repeated_inside
from inventory.formats.source_claims import SourceClaim, of_pedigree, of_references

Hear = Callable[[Sequence[ComponentRecord]], None]

_LEVELS_EACH: Final = 2
"""JSON levels that one nesting adds: the component and its array."""
_CONTENT: Final = b'"content"'
_LONG, _PORTION = 8_192, 2_500
"""Of an array so long, so many components are told of at a time."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """One `components` array still to be read; `depth` is the JSON level it stands at."""

    raw: msgspec.Raw
    pointer: str
    parent: int | None
    depth: int


@dataclass(frozen=True, slots=True)
class Pedigree:
    """What the component at one place of the records was made from."""

    index: int
    value: object
    pointer: str


class ComponentReader:
    """Reads the component arrays of one document into one list, so that an index names a component of the document."""

    def __init__(
        self,
        *,
        limits: Limits,
        defects: Defects,
        look_at_strings: bool,
        memory: Memory,
        hear: Hear | None = None,
    ) -> None:
        """`look_at_strings`: the document holds escapes that may be a NUL or half a pair, so each is searched.

        `memory` is of this version under these limits. `hear` is told of the records of long arrays as they come.
        """
        self.records: list[ComponentRecord] = []
        self.memberships: list[MembershipRecord] = []
        self.pedigrees: list[Pedigree] = []
        self.rejected_count = 0
        self._limits = limits
        self.defects = defects
        self._look_at_strings = look_at_strings
        self._fields = ComponentFields(defects=defects)
        self._memory = memory
        self._hear = hear
        self._heard = 0

    def read_array(
        self, raw: msgspec.Raw, *, pointer: str, parent: int | None, depth: int, listed: Listed | None = None
    ) -> None:
        """Read an array and all that is nested in it, level by level, without recursion.

        `listed` are its items, if they were split before. Raises FormatError: `wrong_shape` when it is no array,
        `too_many_components`, `too_deep`.
        """
        level = list(self._read_batch(_Batch(raw, pointer, parent, depth), listed))
        while level:
            level = [nested for batch in level for nested in self._read_nested(batch)]

    def read_part(
        self, part: ComponentPart, *, dubious: object, pointer: str, parent: int | None
    ) -> ComponentRecord | None:
        """Return the record of a component that another syntax than JSON gave, or None where it is rejected.

        `dubious` is all that was read of it, where a string among that may be one that cannot be stored, else None.
        """
        if not self._is_named(part.name, pointer=pointer):
            return None
        if dubious is not None and not self._is_storable(dubious, pointer=pointer):
            return None
        self._shorten(part, pointer=pointer)
        return self._record(part, pointer=pointer, parent=parent)

    def _read_nested(self, batch: _Batch) -> Iterator[_Batch]:
        if json_parts.first_byte(batch.raw) == "[":
            return self._read_batch(batch)
        self.defects.add("wrong_type", batch.pointer, "components is not an array; it was left out.")
        return iter(())

    def _read_batch(self, batch: _Batch, listed: Listed | None = None) -> Iterator[_Batch]:
        if batch.depth >= self._limits.depth:
            message = f"Components are nested deeper than {self._limits.depth} levels."
            raise FormatError("too_deep", message, pointer=batch.pointer)
        listed = listed or list_components(batch.raw, pointer=batch.pointer)
        if len(self.records) + self.rejected_count + len(listed.items) > self._limits.components:
            message = f"The document has more than {self._limits.components} components."
            raise FormatError("too_many_components", message, pointer=batch.pointer)
        parent, records, pointers = batch.parent, self.records, _pointers(batch.pointer, len(listed.items))
        found, is_long = self._memory.find(listed.keys), len(listed.items) >= _LONG
        for item, key, known, pointer in zip_longest(listed.items, listed.keys, found, pointers):
            if is_long and len(records) - self._heard >= _PORTION:
                self._tell()
            if known is not None:
                records.append(replace(known.record, pointer=pointer, parent=parent))
                continue
            place = len(records)
            for nested in self._read_item(item, key=key, pointer=pointer, parent=parent):
                holder = place if len(records) > place else parent
                yield _Batch(nested, pointer + "/components", holder, batch.depth + _LEVELS_EACH)

    def _tell(self) -> None:
        told, self._heard = self.records[self._heard :], len(self.records)
        if self._hear is not None:
            self._hear(told)

    def _read_item(
        self, item: msgspec.Raw, *, key: bytes | None, pointer: str, parent: int | None
    ) -> Sequence[msgspec.Raw]:
        """Add one component, or count it as rejected; return its own components, which stay either way.

        One without any defect, and without others inside, is remembered by its key. Where it has `components` twice,
        both are its own: what is hidden so is found.
        """
        defects_before = self.defects.total
        try:
            part = decode_component(item, pointer=pointer, defects=self.defects)
        except FormatError as error:
            self.reject(error.code, error.pointer, error.message)
            nested = nested_components(item)
            return () if nested == ABSENT else (nested,)
        repeated = note_repeated(item, pointer=pointer, defects=self.defects)
        if part.hashes:
            note_repeated_inside(
                item, "hashes", token=_CONTENT, most=len(part.hashes), pointer=pointer, defects=self.defects
            )
        if self._is_usable(part.name, item, pointer=pointer):
            if len(item) > LONGEST_TEXT:
                self._shorten(part, pointer=pointer)
            record = self._record(part, pointer=pointer, parent=parent)
            self.records.append(record)
            if key is not None and self.defects.total == defects_before and part.is_plain:
                self._memory.add(key, Known(copy(record)))
        if part.components == ABSENT:
            return ()
        return [raw for name, raw in repeated if name == "components"] or (part.components,)

    def _is_usable(self, name: str | None, item: msgspec.Raw, *, pointer: str) -> bool:
        if not self._is_named(name, pointer=pointer):
            return False
        if not self._look_at_strings and len(item) <= self._limits.string_bytes:
            return True
        value = json_parts.decode_value(item)
        own = {key: member for key, member in value.items() if key != "components"} if isinstance(value, dict) else {}
        return self._is_storable(own, pointer=pointer)

    def _is_named(self, name: str | None, *, pointer: str) -> bool:
        if not name or len(name) > self._limits.name_characters or name.isspace():
            self.reject("bad_name", pointer + "/name", "it has no name, or one that is no name.")
            return False
        return True

    def _is_storable(self, value: object, *, pointer: str) -> bool:
        defect = strict_json.bad_string(value, limits=self._limits)
        if defect is not None:
            self.reject(defect.code, pointer + defect.pointer, "it holds a string that cannot be stored.")
        return defect is None

    def _record(self, part: ComponentPart, *, pointer: str, parent: int | None) -> ComponentRecord:
        name, version, ref, purl = part.name or "", part.version or "", part.ref or None, None
        if part.purl is not None:
            purl = self._fields.purl(part.purl, name=name, pointer=pointer)
        if purl is not None:  # each text is kept once (purls.kept_once), without a call for each of them
            name = purl.name if name == purl.name else name
            version = purl.version if version == purl.version else version
            ref = purl.text if ref == purl.text else ref
        record = ComponentRecord(name, version, part.group or "", part.type or "", purl, ref, pointer, parent)
        record.cpe = part.cpe or None
        if purl is not None:
            record.source_package = purl.upstream or None
        if part.hashes:
            record.hashes = self._hashes(part.hashes, pointer=pointer)
        if part.scope is not None or part.is_external:
            record.scope = self._scope(part, pointer=pointer)
        record.sources = _sources(part)
        if part.properties:
            _apply_properties(record, part.properties)
        if part.pedigree != ABSENT:
            self._note_pedigree(part.pedigree, record, pointer=pointer)
        if part.evidence != ABSENT:
            record.is_unsure = is_unsure(self._decoded(part.evidence, pointer=pointer + "/evidence"))
        if part.is_external is True and not part.version:
            record.is_unsure = True  # 1.7: `versionRange` says which versions would do, not which one is there.
        return record

    def _note_pedigree(self, raw: msgspec.Raw, record: ComponentRecord, *, pointer: str) -> None:
        """Keep what the component at the end of the records is related to until all components are read."""
        pedigree, purl = self._decoded(raw, pointer=pointer + "/pedigree"), record.purl
        record.sources = (*record.sources, *of_pedigree(pedigree))
        if isinstance(pedigree, dict) and (pedigree.get("ancestors") or pedigree.get("patches")):
            self.pedigrees.append(Pedigree(len(self.records), pedigree, pointer))
        if purl is not None and purl.type == "oci":
            self.memberships += variants_of(purl, pedigree)

    def _decoded(self, raw: msgspec.Raw, *, pointer: str) -> object:
        try:
            return json_parts.decode_value(raw)
        except FormatError as error:
            self.defects.add(error.code, pointer, error.message)
            return None

    def _shorten(self, part: ComponentPart, *, pointer: str) -> None:
        """Leave out fields too long to be what they should be: only a large component can have one."""
        for field in ("version", "group", "type", "ref", "cpe"):
            value = getattr(part, field)
            if value is not None:
                setattr(part, field, self._fields.text(value, pointer, "bom-ref" if field == "ref" else field))

    def reject(self, code: str, pointer: str, reason: str) -> None:
        """Count a component that cannot be read, and say why."""
        self.rejected_count += 1
        self.defects.add(code, pointer, f"Component not read: {reason}")

    def _hashes(self, parts: Sequence[HashPart], *, pointer: str) -> tuple[Hash, ...]:
        found = []
        for index, part in enumerate(parts):
            value = self._fields.hash(part.alg, part.content, array=pointer + "/hashes", index=index)
            if value is not None:
                found.append(value)
        return tuple(found)

    def _scope(self, part: ComponentPart, *, pointer: str) -> Scope:
        if part.is_external is True:
            return Scope.PROVIDED  # 1.7: a requirement on what is delivered elsewhere, not present itself.
        scope = conventions.SCOPE_WORDS.get(part.scope or "")
        if scope is None:
            self.defects.add("unknown_scope", pointer + "/scope", "scope has no known value; taken as required.")
            return Scope.REQUIRED
        return scope


def _sources(part: ComponentPart) -> tuple[SourceClaim, ...]:
    found = () if part.references == ABSENT else of_references(part.references)
    for raw in part.makers:
        found = (*found, *of_raw(raw))
    return found


def _pointers(array: str, count: int) -> Sequence[str]:
    """Return the pointers of the items of an array."""
    if array == "/components" and count <= len(PLACES):
        return PLACES[:count]
    return [f"{array}/{index}" for index in range(count)]


def _apply_properties(record: ComponentRecord, parts: Sequence[PropertyPart]) -> None:
    meaningful = conventions.MEANINGFUL
    for part in parts:
        name = part.name
        if name in meaningful and part.value is not None:
            record.scope = conventions.scope_of(name, part.value) or record.scope
            record.source_package = record.source_package or conventions.source_package_of(name, part.value)
            if name == conventions.TYPE_PROPERTY:
                record.type = part.value[:LONGEST_TEXT]
            elif name == conventions.CPE_PROPERTY:
                record.cpe = record.cpe or part.value[:LONGEST_TEXT] or None
