"""Reads SPDX 3.0 JSON-LD (https://spdx.github.io/spdx-spec/v3.0.1/) by the names of its published context.

A plain walk over `@graph`: nothing of JSON-LD is processed and no context fetched. What is found is put together as
SPDX 2 is, in the names of its JSON form: packages of every profile are components, relationships become theirs.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from inventory.formats import json_parts, strict_json
from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.recognise.sboms import SPDX_JSON
from inventory.formats.records import Completeness, FormatError, SbomRecord, storable
from inventory.formats.repeated_names import note_repeated
from inventory.formats.spdx2_assembly import Parts, assemble
from inventory.formats.spdx2_packages import PackageReader
from inventory.formats.spdx2_relations import Relation
from inventory.formats.spdx3_builds import Builds
from inventory.formats.spdx3_elements import GraphElement, checksums_of, references_of, text_or_none, texts_of
from inventory.formats.spdx3_makers import Makers
from inventory.formats.spdx3_relations import relations_of
from inventory.formats.spdx3_vex import Assessments, is_assessment
from inventory.formats.text import Utf8

_ELEMENT: Final = msgspec.json.Decoder(GraphElement)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_PACKAGES: Final = frozenset({"Package", "AIPackage", "DatasetPackage"})
_RELATIONSHIPS: Final = frozenset({"Relationship", "LifecycleScopedRelationship"})
_AGENTS: Final = frozenset({"Agent", "Organization", "Person", "SoftwareAgent"})
_HOLDERS: Final = frozenset({"SpdxDocument", "Sbom", "Bom", "Bundle"})
_CONTEXT_VERSION: Final = re.compile(rb"spdx\.org/rdf/(3\.[0-9.]+)/")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Graph:
    """What was found in one graph; places are JSON pointers into it."""

    def __init__(self, text: Utf8, items: list[msgspec.Raw], *, limits: Limits) -> None:
        self.defects = Defects(locate=self.locate)
        self.relations: list[Relation] = []
        self.passed_over_count = 0
        self.others: set[str] = set()
        self.roots: dict[str, list[str]] = {}
        self.document = ""
        self.creation: GraphElement | None = None
        self.completeness: dict[str, set[str]] = {}
        self.tools: dict[str, str] = {}
        self.agents: dict[str, str] = {}
        self.assessments = Assessments()
        self.builds = Builds()
        self.makers = Makers()
        self.files: list[dict[str, Any]] = []
        self._items = items
        self._limits = limits
        self._look_at_strings = json_parts.has_dubious_escapes(text)
        self.packages = PackageReader(limits=limits, defects=self.defects, look_at_strings=False)
        self._numbers: dict[str, array[int]] = {
            "packages": array("I"),
            "relationships": array("I"),
            "files": array("I"),
        }
        self._places = {"creationInfo": 0, "documentDescribes": 0}
        self._sources: list[str] = []

    def read(self) -> None:
        """Read every element once. Raises FormatError `too_many_components`, `too_many_edges`."""
        for number, item in enumerate(self._items):
            try:
                element = _ELEMENT.decode(item)
            except _UNREADABLE as error:
                problem = json_parts.decode_error(error, item, pointer=f"/@graph/{number}")
                is_package = json_parts.first_byte(item) == "{" and b"Package" in bytes(item)
                self._refuse(problem.code, problem.pointer, problem.message, number=number, is_package=is_package)
                continue
            note_repeated(item, pointer=f"/@graph/{number}", defects=self.defects)
            self._take(element, local_type(element.type or element.at_type), item, number)

    def _refuse(self, code: str, pointer: str, message: str, *, number: int, is_package: bool) -> None:
        if is_package:
            self.packages.reject(code, pointer, message)
            self._numbers["packages"].append(number)
        else:
            self.defects.add(code, pointer, f"Element not read: {message}")

    def _take(self, element: GraphElement, kind: str, item: msgspec.Raw, number: int) -> None:
        ref = text_or_none(element.spdx_id) or text_or_none(element.at_id) or ""
        if kind in _PACKAGES:
            self._package(element, ref, item, number)
        elif kind in _RELATIONSHIPS:
            self._relationship(element, number)
        elif is_assessment(kind):
            self.passed_over_count += self.assessments.take(element, kind, number)
        else:
            self.others.add(ref)
            self._other(element, kind, ref, number)

    def _package(self, element: GraphElement, ref: str, item: msgspec.Raw, number: int) -> None:
        if self._look_at_strings or len(item) > self._limits.string_bytes:
            defect = strict_json.bad_string(json_parts.decode_value(item), limits=self._limits)
            if defect is not None:
                place = f"/@graph/{number}{defect.pointer}"
                self.packages.reject(defect.code, place, "it holds a string that cannot be stored.")
                self._numbers["packages"].append(number)
                return
        self._numbers["packages"].append(number)
        references = references_of(element)
        self._sources = [one.place for one in references]
        purpose = element.purpose
        value = {
            "SPDXID": ref or None,
            "name": element.name,
            "versionInfo": element.version,
            "primaryPackagePurpose": _CAMEL.sub("-", purpose) if isinstance(purpose, str) else purpose,
            "sourceInfo": element.source_info,
            "externalRefs": [{"referenceType": one.kind, "referenceLocator": one.locator} for one in references]
            or None,
            "checksums": checksums_of(element) or None,
        }
        known = len(self.packages.records)
        self.packages.take(value, is_long=False)
        if len(self.packages.records) > known:
            self.makers.note_package(element, self.packages.records[-1])

    def _relationship(self, element: GraphElement, number: int) -> None:
        pointer = f"/relationships/{len(self._numbers['relationships'])}"
        self._numbers["relationships"].append(number)
        if self.builds.take(element, pointer=pointer):
            return
        found = relations_of(element, pointer=pointer, defects=self.defects)
        self.relations.extend(found.relations)
        self.passed_over_count += found.passed_over_count
        if len(self.relations) > self._limits.edges:
            raise FormatError("too_many_edges", f"The document states more than {self._limits.edges} relationships.")
        if found.described:
            self.roots.setdefault(found.source, []).extend(found.described)
        if found.completeness:
            self.completeness.setdefault(found.source, set()).add(found.completeness)

    def _other(self, element: GraphElement, kind: str, ref: str, number: int) -> None:
        if kind in _HOLDERS:
            self.roots.setdefault(ref, []).extend(texts_of(element.roots))
            self.others.update(external_ids(element))
            if kind == "SpdxDocument" and not self.document:
                self.document = ref
                self._places["documentDescribes"] = number
        elif kind == "CreationInfo" and self.creation is None:
            self.creation = element
            self._places["creationInfo"] = number
        elif kind == "Tool" and isinstance(element.name, str):
            self.tools[ref] = element.name
        elif kind in _AGENTS and isinstance(element.name, str):
            self.agents[ref] = element.name
            self.makers.note_agent(element, ref)
        elif kind == "Build":
            self.builds.note(element, ref)
        elif kind == "Vulnerability":
            self.assessments.note_vulnerability(element, ref)
        elif kind == "File":
            self._numbers["files"].append(number)
            self.files.append({"SPDXID": ref, "fileName": element.name, "checksums": checksums_of(element)})

    def described(self) -> list[str]:
        """Follow the root elements of the document through the collections they name to what they are about."""
        found: dict[str, None] = {}
        pending, seen = [self.document] if self.document in self.roots else list(self.roots), set()
        while pending:
            holder = pending.pop(0)
            if holder in seen:
                continue
            seen.add(holder)
            for ref in self.roots.get(holder, ()):
                if ref in self.roots and ref not in seen:
                    pending.append(ref)
                else:
                    found[ref] = None
        return list(found)

    def locate(self, pointer: str) -> str:
        """Return the pointer into the graph for one in the names of SPDX 2's JSON form."""
        section, *steps = pointer.split("/")[1:] or [""]
        if section in self._places:
            name = "rootElement" if section == "documentDescribes" else "/".join(steps)
            return f"/@graph/{self._places[section]}/{name}"
        numbers = self._numbers.get(section)
        if numbers is None or not steps or int(steps[0]) >= len(numbers):
            return "/@graph" if section == "packages" else pointer
        index, *inner = steps
        return f"/@graph/{numbers[int(index)]}" + self._inner(inner)

    def _inner(self, steps: list[str]) -> str:
        match steps:
            case ["externalRefs", number, *_] if int(number) < len(self._sources):
                return "/" + self._sources[int(number)]
            case [name, *rest]:
                return "/".join(["", _NAMES.get(name, name), *rest])
        return ""


_NAMES: Final = {
    "SPDXID": "spdxId", "versionInfo": "software_packageVersion", "checksums": "verifiedUsing",
    "primaryPackagePurpose": "software_primaryPurpose", "sourceInfo": "software_sourceInfo",
    "externalRefs": "externalIdentifier",
}  # fmt: skip


def read_spdx3(text: Utf8, members: Mapping[str, msgspec.Raw], *, limits: Limits) -> SbomRecord:
    """Read a document whose top-level members are known.

    One bad package is rejected and counted. Raises FormatError for the document: `unsupported_version`, `wrong_shape`,
    `too_many_components`, `too_many_edges`, and the codes of broken JSON.
    """
    graph = Graph(text, json_parts.array_items(members["@graph"], pointer="/@graph"), limits=limits)
    if text.bom_stripped:
        graph.defects.add("bom_stripped", "", "The document begins with a byte order mark, which was skipped.")
    for name in members.keys() - {"@context", "@graph"}:
        graph.defects.add("unknown_field", f"/{name[:100]}", "This top-level field is not of the format.")
    try:
        graph.read()
        version = _version(graph, members)
        record = _assembled(graph, version, limits=limits)
    except FormatError as error:
        raise FormatError(error.code, error.message, pointer=graph.locate(error.pointer)) from error
    return record


def _assembled(graph: Graph, version: str, *, limits: Limits) -> SbomRecord:
    creation = graph.creation or GraphElement()
    used = [graph.tools.get(ref, "") for ref in texts_of(creation.created_using)]
    described = graph.described()
    graph.relations.extend(graph.builds.relations(most=limits.edges))
    parts = Parts(
        version=version,
        head={
            "creationInfo": {"created": creation.created, "creators": [f"Tool: {name}" for name in used if name]},
            "documentNamespace": graph.document,
            "documentDescribes": described,
        },
        packages=graph.packages,
        relations=graph.relations,
        other_refs=frozenset(graph.others),
        files=lambda: graph.files,
        media_type=SPDX_JSON,
        passed_over_count=graph.passed_over_count,
    )
    record = assemble(parts, limits=limits, defects=graph.defects)
    graph.makers.tell()
    issuer = next((graph.agents[ref] for ref in texts_of(creation.created_by) if ref in graph.agents), "")
    record.vex = graph.assessments.read(record, issuer=storable(issuer), limits=limits, defects=graph.defects)
    record.claims = graph.builds.claims(record.components)
    record.warnings = graph.defects.warnings()
    stated = {value for ref in described for value in graph.completeness.get(ref, ())}
    if "incomplete" in stated:
        record.completeness = Completeness.INCOMPLETE
    elif stated == {"complete"}:
        record.completeness = Completeness.COMPLETE
    return record


def _version(graph: Graph, members: Mapping[str, msgspec.Raw]) -> str:
    stated = text_or_none(graph.creation.spec_version) if graph.creation is not None else None
    context = _CONTEXT_VERSION.search(bytes(members["@context"]))
    version = stated or (context[1].decode() if context else "")
    if not version.startswith("3.0"):
        message = f"specVersion {version[:40]!r} is not read; known is 3.0."
        raise FormatError("unsupported_version", message, pointer="/creationInfo/specVersion")
    return version[:20]


def external_ids(element: GraphElement) -> list[str]:
    """List the elements of other documents that a collection names."""
    maps = element.imports if isinstance(element.imports, list) else []
    found = [one.get("externalSpdxId") for one in maps if isinstance(one, dict)]
    return [one for one in found if isinstance(one, str)]


@lru_cache(maxsize=1_000)
def _local(kind: str) -> str:
    return re.split(r"[_:/#]", kind)[-1]


def local_type(kind: object) -> str:
    """Return a type without its profile: `software_Package`, `software:Package`, an address that ends so."""
    return _local(kind) if isinstance(kind, str) and len(kind) < 200 else ""
