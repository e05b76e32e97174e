"""The merged SBOM as CycloneDX 1.4 to 1.7, JSON and XML, written with the format's own library.

The library writes one component at a time here: as a whole document it compares every component with every other
(CycloneDX/cyclonedx-python-lib issue 1006), which takes minutes for some thousand. What is written leaves at once, so
that memory is the union and one component. The output is the same for the same evidence: sorted, with a serial number
made from the content and the time of the newest document.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5
from xml.etree import ElementTree as ET

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.schema.schema import SchemaVersion1Dot4, SchemaVersion1Dot5, SchemaVersion1Dot6, SchemaVersion1Dot7
from packageurl import PackageURL

from inventory.formats.conventions import CPE_PROPERTY, SCOPE_PROPERTY, SOURCE_PROPERTY, TYPE_PROPERTY
from inventory.formats.records import ArtifactKind, Scope
from inventory.graph.exports.cpes import cpe_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inventory.formats.records import Hash
    from inventory.graph.merged import Merged, MergedDocument, Part

DEFAULT_VERSION: Final = "1.6"
_VIEWS: Final[dict[str, Any]] = {
    "1.4": SchemaVersion1Dot4,
    "1.5": SchemaVersion1Dot5,
    "1.6": SchemaVersion1Dot6,
    "1.7": SchemaVersion1Dot7,
}
"""The versions written here; older ones have no place for a property of the document."""
VERSIONS: Final = tuple(_VIEWS)

_TYPES = {component_type.value: component_type for component_type in ComponentType}
_TYPES_SINCE: Final = {
    "1.5": {"platform", "device-driver", "machine-learning-model", "data"},
    "1.6": {"cryptographic-asset"},
}
_ALGORITHMS = {algorithm.value.lower().replace("sha-", "sha"): algorithm for algorithm in HashAlgorithm}
_SCOPES = {Scope.REQUIRED: ComponentScope.REQUIRED, Scope.OPTIONAL: ComponentScope.OPTIONAL}
"""CycloneDX knows no others: what is only built, tested or developed with is `excluded` from what runs."""
_UNWRITABLE = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "�")
"""Characters that XML 1.0 cannot hold in any form (section 2.2)."""


def json_media_type(version: str) -> str:
    return f"application/vnd.cyclonedx+json; version={version}"


def xml_media_type(version: str) -> str:
    return f"application/vnd.cyclonedx+xml; version={version}"


def write_json(merged: Merged, *, version: str = DEFAULT_VERSION) -> Iterator[bytes]:
    """Write the union as CycloneDX JSON, piece by piece. Linear: about 0.2 ms a component."""
    view = _VIEWS[version]
    head: dict[str, Any] = {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
    }
    head |= json.loads(_frame(merged, version=version).as_json(view_=view))  # type: ignore[attr-defined]
    yield json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}").encode()
    yield b',\n "components": ['
    for number, part in enumerate(_components(merged, version=version)):
        yield b",\n" if number else b"\n"
        yield json.dumps(json.loads(part.as_json(view_=view)), ensure_ascii=False).encode()  # type: ignore[attr-defined]
    yield b"\n ]"
    if merged.edges:
        yield b',\n "dependencies": ['
        for number, (source, targets) in enumerate(merged.edges.items()):
            stated = {"ref": source or merged.digest, "dependsOn": sorted(targets)}
            yield (b",\n" if number else b"\n") + json.dumps(stated, ensure_ascii=False).encode()
        yield b"\n ]"
    composition = {"aggregate": merged.completeness.value, "assemblies": [merged.digest]}
    yield b',\n "compositions": [' + json.dumps(composition).encode() + b"]\n}\n"


def write_xml(merged: Merged, *, version: str = DEFAULT_VERSION) -> Iterator[bytes]:
    """Write the union as CycloneDX XML, piece by piece. Linear: about 0.2 ms a component."""
    namespace, view = f"http://cyclonedx.org/schema/bom/{version}", _VIEWS[version]
    frame = _frame(merged, version=version).as_xml(view, as_string=False, xmlns=namespace)  # type: ignore[attr-defined]
    text = ET.tostring(frame, encoding="unicode", default_namespace=namespace)
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.removesuffix("</bom>").encode()
    yield b"\n<components>"
    for part in _components(merged, version=version):
        element = part.as_xml(view, as_string=False, element_name="component", xmlns=namespace)  # type: ignore[attr-defined]
        yield b"\n" + _inside(element, namespace=namespace)
    yield b"\n</components>"
    if merged.edges:
        yield b"\n<dependencies>"
        for source, targets in merged.edges.items():
            yield b"\n" + ET.tostring(_xml_dependency(source or merged.digest, targets))
        yield b"\n</dependencies>"
    yield b"\n" + ET.tostring(_xml_compositions(merged)) + b"\n</bom>\n"


class _VerbatimPurl(PackageURL):
    """A purl that the library writes as we keep it: normalising it once more would change letter case it must not."""

    text: str

    def to_string(self, encode: bool | None = True) -> str:  # noqa: ARG002, FBT001, FBT002  # the library's signature
        return self.text


def _frame(merged: Merged, *, version: str) -> Bom:
    """Return the document without components and dependencies."""
    read = f"{merged.read_count} of {len(merged.documents)}"
    full = f"{sum(document.is_complete for document in merged.documents)} of {len(merged.documents)}"
    properties = [
        *(Property(name="supplychain:evidence", value=str(evidence)) for evidence in merged.evidence),
        *(Property(name="supplychain:document", value=_told(document)) for document in merged.documents),
        Property(name="supplychain:documents_read_for_dependencies", value=read),
        Property(name="supplychain:documents_with_full_coverage", value=full),
    ]
    metadata = BomMetaData(
        timestamp=merged.newest_at,
        component=_subject(merged),
        tools=ToolRepository(components=[Component(name="supplychain", type=ComponentType.APPLICATION)]),
        properties=properties,
    )
    return Bom(metadata=metadata, serial_number=_serial(merged, version=version))


def _told(document: MergedDocument) -> str:
    """Tell one merged document: which it is, who wrote it, and how far it goes."""
    coverage = "full" if document.is_complete else "partial"
    producer = _writable(document.producer) or "unknown tool"
    return f"{document.evidence} {document.digest} {document.format} by {producer}, {coverage} coverage"


def _subject(merged: Merged) -> Component:
    """Return what the SBOM is about. The digest stands where syft puts it, and where readers look for it."""
    is_file = merged.kind is ArtifactKind.FILE
    algorithm, _, value = merged.digest.partition(":")
    return Component(
        name=_writable(merged.name),
        version=merged.digest,
        type=ComponentType.FILE if is_file else ComponentType.CONTAINER,
        bom_ref=BomRef(merged.digest),
        hashes=[HashType(alg=_ALGORITHMS[algorithm], content=value)],
    )


def _components(merged: Merged, *, version: str) -> Iterable[Component]:
    types = set(_TYPES).difference(*(names for since, names in _TYPES_SINCE.items() if version < since))
    return (_component(part, types=types) for part in merged.parts)


def _component(part: Part, *, types: set[str]) -> Component:
    component_type = _TYPES[part.type] if part.type in types else ComponentType.LIBRARY
    return Component(
        name=_writable(part.name),
        group=_writable(part.group) or None,
        version=_writable(part.version) or None,
        type=component_type,
        bom_ref=BomRef(_writable(part.identity)),
        purl=_purl(part.identity) if part.has_purl else None,
        scope=_SCOPES.get(part.scope, ComponentScope.EXCLUDED),
        hashes=_hashes(part.hashes),
        cpe=part.cpe if part.cpe and cpe_version(part.cpe) else None,
        properties=_properties(part, has_type=part.type in types),
    )


def _properties(part: Part, *, has_type: bool) -> list[Property]:
    """Say what CycloneDX has no word for; of a component without purl its type is a part of its identity."""
    told = {
        SCOPE_PROPERTY: None if part.scope in _SCOPES else part.scope.name.lower(),
        TYPE_PROPERTY: None if has_type or part.has_purl else _writable(part.type),
        SOURCE_PROPERTY: None if part.source_package is None else _writable(part.source_package),
        CPE_PROPERTY: _writable(part.cpe) if part.cpe and not cpe_version(part.cpe) else None,
    }
    return [Property(name=name, value=value) for name, value in told.items() if value is not None]


def _purl(text: str) -> PackageURL:
    purl = _VerbatimPurl("generic", None, "verbatim")
    purl.text = text
    return purl


def _hashes(hashes: Iterable[Hash]) -> list[HashType]:
    known = [item for item in hashes if item.algorithm in _ALGORITHMS]
    return [HashType(alg=_ALGORITHMS[item.algorithm], content=item.value) for item in known]


def _inside(element: ET.Element, *, namespace: str) -> bytes:
    """Write an element as it stands inside of one that declares the namespace."""
    text = ET.tostring(element, encoding="unicode", default_namespace=namespace)
    return text.replace(f' xmlns="{namespace}"', "", 1).encode()


def _xml_dependency(source: str, targets: Iterable[str]) -> ET.Element:
    stated = ET.Element("dependency", {"ref": _writable(source)})
    for target in sorted(targets):
        ET.SubElement(stated, "dependency", {"ref": _writable(target)})
    return stated


def _xml_compositions(merged: Merged) -> ET.Element:
    compositions = ET.Element("compositions")
    composition = ET.SubElement(compositions, "composition")
    ET.SubElement(composition, "aggregate").text = merged.completeness.value
    ET.SubElement(ET.SubElement(composition, "assemblies"), "assembly", {"ref": merged.digest})
    return compositions


def serial_of(merged: Merged, *, form: str) -> UUID:
    """Name the content: the same union of the same evidence has the same number in the same form."""
    parts = [
        [part.identity, part.scope, part.type, part.group, part.name, part.cpe, part.source_package,
         sorted(map(str, part.hashes))]
        for part in merged.parts
    ]  # fmt: skip
    edges = [[source, *sorted(targets)] for source, targets in merged.edges.items()]
    documents = [str(document) for document in merged.documents]
    content = [form, merged.digest, merged.kind, merged.name, documents, parts, edges]
    return uuid5(NAMESPACE_URL, hashlib.sha256(json.dumps(content).encode()).hexdigest())


def _serial(merged: Merged, *, version: str) -> UUID:
    """JSON and XML of one version hold the same and so have the same number; what a version cannot say is missing."""
    return serial_of(merged, form=f"cyclonedx {version}")


def _writable(text: str) -> str:
    return text.translate(_UNWRITABLE)
