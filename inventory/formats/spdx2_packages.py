"""Reads the packages of an SPDX 2.2 or 2.3 document (section 7 of the specification), one by one, in any syntax.

JSON is decoded to what is read of a package and nothing else; the other syntaxes hand on each package in the names of
the JSON form.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from inventory.formats import json_parts, strict_json
from inventory.formats.component_fields import ComponentFields
from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.maker_claims import of_text
from inventory.formats.records import ComponentRecord, FormatError, Hash
from inventory.formats.repeated_names import note_repeated, note_repeated_inside
from inventory.formats.source_claims import of_download
from inventory.identity.purls import Purl

IMAGE_TEXTS: Final = ("RepoDigest: ", "ImageID: ", "RepoTag: ", "Reference: ")
"""How the texts begin in which trivy names an image: attribution texts or annotations of the package."""
Scalar = str | int | float | bool | None
_LISTS: Final = (("references", "externalRefs", b'"referenceLocator"'), ("checksums", "checksums", b'"checksumValue"'))
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
        "download": "downloadLocation",
    },
):
    spdx_id: Any = None
    name: Any = None
    version: Any = None
    purpose: Any = None
    source_info: Any = None
    download: Any = None
    supplier: Any = None
    originator: Any = None
    references: list[_ReferencePart | Scalar | list[Any]] | Scalar | dict[str, Any] = None
    checksums: list[_ChecksumPart | Scalar | list[Any]] | Scalar | dict[str, Any] = None


_PACKAGE: Final = msgspec.json.Decoder(_PackagePart)


class PackageReader:
    """Reads the packages of one document.

    `package(index)` gives all fields of `records[index]` as far as they are kept: the raw ones in JSON, in the other
    syntaxes those of a package that has texts (`attributionTexts`, `annotations`).
    """

    def __init__(self, *, limits: Limits, defects: Defects, look_at_strings: bool) -> None:
        self.records: list[ComponentRecord] = []
        self.rejected_count = 0
        self._annotations: dict[str, list[Mapping[str, Any]]] = {}
        self._numbers = array("I")
        self._array = "/packages"
        self._kept: list[msgspec.Raw | Mapping[str, Any]] = []
        self._limits = limits
        self._defects = defects
        self._look_at_strings = look_at_strings
        self._fields = ComponentFields(defects=defects)

    @property
    def count(self) -> int:
        """Packages seen, read or rejected."""
        return len(self.records) + self.rejected_count

    def package(self, index: int) -> Mapping[str, Any]:
        """Return the fields of one package in the names of the JSON form."""
        kept = self._kept[index]
        value = json_parts.decode_value(kept) if isinstance(kept, msgspec.Raw) else kept
        members = value if isinstance(value, Mapping) else {}
        apart = self._annotations.get(self.records[index].ref or "", [])
        own = members.get("annotations")
        return {**members, "annotations": [*(own if isinstance(own, list) else ()), *apart]}

    def pointer(self, index: int) -> str:
        """Return the JSON pointer of `records[index]`; the record itself has its place in the document's syntax."""
        return f"{self._array}/{self._numbers[index]}"

    def read_array(self, raw: msgspec.Raw, *, pointer: str) -> None:
        """Read all packages of a JSON document. Raises FormatError `wrong_shape` if it is no array, as `take` does."""
        self._array = pointer
        items = json_parts.array_items(raw, pointer=pointer)
        if len(items) > self._limits.components:
            raise self._too_many(pointer)
        for index, item in enumerate(items):
            self._read_item(item, pointer=f"{pointer}/{index}")

    def take(self, value: object, *, is_long: bool) -> None:
        """Read the next package of another syntax. Raises FormatError `too_many_components`."""
        index = self.count
        if index >= self._limits.components:
            raise self._too_many("/packages")
        pointer = f"/packages/{index}"
        try:
            part = msgspec.convert(value, _PackagePart)
        except msgspec.ValidationError:
            self.reject("wrong_shape", pointer, "it is no set of fields.")
            return
        kept = value if isinstance(value, dict) and ("attributionTexts" in value or "annotations" in value) else {}
        self._check(part, kept, all_of=lambda: value, is_long=is_long, pointer=pointer)

    def annotate(self, value: object) -> None:
        """Keep an annotation that stands outside of the package it is about, if it says what an image is called."""
        if isinstance(value, Mapping) and isinstance(comment := value.get("comment"), str):
            ref = value.get("spdxElementId")
            if isinstance(ref, str) and comment.startswith(IMAGE_TEXTS):
                self._annotations.setdefault(ref, []).append(value)

    def _too_many(self, pointer: str) -> FormatError:
        message = f"The document has more than {self._limits.components} packages."
        return FormatError("too_many_components", message, pointer=pointer)

    def _read_item(self, item: msgspec.Raw, *, pointer: str) -> None:
        try:
            part = _PACKAGE.decode(item)
        except _UNREADABLE as error:
            problem = json_parts.decode_error(error, item, pointer=pointer)
            self.reject(problem.code, problem.pointer, problem.message)
            return
        self._note_repeated(item, part, pointer=pointer)
        is_long = len(item) > self._limits.string_bytes
        self._check(part, item, all_of=lambda: json_parts.decode_value(item), is_long=is_long, pointer=pointer)

    def _note_repeated(self, item: msgspec.Raw, part: _PackagePart, *, pointer: str) -> None:
        note_repeated(item, pointer=pointer, defects=self._defects)
        for field, name, token in _LISTS:
            listed = getattr(part, field)
            if listed and isinstance(listed, list):
                most = len(listed)
                note_repeated_inside(item, name, token=token, most=most, pointer=pointer, defects=self._defects)

    def _check(
        self,
        part: _PackagePart,
        kept: msgspec.Raw | Mapping[str, Any],
        *,
        all_of: Callable[[], object],
        is_long: bool,
        pointer: str,
    ) -> None:
        """Keep a package that has a name and strings that can be stored; `all_of` gives all of its fields."""
        name = part.name
        if type(name) is not str or len(name) > self._limits.name_characters or not name.strip():
            self.reject("bad_name", pointer + "/name", "it has no name, or one that is no name.")
            return
        if self._look_at_strings or is_long:
            defect = strict_json.bad_string(all_of(), limits=self._limits)
            if defect is not None:
                self.reject(defect.code, pointer + defect.pointer, "it holds a string that cannot be stored.")
                return
        self._numbers.append(self.count)
        self.records.append(self._record(part, name=name, pointer=pointer))
        self._kept.append(kept)

    def reject(self, code: str, pointer: str, reason: str) -> None:
        """Count a package that cannot be read, and say why."""
        self.rejected_count += 1
        self._defects.add(code, pointer, f"Package not read: {reason}")

    def _record(self, part: _PackagePart, *, name: str, pointer: str) -> ComponentRecord:
        text = self._fields.text
        record = ComponentRecord(
            name=name,
            version="" if part.version is None else text(part.version, pointer, "versionInfo"),
            group="",
            type="" if part.purpose is None else _kind(text(part.purpose, pointer, "primaryPackagePurpose")),
            purl=None,
            ref=None if part.spdx_id is None else text(part.spdx_id, pointer, "SPDXID") or None,
            pointer=self._defects.place(pointer),
            parent=None,
        )
        if part.references is not None:
            self._apply_references(record, part.references, pointer=pointer + "/externalRefs")
        if part.checksums is not None:
            record.hashes = self._hashes(part.checksums, pointer=pointer + "/checksums")
        record.source_package = _source_package(record.purl, part.source_info)
        if isinstance(part.download, str):
            record.sources = of_download(part.download)
        for text in (part.supplier, part.originator):
            if isinstance(text, str):
                record.sources = (*record.sources, *of_text(text))
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


def _kind(purpose: str) -> str:
    """Write a purpose one way: `OPERATING_SYSTEM` in JSON is `OPERATING-SYSTEM` in tag-value text."""
    return purpose.lower().replace("_", "-")


def _source_package(purl: Purl | None, source_info: object) -> str | None:
    if purl is not None and purl.upstream:
        return purl.upstream
    match = _BUILT_FROM.search(source_info) if isinstance(source_info, str) else None
    return match[1] if match else None
