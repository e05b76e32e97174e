"""Reads SPDX 2.2 and 2.3 JSON (https://spdx.github.io/spdx-spec/v2.3/), bare or wrapped as GitHub exports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.recognise.sboms import SPDX_JSON
from inventory.formats.records import SbomRecord
from inventory.formats.spdx2_assembly import Parts, assemble, check_version
from inventory.formats.spdx2_packages import PackageReader
from inventory.formats.spdx2_relations import read_relations
from inventory.formats.text import Utf8

TOP_LEVEL: Final = frozenset(
    {"SPDXID", "spdxVersion", "creationInfo", "name", "dataLicense", "documentNamespace", "documentDescribes",
     "packages", "files", "snippets", "relationships", "annotations", "comment", "externalDocumentRefs",
     "hasExtractedLicensingInfos", "revieweds", "$schema"}
)  # fmt: skip
_HEAD: Final = ("spdxVersion", "creationInfo", "documentNamespace", "documentDescribes")


class _FilePart(msgspec.Struct, gc=False, rename={"spdx_id": "SPDXID"}):
    spdx_id: Any = None


_ELEMENTS: Final = msgspec.json.Decoder(list[_FilePart | str | int | float | bool | list[Any] | None])


def read_spdx2(text: Utf8, members: Mapping[str, msgspec.Raw], *, wrapper: str, limits: Limits) -> SbomRecord:
    """Read a document whose top-level members are known; `wrapper` is the pointer of the SPDX object in it.

    One bad package is rejected and counted. Raises FormatError for the document: `unsupported_version`, `wrong_shape`,
    `too_many_components`, `too_many_edges`, and the codes of broken JSON.
    """
    if wrapper:
        members = json_parts.object_members(members[wrapper.removeprefix("/")], pointer=wrapper)
    defects = Defects()
    head = {name: _decode(members, name) for name in _HEAD}
    version = check_version(head["spdxVersion"], wrapper=wrapper)
    note_oddities(text, members, wrapper=wrapper, defects=defects)
    reader = PackageReader(limits=limits, defects=defects, look_at_strings=json_parts.has_dubious_escapes(text))
    if "packages" in members:
        reader.read_array(members["packages"], pointer=wrapper + "/packages")
    relations = read_relations(members.get("relationships"), pointer=wrapper + "/relationships", defects=defects)
    parts = Parts(
        version=version,
        head=head,
        packages=reader,
        relations=relations,
        other_refs=_other_refs(members),
        files=lambda: _decode(members, "files"),
        media_type=SPDX_JSON,
        wrapper=wrapper,
    )
    return assemble(parts, limits=limits, defects=defects)


def note_oddities(text: Utf8, members: Mapping[str, object], *, wrapper: str, defects: Defects) -> None:
    """Warn of a byte order mark and of top-level fields that the format does not have."""
    if text.bom_stripped:
        defects.add("bom_stripped", "", "The document begins with a byte order mark, which was skipped.")
    for name in members.keys() - TOP_LEVEL:
        defects.add("unknown_field", f"{wrapper}/{name[:100]}", "This top-level field is not of the format.")


def _other_refs(members: Mapping[str, msgspec.Raw]) -> frozenset[str]:
    """Collect what may be related but is no package: files and snippets."""
    refs: set[str] = set()
    for name in ("files", "snippets"):
        raw = members.get(name)
        if raw is None or json_parts.first_byte(raw) != "[":
            continue
        try:
            parts = _ELEMENTS.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise json_parts.decode_error(error, raw, pointer="/" + name) from error
        refs.update(part.spdx_id for part in parts if isinstance(part, _FilePart) and isinstance(part.spdx_id, str))
    return frozenset(refs)


def _decode(members: Mapping[str, msgspec.Raw], name: str) -> Any:
    return json_parts.decode_value(members.get(name), pointer="/" + name)
