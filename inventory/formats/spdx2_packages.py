"""Reads the packages of an SPDX 2.2 or 2.3 JSON document (section 7 of the specification), one by one."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from inventory.formats import json_parts, strict_json
from inventory.formats.component_fields import ComponentFields
from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.records import ComponentRecord, FormatError, Hash
from inventory.identity.purls import Purl

Scalar = str | int | float | bool | None
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_BUILT_FROM: Final = re.compile(r"built package from: ([^\s:]+) ")
"""How trivy names a distribution's source package."""


class _ReferencePart(msgspec.Struct, gc=False, rename={"kind": "referenceType", "locator": "referenceLocator"}):
    # Leaves are open on purpose: a wrong type is that field's defect and must not refuse the package.
    kind: Any = None
    locator: Any = None


class _ChecksumPart(msgspec.Struct, gc=False, rename={"value": "checksumValue"}):
    algorithm: Any = None
    value: Any = None


class _PackagePart(
    msgspec.Struct,
    gc=False,
    rename={
        "spdx_id": "SPDXID",
        "version": "versionInfo",
        "references": "externalRefs",
        "purpose": "primaryPackagePurpose",
        "source_info": "sourceInfo",
    },
):
    spdx_id: Any = None
    name: Any = None
    version: Any = None
    purpose: Any = None
    source_info: Any = None
    references: list[_ReferencePart | Scalar | list[Any]] | Scalar | dict[str, Any] = None
    checksums: list[_ChecksumPart | Scalar | list[Any]] | Scalar | dict[str, Any] = None


_PACKAGE: Final = msgspec.json.Decoder(_PackagePart)


class PackageReader:
    """Reads the packages of one document. `items[i]` is the undecoded package of `records[i]`."""

    def __init__(self, *, limits: Limits, defects: Defects, look_at_strings: bool) -> None:
        self.records: list[ComponentRecord] = []
        self.items: list[msgspec.Raw] = []
        self.rejected_count = 0
        self._limits = limits
        self._defects = defects
        self._look_at_strings = look_at_strings
        self._fields = ComponentFields(defects=defects)

    def read_array(self, raw: msgspec.Raw, *, pointer: str) -> None:
        """Read all packages. Raises FormatError: `wrong_shape` when it is no array, `too_many_components`."""
        items = json_parts.array_items(raw, pointer=pointer)
        if len(items) > self._limits.components:
            message = f"The document has more than {self._limits.components} packages."
            raise FormatError("too_many_components", message, pointer=pointer)
        for index, item in enumerate(items):
            record = self._read_item(item, pointer=f"{pointer}/{index}")
            if record is not None:
                self.records.append(record)
                self.items.append(item)

    def _read_item(self, item: msgspec.Raw, *, pointer: str) -> ComponentRecord | None:
        try:
            part = _PACKAGE.decode(item)
        except _UNREADABLE as error:
            problem = json_parts.decode_error(error, item, pointer=pointer)
            self._reject(problem.code, problem.pointer, problem.message)
            return None
        name = part.name
        if type(name) is not str or len(name) > self._limits.name_characters or not name.strip():
            self._reject("bad_name", pointer + "/name", "it has no name, or one that is no name.")
            return None
        if self._look_at_strings or len(item) > self._limits.string_bytes:
            defect = strict_json.bad_string(json_parts.decode_value(item), limits=self._limits)
            if defect is not None:
                self._reject(defect.code, pointer + defect.pointer, "it holds a string that cannot be stored.")
                return None
        return self._record(part, name=name, pointer=pointer)

    def _reject(self, code: str, pointer: str, reason: str) -> None:
        self.rejected_count += 1
        self._defects.add(code, pointer, f"Package not read: {reason}")

    def _record(self, part: _PackagePart, *, name: str, pointer: str) -> ComponentRecord:
        text = self._fields.text
        record = ComponentRecord(
            name=name,
            version="" if part.version is None else text(part.version, pointer, "versionInfo"),
            group="",
            type="" if part.purpose is None else text(part.purpose, pointer, "primaryPackagePurpose").lower(),
            purl=None,
            ref=None if part.spdx_id is None else text(part.spdx_id, pointer, "SPDXID") or None,
            pointer=pointer,
            parent=None,
        )
        if part.references is not None:
            self._apply_references(record, part.references, pointer=pointer + "/externalRefs")
        if part.checksums is not None:
            record.hashes = self._hashes(part.checksums, pointer=pointer + "/checksums")
        record.source_package = _source_package(record.purl, part.source_info)
        return record

    def _apply_references(self, record: ComponentRecord, parts: object, *, pointer: str) -> None:
        """Take the first purl that can be read and the first CPE."""
        if not isinstance(parts, list):
            self._defects.add("wrong_type", pointer, "externalRefs is not an array; it was left out.")
            return
        for index, part in enumerate(parts):
            if not isinstance(part, _ReferencePart) or not isinstance(part.kind, str):
                continue
            kind = part.kind.rpartition("/")[2]
            if kind == "purl" and record.purl is None:
                place = f"{pointer}/{index}"
                locator = self._fields.text(part.locator, place, "referenceLocator")
                record.purl = self._fields.purl(locator, name=record.name, pointer=place, field="referenceLocator")
            elif kind in {"cpe23Type", "cpe22Type"} and record.cpe is None and isinstance(part.locator, str):
                record.cpe = part.locator

    def _hashes(self, parts: object, *, pointer: str) -> tuple[Hash, ...]:
        if not isinstance(parts, list):
            self._defects.add("wrong_type", pointer, "checksums is not an array; it was left out.")
            return ()
        found = []
        for index, part in enumerate(parts):
            algorithm, value = (part.algorithm, part.value) if isinstance(part, _ChecksumPart) else (None, None)
            found.append(self._fields.hash(algorithm, value, array=pointer, index=index))
        return tuple(value for value in found if value is not None)


def _source_package(purl: Purl | None, source_info: object) -> str | None:
    if purl is not None and purl.upstream:
        return purl.upstream
    match = _BUILT_FROM.search(source_info) if isinstance(source_info, str) else None
    return match[1] if match else None
