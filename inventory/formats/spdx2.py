"""Reads SPDX 2.2 and 2.3 JSON (https://spdx.github.io/spdx-spec/v2.3/), bare or wrapped as GitHub exports it.

Every package is a component, the described one included; the described package is the root of edges as well. Files and
snippets are not components.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.cyclonedx_metadata import read_time
from inventory.formats.defects import Defects
from inventory.formats.edges import EdgeReader
from inventory.formats.limits import Limits
from inventory.formats.producers import Producer, choose_producer, parse_spdx_tool
from inventory.formats.recognise.sboms import SPDX_JSON
from inventory.formats.records import FormatError, SbomRecord, storable
from inventory.formats.spdx2_packages import PackageReader
from inventory.formats.spdx2_relations import (
    DOCUMENT,
    Relation,
    apply_relations,
    described_refs,
    read_relations,
    undescribed_root,
)
from inventory.formats.spdx2_subject import Root, read_memberships, read_root
from inventory.formats.text import Utf8

VERSIONS: Final = ("2.2", "2.3")

_TOP_LEVEL: Final = frozenset(
    {"SPDXID", "spdxVersion", "creationInfo", "name", "dataLicense", "documentNamespace", "documentDescribes",
     "packages", "files", "snippets", "relationships", "annotations", "comment", "externalDocumentRefs",
     "hasExtractedLicensingInfos", "revieweds", "$schema"}
)  # fmt: skip


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
    version = _version(members, wrapper=wrapper)
    _note_oddities(text, members, wrapper=wrapper, defects=defects)
    reader = PackageReader(limits=limits, defects=defects, look_at_strings=json_parts.has_dubious_escapes(text))
    if "packages" in members:
        reader.read_array(members["packages"], pointer=wrapper + "/packages")
    if not reader.records and not reader.rejected_count:
        defects.add("empty_sbom", wrapper + "/packages", "The document lists no package: it covers nothing.")
    relations = read_relations(members.get("relationships"), pointer=wrapper + "/relationships", defects=defects)
    root = _root(members, relations, reader, wrapper=wrapper, defects=defects)
    record = _record(members, root, version=version, wrapper=wrapper, defects=defects)
    edges = EdgeReader(
        [component.ref for component in reader.records],
        root_refs=root.refs,
        other_refs=_other_refs(members),
        limits=limits,
        defects=defects,
    )
    record.completeness = apply_relations(relations, reader.records, edges)
    record.memberships = read_memberships(relations, reader.records, root, defects=defects)
    record.components, record.rejected_count = reader.records, reader.rejected_count
    record.edges, record.has_edges, record.dependency_count = edges.edges, edges.has_root, edges.count
    record.warnings = defects.warnings()
    return record


def _version(members: Mapping[str, msgspec.Raw], *, wrapper: str) -> str:
    stated = str(_decode(members, "spdxVersion"))
    version = stated.removeprefix("SPDX-")
    if version.split(".")[:2] not in [known.split(".") for known in VERSIONS]:
        message = f"spdxVersion {stated[:40]!r} is not read; known are SPDX-{' and SPDX-'.join(VERSIONS)}."
        raise FormatError("unsupported_version", message, pointer=wrapper + "/spdxVersion")
    return version


def _note_oddities(text: Utf8, members: Mapping[str, msgspec.Raw], *, wrapper: str, defects: Defects) -> None:
    if text.bom_stripped:
        defects.add("bom_stripped", "", "The document begins with a byte order mark, which was skipped.")
    for name in members.keys() - _TOP_LEVEL:
        defects.add("unknown_field", f"{wrapper}/{name[:100]}", "This top-level field is not of the format.")


def _root(
    members: Mapping[str, msgspec.Raw],
    relations: list[Relation],
    reader: PackageReader,
    *,
    wrapper: str,
    defects: Defects,
) -> Root:
    refs = [component.ref for component in reader.records]
    described = described_refs(relations, _decode(members, "documentDescribes"))
    if not described:
        only = undescribed_root(relations, refs)
        described = [only] if only is not None else []
    files = _decode(members, "files") if described and not set(described) & set(refs) else None
    root = read_root(described, reader, files=files, wrapper=wrapper)
    if root.is_ambiguous:
        message = "The document describes no single package: it does not say which one it is about."
        defects.add("ambiguous_root", wrapper + "/documentDescribes", message)
    return root


def _record(
    members: Mapping[str, msgspec.Raw], root: Root, *, version: str, wrapper: str, defects: Defects
) -> SbomRecord:
    creation = _decode(members, "creationInfo")
    creation = creation if isinstance(creation, dict) else {}
    namespace = _decode(members, "documentNamespace")
    producer = choose_producer(_tools(creation.get("creators")))
    created_at = read_time(creation.get("created"), pointer=wrapper + "/creationInfo/created", defects=defects)
    return SbomRecord(
        format="spdx",
        format_version=version,
        media_type=SPDX_JSON,
        components=[],
        edges=[],
        subjects=root.subjects.subjects(),
        names=root.subjects.names(),
        label_name=root.label_name,
        label_version=root.label_version,
        producer=producer.name,
        producer_version=producer.version,
        serial=storable(namespace[:1000]) if isinstance(namespace, str) else "",
        architecture=root.subjects.architecture,
        created_at=created_at,
        configs=root.subjects.configs(),
    )


def _tools(creators: object) -> list[Producer]:
    names = [name for name in creators if isinstance(name, str)] if isinstance(creators, list) else []
    return [parse_spdx_tool(name.partition(":")[2]) for name in names if name.startswith("Tool:")]


def _other_refs(members: Mapping[str, msgspec.Raw]) -> frozenset[str]:
    """Collect what may be related but is no package: files, snippets, the document, nothing."""
    refs = {DOCUMENT, "NONE", "NOASSERTION"}
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
