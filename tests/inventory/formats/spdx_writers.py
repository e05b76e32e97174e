"""Writes one SPDX 2.x document, given in its JSON form, in the other syntaxes: what a test compares must be one thing.

Each writer takes what the tests need of the format and raises for the rest, so that nothing is left out unseen.
"""

from collections.abc import Iterator
from typing import Any

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
