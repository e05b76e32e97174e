"""Decodes one CycloneDX component: in one go when it keeps to the schema, field by field when it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.defects import Defects
from inventory.formats.pointers import join
from inventory.formats.records import FormatError

ABSENT: Final = msgspec.Raw(b"")


class HashPart(msgspec.Struct, gc=False):
    """An entry of `hashes`."""

    alg: str | None = None
    content: str | None = None


class PropertyPart(msgspec.Struct, gc=False):
    """An entry of `properties`."""

    name: str | None = None
    value: str | None = None


class ComponentPart(
    msgspec.Struct, gc=False, rename={"ref": "bom-ref", "is_external": "isExternal", "references": "externalReferences"}
):
    """What is read of a component; `components`, `pedigree`, `evidence`, references and people stay undecoded."""

    name: str | None = None
    version: str | None = None
    group: str | None = None
    type: str | None = None
    purl: str | None = None
    ref: str | None = None
    cpe: str | None = None
    scope: str | None = None
    is_external: bool | None = None
    hashes: list[HashPart] | None = None
    properties: list[PropertyPart] | None = None
    components: msgspec.Raw = ABSENT
    pedigree: msgspec.Raw = ABSENT
    evidence: msgspec.Raw = ABSENT
    references: msgspec.Raw = ABSENT
    publisher: msgspec.Raw = ABSENT
    author: msgspec.Raw = ABSENT
    authors: msgspec.Raw = ABSENT
    supplier: msgspec.Raw = ABSENT
    manufacturer: msgspec.Raw = ABSENT

    @property
    def makers(self) -> Iterator[bytes]:
        """Yield the fields that tell who made or published it."""
        for raw in (self.publisher, self.author, self.authors, self.supplier, self.manufacturer):
            if raw != ABSENT:
                yield bytes(raw)

    @property
    def is_plain(self) -> bool:
        """Tell whether it holds no components and no relatives of its own."""
        return self.components == ABSENT and self.pedigree == ABSENT


class _NestedPart(msgspec.Struct, gc=False, rename={"references": "externalReferences"}):
    components: msgspec.Raw = ABSENT
    pedigree: msgspec.Raw = ABSENT
    evidence: msgspec.Raw = ABSENT
    references: msgspec.Raw = ABSENT
    publisher: msgspec.Raw = ABSENT
    author: msgspec.Raw = ABSENT
    authors: msgspec.Raw = ABSENT
    supplier: msgspec.Raw = ABSENT
    manufacturer: msgspec.Raw = ABSENT


_COMPONENT: Final = msgspec.json.Decoder(ComponentPart)
_NESTED: Final = msgspec.json.Decoder(_NestedPart)
_BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TEXTS: Final = ("name", "version", "group", "type", "purl", "cpe", "scope")


def decode_component(item: msgspec.Raw, *, pointer: str, defects: Defects) -> ComponentPart:
    """Decode one component; a field of a wrong type is dropped with a warning.

    Raises FormatError when it is no object, or holds what cannot be decoded at all.
    """
    try:
        return _COMPONENT.decode(item)
    except msgspec.ValidationError:
        return _repair(item, pointer=pointer, defects=defects)
    except _BROKEN as error:
        raise json_parts.decode_error(error, item, pointer=pointer) from error


def nested_components(item: msgspec.Raw) -> msgspec.Raw:
    """Find the components inside one that cannot be decoded itself: they are still the document's."""
    try:
        return _NESTED.decode(item).components
    except _BROKEN:
        return ABSENT  # Not an object, so nothing can be nested in it; the component itself is counted by the caller.


def _repair(item: msgspec.Raw, *, pointer: str, defects: Defects) -> ComponentPart:
    value = json_parts.decode_value(item, pointer=pointer)
    if not isinstance(value, dict):
        raise FormatError("wrong_shape", "a component must be an object.", pointer=pointer)
    nested = _NESTED.decode(item)
    part = ComponentPart(**msgspec.structs.asdict(nested), is_external=value.get("isExternal"))
    for name in _TEXTS:
        setattr(part, name, _text(value, name, pointer=pointer, defects=defects))
    part.ref = _text(value, "bom-ref", pointer=pointer, defects=defects)
    hashes = _entries(value, "hashes", ("alg", "content"), pointer=pointer, defects=defects)
    part.hashes = [HashPart(entry["alg"], entry["content"]) for entry in hashes]
    properties = _entries(value, "properties", ("name", "value"), pointer=pointer, defects=defects)
    part.properties = [PropertyPart(entry["name"], entry["value"]) for entry in properties]
    return part


def _text(members: Mapping[str, Any], name: str, *, pointer: str, defects: Defects) -> str | None:
    value = members.get(name)
    if value is None or isinstance(value, str):
        return value
    defects.add("wrong_type", join(pointer, name), f"{name} is not a string; it was left out.")
    return None


def _entries(
    members: Mapping[str, Any], name: str, fields: tuple[str, str], *, pointer: str, defects: Defects
) -> list[dict[str, str | None]]:
    """List the string fields of an array's objects; whatever else stands there is left out."""
    value = members.get(name)
    place = join(pointer, name)
    if value is not None and not isinstance(value, list):
        defects.add("wrong_type", place, f"{name} is not an array; it was left out.")
    entries = []
    for index, entry in enumerate(value if isinstance(value, list) else ()):
        if isinstance(entry, dict):
            at = join(place, index)
            entries.append({field: _text(entry, field, pointer=at, defects=defects) for field in fields})
        else:
            defects.add("wrong_type", join(place, index), f"An entry of {name} is not an object; it was left out.")
    return entries
