"""Reads CycloneDX JSON (ECMA-424, versions 1.2 to 1.7, https://cyclonedx.org/specification/overview/).

`components` of the record are those of the document in document order, level by level; behind them, not counted, stand
those nested in metadata.component, which is the subject itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.cyclonedx_components import ComponentReader, Hear
from inventory.formats.cyclonedx_compositions import read_completeness
from inventory.formats.cyclonedx_metadata import Metadata, read_metadata
from inventory.formats.cyclonedx_related import Related
from inventory.formats.cyclonedx_vex import read_vex
from inventory.formats.defects import Defects
from inventory.formats.edges import EdgeReader
from inventory.formats.known_components import Listed, memory_of
from inventory.formats.limits import Limits
from inventory.formats.recognise.sboms import CYCLONEDX_JSON
from inventory.formats.records import ROOT, FormatError, SbomRecord
from inventory.formats.repeated_names import note_repeated_below, note_repeated_in
from inventory.formats.text import Utf8

VERSIONS: Final = frozenset({"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"})

_XML_ALONE: Final = ("1.0", "1.1")

_TOP_LEVEL: Final = frozenset(
    {"$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "services",
     "externalReferences", "dependencies", "compositions", "vulnerabilities", "annotations", "formulation",
     "declarations", "definitions", "citations", "properties", "signature"}
)  # fmt: skip
_DEPENDENCY: Final = (b'"ref"', b'"dependsOn"')
_ANALYSIS: Final = b'"analysis"'
_SERIAL: Final = re.compile(r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_cyclonedx(
    text: Utf8,
    members: Mapping[str, msgspec.Raw],
    *,
    limits: Limits,
    listed: Listed | None = None,
    hear: Hear | None = None,
) -> SbomRecord:
    """Read a document whose top-level members are known; `listed` are its components, if they were split before.

    `hear` is told of components while others are still read, where they are many.

    One bad component is rejected and counted. Raises FormatError for the document: `unsupported_version`,
    `wrong_shape`, `too_many_components`, `too_many_edges`, `too_deep`, and the codes of broken JSON.
    """
    defects = Defects()
    version = _version(members)
    _note_oddities(text, members, defects=defects)
    _note_repeated(members, limits=limits, defects=defects)
    metadata = read_metadata(_decode(members, "metadata"), defects=defects, limits=limits)
    reader = ComponentReader(
        limits=limits,
        defects=defects,
        look_at_strings=json_parts.has_dubious_escapes(text),
        memory=memory_of(version, limits),
        hear=hear,
    )
    if "components" in members:
        reader.read_array(members["components"], pointer="/components", parent=None, depth=2, listed=listed)
    rejected_count, counted = reader.rejected_count, len(reader.records)
    _read_subject_parts(members, reader)
    part_count = len(reader.records) - counted
    services = _decode(members, "services")
    related = Related(reader.records, limits=limits, defects=defects, place=str)
    related.add_services(services)
    for one in reader.pedigrees:
        related.add_ancestors(one.value, of=one.index, pointer=one.pointer)
    edges = EdgeReader(
        [record.ref for record in reader.records],
        root_refs=frozenset(filter(None, [metadata.root_ref])),
        other_refs=service_refs(services),
        limits=limits,
        defects=defects,
    )
    edges.read_dependencies(members.get("dependencies"))
    record = _record(members, metadata, version=version, defects=defects)
    record.components, record.metadata_component_count = reader.records, part_count
    record.service_count, record.ancestor_count = related.service_count, related.ancestor_count
    record.rejected_count, record.memberships = rejected_count, tuple(dict.fromkeys(reader.memberships))
    record.edges, record.has_edges, record.dependency_count = edges.edges, edges.has_root, edges.count
    record.vex = read_vex(
        _analysed(members.get("vulnerabilities")), metadata=metadata, record=record, defects=defects, limits=limits
    )
    if not counted and not rejected_count and record.vex is None:
        defects.add("empty_sbom", "/components", "The document lists no component: it covers nothing.")
    note_plan(record, defects=defects)
    record.warnings = defects.warnings()
    return record


def note_plan(record: SbomRecord, *, defects: Defects) -> None:
    """Warn where what the document lists is a plan."""
    if record.is_plan:
        message = "It was written at design time: what it lists counts as present nowhere."
        defects.add("design_only", "/metadata/lifecycles", message)


def _analysed(raw: msgspec.Raw | None) -> object:
    """Decode `vulnerabilities` where one may have an analysis: a scanner's findings are no statements, and many."""
    return (
        None if raw is None or _ANALYSIS not in bytes(raw) else json_parts.decode_value(raw, pointer="/vulnerabilities")
    )


def _version(members: Mapping[str, msgspec.Raw]) -> str:
    version = _decode(members, "specVersion")
    if not isinstance(version, str) or version not in VERSIONS:
        message = f"specVersion {str(version)[:40]!r} is not read; known are {', '.join(sorted(VERSIONS))}."
        if version in _XML_ALONE:
            message = f"There is no CycloneDX {version} in JSON, only in XML; known are {', '.join(sorted(VERSIONS))}."
        raise FormatError("unsupported_version", message, pointer="/specVersion")
    return version


def _note_oddities(text: Utf8, members: Mapping[str, msgspec.Raw], *, defects: Defects) -> None:
    if text.bom_stripped:
        defects.add("bom_stripped", "", "The document begins with a byte order mark, which was skipped.")
    if "bomFormat" not in members:
        defects.add("bom_format_missing", "/bomFormat", "bomFormat is missing; taken for CycloneDX by its specVersion.")
    for name in members.keys() - _TOP_LEVEL:
        if not name.startswith("x-"):
            defects.add("unknown_field", "/" + name[:100], "This top-level field is not of the format.")


def _note_repeated(members: Mapping[str, msgspec.Raw], *, limits: Limits, defects: Defects) -> None:
    """Warn of names that stand twice beside the components; in `metadata` they refuse the document."""
    note_repeated_in(members.get("dependencies"), _DEPENDENCY, pointer="/dependencies", defects=defects)
    for name in ("services", "compositions"):
        note_repeated_below(members.get(name), pointer="/" + name, limits=limits, defects=defects)
    statements = members.get("vulnerabilities")
    if statements is not None and _ANALYSIS in bytes(statements):
        note_repeated_below(statements, pointer="/vulnerabilities", limits=limits, defects=defects)


def _read_subject_parts(members: Mapping[str, msgspec.Raw], reader: ComponentReader) -> None:
    """Read the components nested in metadata.component behind the others: found in a search, but not counted."""
    raw: msgspec.Raw | None = members.get("metadata")
    pointer = ""
    for step in ("metadata", "component", "components"):
        if step != "metadata":
            raw = json_parts.object_members(raw, pointer=pointer).get(step) if raw is not None else None
        pointer += "/" + step
        if raw is None or json_parts.first_byte(raw) != ("[" if step == "components" else "{"):
            return
    if raw is not None:
        reader.read_array(raw, pointer=pointer, parent=ROOT, depth=4)


def service_refs(services: object) -> frozenset[str]:
    """Collect the refs of services: no components here, but no dangling targets either."""
    refs, pending = set(), list(services) if isinstance(services, list) else []
    for service in pending:
        if isinstance(service, dict):
            refs.add(str(service.get("bom-ref", "")))
            nested = service.get("services")
            pending.extend(nested if isinstance(nested, list) else ())
    return frozenset(refs)


def _record(members: Mapping[str, msgspec.Raw], metadata: Metadata, *, version: str, defects: Defects) -> SbomRecord:
    compositions = _decode(members, "compositions")
    return SbomRecord(
        format="cyclonedx",
        format_version=version,
        media_type=CYCLONEDX_JSON,
        components=[],
        edges=[],
        subjects=metadata.subjects.subjects(),
        names=metadata.subjects.names(),
        label_name=metadata.label_name,
        label_version=metadata.label_version,
        producer=metadata.producer.name,
        producer_version=metadata.producer.version,
        serial=_serial(members),
        architecture=metadata.architecture,
        created_at=metadata.created_at,
        lifecycles=metadata.lifecycles,
        completeness=read_completeness(compositions, root_ref=metadata.root_ref, defects=defects),
        configs=metadata.subjects.configs(),
    )


def _serial(members: Mapping[str, msgspec.Raw]) -> str:
    """Join serialNumber and version (`urn:uuid:…/1`); '' where the number is no UUID URN."""
    return serial_of(_decode(members, "serialNumber"), _decode(members, "version"))


def serial_of(serial: object, version: object) -> str:
    """Join a document's number and version; '' where the number is no UUID URN."""
    if not isinstance(serial, str) or not _SERIAL.fullmatch(serial):
        return ""
    return f"{serial.lower()}/{version}" if type(version) is int and version < 10**9 else serial.lower()


def _decode(members: Mapping[str, msgspec.Raw], name: str) -> Any:
    return json_parts.decode_value(members.get(name), pointer="/" + name)
