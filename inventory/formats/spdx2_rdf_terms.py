"""The RDF vocabulary of SPDX 2.2 and 2.3 (http://spdx.org/rdf/terms), and what each term is called in the JSON form."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SPDX: Final = "http://spdx.org/rdf/terms#"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
NOTHING: Final = {SPDX + "noassertion": "NOASSERTION", SPDX + "none": "NONE"}
_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Shape(enum.Enum):
    """What the value of a property is."""

    TEXT = enum.auto()
    TEXTS = enum.auto()
    FLAG = enum.auto()
    WORD = enum.auto()
    """One of a list of words: `terms#checksumAlgorithm_sha256`."""
    NODE = enum.auto()
    NODES = enum.auto()
    ELEMENT = enum.auto()
    """Another element of the document, by its address."""
    ELEMENTS = enum.auto()
    RELATIONS = enum.auto()


class Term(NamedTuple):
    """A property: its member in the JSON form and its shape."""

    name: str
    shape: Shape


Terms = Mapping[str, Term]


def _terms(**named: tuple[str, Shape]) -> dict[str, Term]:
    comment = {_RDFS + "comment": Term("comment", Shape.TEXT)}
    return {SPDX + name: Term(*term) for name, term in named.items()} | comment


CHECKSUM: Final = _terms(algorithm=("algorithm", Shape.WORD), checksumValue=("checksumValue", Shape.TEXT))
REFERENCE: Final = _terms(
    referenceCategory=("referenceCategory", Shape.WORD),
    referenceType=("referenceType", Shape.TEXT),
    referenceLocator=("referenceLocator", Shape.TEXT),
)
RELATION: Final = _terms(
    relationshipType=("relationshipType", Shape.WORD), relatedSpdxElement=("relatedSpdxElement", Shape.ELEMENT)
)
_ANNOTATION: Final = _terms(annotator=("annotator", Shape.TEXT), annotationDate=("annotationDate", Shape.TEXT))
_CREATION: Final = _terms(
    created=("created", Shape.TEXT),
    creator=("creators", Shape.TEXTS),
    licenseListVersion=("licenseListVersion", Shape.TEXT),
)
_SHARED: Final = {
    "checksum": ("checksums", Shape.NODES),
    "relationship": ("", Shape.RELATIONS),
    "annotation": ("annotations", Shape.NODES),
    "attributionText": ("attributionTexts", Shape.TEXTS),
}
PACKAGE: Final = _terms(
    name=("name", Shape.TEXT),
    versionInfo=("versionInfo", Shape.TEXT),
    downloadLocation=("downloadLocation", Shape.TEXT),
    filesAnalyzed=("filesAnalyzed", Shape.FLAG),
    externalRef=("externalRefs", Shape.NODES),
    primaryPackagePurpose=("primaryPackagePurpose", Shape.WORD),
    sourceInfo=("sourceInfo", Shape.TEXT),
    **_SHARED,
)
_FILE: Final = _terms(fileName=("fileName", Shape.TEXT), **_SHARED)
DOCUMENT: Final = _terms(
    specVersion=("spdxVersion", Shape.TEXT),
    dataLicense=("dataLicense", Shape.TEXT),
    name=("name", Shape.TEXT),
    creationInfo=("creationInfo", Shape.NODE),
    describesPackage=("documentDescribes", Shape.ELEMENTS),
    relationship=("", Shape.RELATIONS),
)
_SHAPE_ALONE: Final = frozenset({"downloadLocation", "filesAnalyzed", "referenceCategory", "annotationDate"})
"""Members that the shape wants and a record has no place for."""
TYPES: Final[Mapping[str, Terms]] = {
    SPDX + "SpdxDocument": DOCUMENT,
    SPDX + "Package": PACKAGE,
    SPDX + "File": _FILE,
    SPDX + "Snippet": _FILE,
    SPDX + "Checksum": CHECKSUM,
    SPDX + "ExternalRef": REFERENCE,
    SPDX + "Relationship": RELATION,
    SPDX + "Annotation": _ANNOTATION,
    SPDX + "CreationInfo": _CREATION,
}
"""What the shape is told of each type; the properties of others are passed over."""
READ_TYPES: Final[Mapping[str, Terms]] = {
    kind: {name: term for name, term in terms.items() if term.name not in _SHAPE_ALONE} for kind, terms in TYPES.items()
}
"""What is read of each type for a record."""
SECTION_OF: Final = {SPDX + "Package": "packages", SPDX + "File": "files", SPDX + "Snippet": "snippets"}

STEPS: Final[Mapping[str, str]] = {
    "spdxVersion": "spdx:specVersion", "creationInfo": "spdx:creationInfo/spdx:CreationInfo",
    "creators": "spdx:creator", "checksums": "spdx:checksum", "externalRefs": "spdx:externalRef",
    "annotations": "spdx:annotation", "attributionTexts": "spdx:attributionText", "comment": "rdfs:comment",
    "SPDXID": "@rdf:about", "documentDescribes": "spdx:describesPackage",
}  # fmt: skip
"""Steps of an XPath where they are not called as the members of the JSON form."""
INNER: Final = {"checksums": "/spdx:Checksum", "externalRefs": "/spdx:ExternalRef", "annotations": "/spdx:Annotation"}


@cache
def word_of(term: str) -> str:
    """Return the word a term stands for (`…#relationshipType_dependsOn` is DEPENDS_ON)."""
    local = term.rpartition("#")[2]
    return _WORD.sub("_", local.partition("_")[2] or local).upper()


def xpath_below(steps: list[str]) -> str:
    """Return the rest of an XPath for the steps of a JSON pointer below an element."""
    found = ""
    for place, step in enumerate(steps):
        before = steps[place - 1] if place else ""
        if step.isdecimal():
            found += f"[{int(step) + 1}]" + (INNER.get(before, "") if place + 1 < len(steps) else "")
        else:
            found += "/" + STEPS.get(step, f"spdx:{step}")
    return found
