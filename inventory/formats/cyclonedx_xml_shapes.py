"""CycloneDX XML as a table: which elements become which members of the same document in JSON (versions 1.0 to 1.7)."""

from __future__ import annotations

import re
from typing import Final

from inventory.formats.conventions import MEANINGFUL
from inventory.formats.xml_shapes import TEXT, Child, Form, Shape, listing, record, reference

NAMESPACES: Final = re.compile(
    r"http://cyclonedx\.org/schema/(?:bom/\d\.\d{1,2}|ext/dependency-graph/1\.0|ext/bom-descriptor/1\.0)"
)
"""The extensions of 1.0 and 1.1 have the names that 1.2 took over."""

DOCUMENT: Final = 0
SUBJECT: Final = 1
"""Streams: components of the document, and those nested in metadata.component."""

PASSED_OVER: Final = frozenset(
    {"externalReferences", "properties", "annotations", "formulation", "declarations", "definitions", "citations"}
)
"""Elements of the format right below `bom` of which nothing is read."""

_HASHES: Final = listing(hash=Shape(Form.OBJECT, attributes={"alg": "alg"}, text_key="content"))
_PROPERTY: Final = {"name": "name"}
_PROPERTIES: Final = listing(property=Shape(Form.OBJECT, attributes=_PROPERTY, text_key="value"))
_MEANINGFUL: Final = listing(property=Shape(Form.OBJECT, attributes=_PROPERTY, text_key="value", only=MEANINGFUL))
"""Generators write a dozen for each component, of which a few say something here."""
_ATTRIBUTES: Final = {"type": "type", "bom-ref": "bom-ref", "isExternal": "isExternal"}
_RELATED: Final = Shape(Form.OBJECT, attributes=_ATTRIBUTES)
"""A component that another one is related to: of a pedigree, a tool."""
_RELATED_LIST: Final = listing(component=_RELATED)
_PEDIGREE: Final = record(
    ancestors=_RELATED_LIST,
    variants=_RELATED_LIST,
    patches=listing(patch=Shape(Form.OBJECT, attributes={"type": "type"})),
    commits=listing(commit=record(uid=TEXT, url=TEXT)),
)
_REFERENCES: Final = listing(
    reference=Shape(Form.OBJECT, attributes={"type": "type"}, only=frozenset({"vcs"})).holding(url=TEXT)
)
_PERSON: Final = record(name=TEXT, email=TEXT)
_COMPANY: Final = record(name=TEXT, contact=Child("contact", _PERSON, many=True))


def _component(shape: Shape, nested: Shape) -> Shape:
    return shape.holding(
        group=TEXT,
        name=TEXT,
        version=TEXT,
        scope=TEXT,
        hashes=_HASHES,
        cpe=TEXT,
        purl=TEXT,
        pedigree=_PEDIGREE,
        properties=_MEANINGFUL,
        externalReferences=_REFERENCES,
        publisher=TEXT,
        author=TEXT,
        authors=listing(author=_PERSON),
        supplier=_COMPANY,
        manufacturer=_COMPANY,
        evidence=record(identity=Child("identity", record(field=TEXT, confidence=TEXT), many=True)),
        components=nested,
    )


_PART: Final = Shape(Form.STREAMED, attributes=_ATTRIBUTES, stream=SUBJECT)
_PARTS: Final = listing(component=_PART)
_component(_PART, _PARTS)
_COMPONENT: Final = Shape(Form.STREAMED, attributes=_ATTRIBUTES, stream=DOCUMENT)
COMPONENTS: Final = listing(component=_COMPONENT)
_component(_COMPONENT, COMPONENTS)
_RELATED.holding(group=TEXT, name=TEXT, version=TEXT, purl=TEXT, hashes=_HASHES)

_SERVICE: Final = Shape(Form.OBJECT, attributes={"bom-ref": "bom-ref"})
_SERVICES: Final = listing(service=_SERVICE)
_SERVICE.holding(group=TEXT, name=TEXT, version=TEXT, services=_SERVICES)

_TOOLS: Final = record(
    tool=Child("tool", record(vendor=TEXT, name=TEXT, version=TEXT), many=True),
    components=_RELATED_LIST,
    services=_SERVICES,
)
_METADATA: Final = record(
    timestamp=TEXT,
    lifecycles=listing(lifecycle=record(phase=TEXT, name=TEXT)),
    tools=_TOOLS,
    component=_component(Shape(Form.OBJECT, attributes=_ATTRIBUTES), _PARTS).holding(properties=_PROPERTIES),
)
_DEPENDENCY: Final = Shape(Form.OBJECT, attributes={"ref": "ref"}).holding(
    dependency=Child("dependsOn", reference(), many=True)
)
_COMPOSITION: Final = record(
    aggregate=TEXT,
    assemblies=listing(assembly=reference()),
    dependencies=listing(dependency=reference()),
    vulnerabilities=listing(vulnerability=reference()),
)

_NAMED: Final = record(name=TEXT)
_METADATA.holding(supplier=_NAMED, manufacturer=_NAMED, manufacture=_NAMED, authors=listing(author=_NAMED))
_VULNERABILITY: Final = record(
    id=TEXT,
    references=listing(reference=record(id=TEXT)),
    recommendation=TEXT,
    workaround=TEXT,
    analysis=record(
        state=TEXT,
        justification=TEXT,
        responses=Child("response", listing(response=TEXT)),
        detail=TEXT,
        firstIssued=TEXT,
        lastUpdated=TEXT,
    ),
    affects=listing(target=record(ref=TEXT, versions=listing(version=record(version=TEXT, range=TEXT, status=TEXT)))),
)

BOM: Final = Shape(Form.OBJECT, attributes={"serialNumber": "serialNumber", "version": "version"}).holding(
    metadata=_METADATA,
    components=COMPONENTS,
    services=_SERVICES,
    dependencies=listing(dependency=_DEPENDENCY),
    compositions=listing(composition=_COMPOSITION),
    vulnerabilities=listing(vulnerability=_VULNERABILITY),
)
