"""Reads CycloneDX XML (ECMA-424, versions 1.0 to 1.7) into the same record, with the same meaning, as the JSON.

Components are read as they stream by; all else of the document is small and becomes what JSON would say. Components of
the record stand in document order, each before those nested in it; parts of metadata.component come last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from inventory.formats import cyclonedx_xml_shapes as shapes
from inventory.formats.cyclonedx import note_plan, serial_of, service_refs
from inventory.formats.cyclonedx_components import ComponentReader, Pedigree
from inventory.formats.cyclonedx_compositions import read_completeness
from inventory.formats.cyclonedx_evidence import is_unsure
from inventory.formats.cyclonedx_metadata import read_metadata
from inventory.formats.cyclonedx_parts import ComponentPart, HashPart, PropertyPart
from inventory.formats.cyclonedx_related import Related
from inventory.formats.cyclonedx_variants import variants_of
from inventory.formats.cyclonedx_vex import read_vex
from inventory.formats.cyclonedx_xml_items import ListedComponents
from inventory.formats.defects import Defects
from inventory.formats.edges import EdgeReader
from inventory.formats.known_components import Memory
from inventory.formats.limits import Limits
from inventory.formats.maker_claims import of_value
from inventory.formats.recognise.markup import CYCLONEDX_XML
from inventory.formats.records import ROOT, ComponentRecord, FormatError, MembershipRecord, SbomRecord
from inventory.formats.source_claims import SourceClaim, claims_of, of_pedigree
from inventory.formats.text import Utf8
from inventory.formats.xml_items import is_splittable
from inventory.formats.xml_places import xpath
from inventory.formats.xml_stream import XmlStream

VERSIONS: Final = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"})
_MAKERS: Final = ("publisher", "author", "authors", "supplier", "manufacturer")
_TRUE: Final = frozenset({"true", "1"})


def read_cyclonedx_xml(text: Utf8, *, version: str, limits: Limits) -> SbomRecord:
    """Read a document whose namespace names this version.

    Raises FormatError for the document: `unsupported_version`, `bad_xml`, `dtd_forbidden`, `duplicate_key`,
    `too_deep`, `too_many_components`, `too_many_edges`, `too_many_values`.
    """
    if version not in VERSIONS:
        message = f"CycloneDX {version[:40]!r} is not read; known are {', '.join(sorted(VERSIONS))}."
        raise FormatError("unsupported_version", message, pointer="/bom")
    defects = Defects(locate=xpath)
    if text.bom_stripped:
        defects.add("bom_stripped", "", "The document begins with a byte order mark, which was skipped.")
    components = _Components(limits=limits, defects=defects)
    stream = XmlStream(shapes.BOM, namespaces=shapes.NAMESPACES, limits=limits, listener=components)
    items = ListedComponents(stream, limits=limits) if is_splittable(text.data) else None
    document = stream.read(text, items=items)
    return _record(document, components, version=version, limits=limits, defects=defects)


def _record(
    document: Mapping[str, Any], components: _Components, *, version: str, limits: Limits, defects: Defects
) -> SbomRecord:
    metadata = read_metadata(_metadata(document), defects=defects, limits=limits)
    records, part_count = components.records()
    counted = len(records) - part_count
    related = Related(records, limits=limits, defects=defects, place=xpath)
    related.add_services(document.get("services"))
    for pedigree in components.pedigrees(records):
        related.add_ancestors(pedigree.value, of=pedigree.index, pointer=pedigree.pointer)
    edges = EdgeReader(
        [record.ref for record in records],
        root_refs=frozenset(filter(None, [metadata.root_ref])),
        other_refs=service_refs(document.get("services")),
        limits=limits,
        defects=defects,
    )
    for index, entry in enumerate(document.get("dependencies", ())):
        targets = [target for target in entry.get("dependsOn", ()) if target is not None]
        edges.read_dependency(entry.get("ref"), targets, index=index)
    rejected_count = components.rejected_count
    record = SbomRecord(
        format="cyclonedx",
        format_version=version,
        media_type=CYCLONEDX_XML,
        components=records,
        edges=edges.edges,
        subjects=metadata.subjects.subjects(),
        names=metadata.subjects.names(),
        label_name=metadata.label_name,
        label_version=metadata.label_version,
        producer=metadata.producer.name,
        producer_version=metadata.producer.version,
        serial=_serial(document),
        architecture=metadata.architecture,
        created_at=metadata.created_at,
        lifecycles=metadata.lifecycles,
        completeness=read_completeness(document.get("compositions"), root_ref=metadata.root_ref, defects=defects),
        has_edges=edges.has_root,
        rejected_count=rejected_count,
        metadata_component_count=part_count,
        service_count=related.service_count,
        ancestor_count=related.ancestor_count,
        dependency_count=edges.count,
        memberships=components.memberships,
        configs=metadata.subjects.configs(),
    )
    stated = document.get("vulnerabilities")
    record.vex = read_vex(stated, metadata=metadata, record=record, defects=defects, limits=limits)
    if not counted and not rejected_count and record.vex is None:
        defects.add("empty_sbom", "/components", "The document lists no component: it covers nothing.")
    note_plan(record, defects=defects)
    record.warnings = defects.warnings()
    return record


def _metadata(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return `metadata` as JSON has it: tools were a list until 1.4."""
    found: dict[str, Any] | None = document.get("metadata")
    tools = found.get("tools") if found is not None else None
    if found is not None and tools is not None and "tool" in tools:
        found["tools"] = tools["tool"]
    return found


def _serial(document: Mapping[str, Any]) -> str:
    version = document.get("version", "")
    is_number = version.isascii() and version.isdecimal() and len(version) < 10
    return serial_of(document.get("serialNumber"), int(version) if is_number else None)


@dataclass(slots=True)
class _Open:
    """A component whose end is still to come. `place` counts all that began before it, `children` those within."""

    place: int
    pointer: str
    parent: int | None
    children: int = 0


class _Components:
    """Takes the components of one document as they stream by (a Listener of XmlStream)."""

    def __init__(self, *, limits: Limits, defects: Defects) -> None:
        self._limits = limits
        self._defects = defects
        self._readers = [
            ComponentReader(limits=limits, defects=defects, look_at_strings=False, memory=Memory()) for _ in range(2)
        ]
        self._tops = [_Open(-1, "/bom", None), _Open(-1, "/bom/metadata/component", ROOT)]
        self._open: list[_Open] = []
        self._found: list[list[ComponentRecord | None]] = [[], []]
        self._parents: list[list[int | None]] = [[], []]
        self._pedigrees: list[tuple[ComponentRecord, dict[str, Any]]] = []

    def opened(self, stream: int) -> None:
        """Give a component its place before those nested in it get theirs."""
        parents = self._parents[stream]
        if len(self._parents[0]) + len(self._parents[1]) >= self._limits.components:
            message = f"The document has more than {self._limits.components} components."
            raise FormatError("too_many_components", message, pointer=self._place())
        over = self._open[-1] if self._open else self._tops[stream]
        over.children += 1
        place = len(parents)
        pointer = f"{over.pointer}/components/component[{over.children}]"
        self._open.append(_Open(place, pointer, over.place if self._open else over.parent))
        parents.append(self._open[-1].parent)
        self._found[stream].append(None)

    def closed(self, stream: int, value: dict[str, Any], *, is_dubious: bool) -> None:
        """Read a component; one that cannot be read keeps its place empty until all are known."""
        component, reader = self._open.pop(), self._readers[stream]
        record = reader.read_part(
            _part(value), dubious=value if is_dubious else None, pointer=component.pointer, parent=component.parent
        )
        if record is None:
            return
        self._found[stream][component.place] = record
        record.sources = _sources(value)
        record.is_unsure = is_unsure(value.get("evidence"))
        pedigree = value.get("pedigree")
        if pedigree is not None:
            self._pedigrees.append((record, pedigree))
            if record.purl is not None and record.purl.type == "oci":
                reader.memberships += variants_of(record.purl, pedigree)

    def repeated(self, name: str) -> None:
        """Warn of a repeated element of a component; one of the whole document could hide the other, so refuse it."""
        if not self._open:
            raise FormatError("duplicate_key", f"{name[:100]} occurs twice.", pointer=f"/bom/{name[:100]}")
        self._defects.add("duplicate_key", f"{self._place()}/{name}", f"{name} occurs twice; the first one counts.")

    def unknown(self, name: str) -> None:
        """Warn of an element that the format does not have below its root."""
        if name not in shapes.PASSED_OVER:
            self._defects.add("unknown_field", f"/bom/{name[:100]}", "This element below bom is not of the format.")

    def records(self) -> tuple[list[ComponentRecord], int]:
        """List the records, the subject's parts last, and count those; what rejected ones held moves up to theirs."""
        records: list[ComponentRecord] = []
        for stream in (shapes.DOCUMENT, shapes.SUBJECT):
            self._settle(stream, records)
        return records, sum(record is not None for record in self._found[shapes.SUBJECT])

    def _settle(self, stream: int, records: list[ComponentRecord]) -> None:
        """Append the records of a stream. Each parent stands before its children, so one pass settles all."""
        indexes: list[int | None] = []
        for record, parent in zip(self._found[stream], self._parents[stream], strict=True):
            holder = indexes[parent] if parent is not None and parent != ROOT else parent
            if record is None:
                indexes.append(holder)
                continue
            record.parent = holder
            indexes.append(len(records))
            records.append(record)

    def pedigrees(self, records: Sequence[ComponentRecord]) -> list[Pedigree]:
        """List what components were made from, by their places among all records."""
        places = {id(record): index for index, record in enumerate(records)} if self._pedigrees else {}
        return [Pedigree(places[id(record)], value, record.pointer) for record, value in self._pedigrees]

    @property
    def rejected_count(self) -> int:
        """Components of the document that could not be read."""
        return self._readers[shapes.DOCUMENT].rejected_count

    @property
    def memberships(self) -> tuple[MembershipRecord, ...]:
        """Return which images an index lists, each once."""
        return tuple(dict.fromkeys(found for reader in self._readers for found in reader.memberships))

    def _place(self) -> str:
        return self._open[-1].pointer if self._open else "/bom"


def _sources(value: Mapping[str, Any]) -> tuple[SourceClaim, ...]:
    """Return what is claimed of where it comes from and of who made it, in the order of the JSON's reader."""
    references, pedigree = value.get("externalReferences"), value.get("pedigree")
    found = claims_of(url for one in references if (url := one.get("url"))) if references else ()
    for name in _MAKERS:
        if (made_by := value.get(name)) is not None:
            found = (*found, *of_value(made_by))
    return found if pedigree is None else (*found, *of_pedigree(pedigree))


def _part(value: Mapping[str, Any]) -> ComponentPart:
    get = value.get
    part = ComponentPart(
        get("name"), get("version"), get("group"), get("type"), get("purl"), get("bom-ref"), get("cpe"), get("scope")
    )
    external = get("isExternal")
    if external is not None:
        part.is_external = external.strip() in _TRUE
    hashes, properties = get("hashes"), get("properties")
    if hashes:
        part.hashes = [HashPart(item.get("alg"), item.get("content")) for item in hashes]
    if properties:
        part.properties = [PropertyPart(item.get("name"), item.get("value")) for item in properties]
    return part
