"""Writes one SPDX 2.x document, given in its JSON form, in the other syntaxes: what a test compares must be one thing.

Each writer takes what the tests need of the format and raises for the rest, so that nothing is left out unseen.
"""

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import yaml

Json = dict[str, Any]

_PACKAGE_TAGS = {
    "versionInfo": "PackageVersion",
    "supplier": "PackageSupplier",
    "downloadLocation": "PackageDownloadLocation",
    "filesAnalyzed": "FilesAnalyzed",
    "sourceInfo": "PackageSourceInfo",
    "licenseConcluded": "PackageLicenseConcluded",
    "licenseDeclared": "PackageLicenseDeclared",
    "copyrightText": "PackageCopyrightText",
    "comment": "PackageComment",
    "primaryPackagePurpose": "PrimaryPackagePurpose",
}


def tag_value(document: Json) -> bytes:
    """The document as tag-value text."""
    return "".join(f"{line}\n" for line in _tag_lines(document)).encode()


def yaml_text(document: Json) -> bytes:
    """The document as block YAML, in the order of its members."""
    text: str = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return text.encode()


def _tag_lines(document: Json) -> Iterator[str]:
    yield f"SPDXVersion: {document['spdxVersion']}"
    yield f"DataLicense: {document['dataLicense']}"
    yield f"SPDXID: {document['SPDXID']}"
    yield f"DocumentName: {document['name']}"
    yield f"DocumentNamespace: {document['documentNamespace']}"
    for creator in document["creationInfo"]["creators"]:
        yield f"Creator: {creator}"
    yield f"Created: {document['creationInfo']['created']}"
    for file in document.get("files", ()):
        yield from ("", f"FileName: {file['fileName']}", f"SPDXID: {file['SPDXID']}")
        for checksum in file.get("checksums", ()):
            yield f"FileChecksum: {checksum['algorithm']}: {checksum['checksumValue']}"
    for package in document.get("packages", ()):
        yield from ("", f"##### Package: {package['name']}", "", *_package_tags(package))
    for relationship in document.get("relationships", ()):
        yield "Relationship: " + " ".join(
            relationship[name] for name in ("spdxElementId", "relationshipType", "relatedSpdxElement")
        )


def _package_tags(package: Json) -> Iterator[str]:
    yield f"PackageName: {package['name']}"
    yield f"SPDXID: {package['SPDXID']}"
    for name, value in package.items():
        if name == "checksums":
            yield from (f"PackageChecksum: {one['algorithm']}: {one['checksumValue']}" for one in value)
        elif name == "externalRefs":
            for one in value:
                yield "ExternalRef: {referenceCategory} {referenceType} {referenceLocator}".format(**one)
        elif name == "attributionTexts":
            yield from (f"PackageAttributionText: <text>{text}</text>" for text in value)
        elif name == "annotations":
            for one in value:
                yield f"Annotator: {one['annotator']}"
                yield f"AnnotationComment: <text>{one['comment']}</text>"
                yield f"SPDXREF: {package['SPDXID']}"
        elif name not in {"name", "SPDXID"}:
            yield f"{_PACKAGE_TAGS[name]}: {_tag_text(value)}"


def _tag_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return f"<text>{text}</text>" if "\n" in text else text


def xml(document: Json) -> bytes:
    """The document as plain XML: members are elements, an array is as many elements of its name."""
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<Document>{''.join(_elements(document))}</Document>".encode()


def _elements(members: Json) -> Iterator[str]:
    for name, value in members.items():
        for one in value if isinstance(value, list) else [value]:
            inner = "".join(_elements(one)) if isinstance(one, dict) else escape(_plain(one))
            yield f"<{name}>{inner}</{name}>\n"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_RDF_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#">
"""
_TERMS = "http://spdx.org/rdf/terms#"
_RDF_NAMES = {"attributionTexts": "spdx:attributionText", "comment": "rdfs:comment"}


def rdf(document: Json) -> bytes:
    """The document as RDF/XML, flat: elements refer to each other by address."""
    return (_RDF_HEAD + "".join(_rdf_elements(document)) + "</rdf:RDF>\n").encode()


def _rdf_elements(document: Json) -> Iterator[str]:
    related: dict[str, list[Json]] = {}
    for one in document.get("relationships", ()):
        related.setdefault(one["spdxElementId"], []).append(one)

    def element(kind: str, spdx_id: str, inner: str) -> str:
        relations = "".join(_rdf_relation(one, document) for one in related.get(spdx_id, ()))
        return f"<spdx:{kind} rdf:about={_address(spdx_id, document)}>{inner}{relations}</spdx:{kind}>\n"

    creation = document["creationInfo"]
    creators = "".join(f"<spdx:creator>{escape(one)}</spdx:creator>" for one in creation["creators"])
    yield element(
        "SpdxDocument",
        document["SPDXID"],
        f"<spdx:specVersion>{document['spdxVersion']}</spdx:specVersion><spdx:name>{escape(document['name'])}"
        f'</spdx:name><spdx:dataLicense rdf:resource="http://spdx.org/licenses/CC0-1.0"/><spdx:creationInfo>'
        f"<spdx:CreationInfo>{creators}<spdx:created>{creation['created']}</spdx:created></spdx:CreationInfo>"
        f"</spdx:creationInfo>",
    )
    for package in document.get("packages", ()):
        yield element("Package", package["SPDXID"], "\n".join(_rdf_members(package)))
    for file in document.get("files", ()):
        yield element("File", file["SPDXID"], "".join(_rdf_members(file)))
    written = {document["SPDXID"], *(one["SPDXID"] for name in ("packages", "files") for one in document.get(name, ()))}
    for spdx_id in related.keys() - written:
        relations = "".join(_rdf_relation(one, document) for one in related[spdx_id])
        yield f"<rdf:Description rdf:about={_address(spdx_id, document)}>{relations}</rdf:Description>\n"


def _rdf_members(members: Json) -> Iterator[str]:
    for name, value in members.items():
        if name in _RDF_NODES:
            yield from (_RDF_NODES[name](one) for one in value)
        elif name == "primaryPackagePurpose":
            yield f'<spdx:{name} rdf:resource="{_TERMS}purpose_{_camel(value)}"/>'
        elif name != "SPDXID":
            term = _RDF_NAMES.get(name, f"spdx:{name}")
            for one in value if isinstance(value, list) else [value]:
                yield f"<{term}>{escape(_plain(one))}</{term}>"


def _rdf_checksum(checksum: Json) -> str:
    word = checksum["algorithm"].lower().replace("-", "_")
    return (
        f'<spdx:checksum><spdx:Checksum><spdx:algorithm rdf:resource="{_TERMS}checksumAlgorithm_{word}"/>'
        f"<spdx:checksumValue>{escape(checksum['checksumValue'])}</spdx:checksumValue></spdx:Checksum></spdx:checksum>"
    )


def _rdf_reference(reference: Json) -> str:
    category = reference["referenceCategory"].lower().replace("-", "_")
    return (
        f"<spdx:externalRef><spdx:ExternalRef>"
        f'<spdx:referenceCategory rdf:resource="{_TERMS}referenceCategory_{category}"/>'
        f'<spdx:referenceType rdf:resource="http://spdx.org/rdf/references/{reference["referenceType"]}"/>'
        f"<spdx:referenceLocator>{escape(reference['referenceLocator'])}</spdx:referenceLocator>"
        f"</spdx:ExternalRef></spdx:externalRef>"
    )


def _rdf_annotation(annotation: Json) -> str:
    return (
        f"<spdx:annotation><spdx:Annotation><spdx:annotator>{escape(annotation['annotator'])}</spdx:annotator>"
        f"<rdfs:comment>{escape(annotation['comment'])}</rdfs:comment></spdx:Annotation></spdx:annotation>"
    )


_RDF_NODES = {"checksums": _rdf_checksum, "externalRefs": _rdf_reference, "annotations": _rdf_annotation}


def _rdf_relation(relation: Json, document: Json) -> str:
    return (
        f"<spdx:relationship><spdx:Relationship>"
        f'<spdx:relationshipType rdf:resource="{_TERMS}relationshipType_{_camel(relation["relationshipType"])}"/>'
        f"<spdx:relatedSpdxElement rdf:resource={_address(relation['relatedSpdxElement'], document)}/>"
        f"</spdx:Relationship></spdx:relationship>"
    )


def _address(spdx_id: str, document: Json) -> str:
    if spdx_id in {"NONE", "NOASSERTION"}:
        return f'"{_TERMS}{spdx_id.lower()}"'
    return quoteattr(f"{document['documentNamespace']}#{spdx_id}")


def _camel(words: str) -> str:
    first, *rest = words.lower().replace("-", "_").split("_")
    return first + "".join(word.capitalize() for word in rest)
