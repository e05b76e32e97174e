"""The tags of SPDX 2.2 and 2.3 tag-value text, and what each is called in the JSON form."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, NamedTuple


class Shape(enum.Enum):
    """What the value of a tag is."""

    TEXT = enum.auto()
    TEXTS = enum.auto()
    """One item of an array of texts."""
    FLAG = enum.auto()
    CHECKSUM = enum.auto()
    """`SHA256: 0f…`."""
    REFERENCE = enum.auto()
    """`PACKAGE-MANAGER purl pkg:…`."""
    RELATION = enum.auto()
    """`SPDXRef-a DEPENDS_ON SPDXRef-b`."""
    START = enum.auto()
    """A text with which an element of its section begins."""
    IGNORED = enum.auto()
    """Describes the one before it, or has no place in the JSON form."""


class Tag(NamedTuple):
    """Where the value of a tag belongs: a field of the open element of a section ('' is the document)."""

    section: str
    name: str
    shape: Shape


_PACKAGE: Final = {
    "PackageName": ("name", Shape.START),
    "PackageVersion": ("versionInfo", Shape.TEXT),
    "PackageFileName": ("packageFileName", Shape.TEXT),
    "PackageSupplier": ("supplier", Shape.TEXT),
    "PackageOriginator": ("originator", Shape.TEXT),
    "PackageDownloadLocation": ("downloadLocation", Shape.TEXT),
    "FilesAnalyzed": ("filesAnalyzed", Shape.FLAG),
    "PackageVerificationCode": ("packageVerificationCode", Shape.IGNORED),
    "PackageChecksum": ("checksums", Shape.CHECKSUM),
    "PackageHomePage": ("homepage", Shape.TEXT),
    "PackageSourceInfo": ("sourceInfo", Shape.TEXT),
    "PackageLicenseConcluded": ("licenseConcluded", Shape.TEXT),
    "PackageLicenseInfoFromFiles": ("licenseInfoFromFiles", Shape.TEXTS),
    "PackageLicenseDeclared": ("licenseDeclared", Shape.TEXT),
    "PackageLicenseComments": ("licenseComments", Shape.TEXT),
    "PackageCopyrightText": ("copyrightText", Shape.TEXT),
    "PackageSummary": ("summary", Shape.TEXT),
    "PackageDescription": ("description", Shape.TEXT),
    "PackageComment": ("comment", Shape.TEXT),
    "PackageAttributionText": ("attributionTexts", Shape.TEXTS),
    "PrimaryPackagePurpose": ("primaryPackagePurpose", Shape.TEXT),
    "ReleaseDate": ("releaseDate", Shape.TEXT),
    "BuiltDate": ("builtDate", Shape.TEXT),
    "ValidUntilDate": ("validUntilDate", Shape.TEXT),
    "ExternalRef": ("externalRefs", Shape.REFERENCE),
    "ExternalRefComment": ("", Shape.IGNORED),
}
_FILE: Final = {
    "FileName": ("fileName", Shape.START),
    "FileType": ("fileTypes", Shape.TEXTS),
    "FileChecksum": ("checksums", Shape.CHECKSUM),
    "LicenseConcluded": ("licenseConcluded", Shape.TEXT),
    "LicenseInfoInFile": ("licenseInfoInFiles", Shape.TEXTS),
    "LicenseComments": ("licenseComments", Shape.TEXT),
    "FileCopyrightText": ("copyrightText", Shape.TEXT),
    "FileComment": ("comment", Shape.TEXT),
    "FileNotice": ("noticeText", Shape.TEXT),
    "FileContributor": ("fileContributors", Shape.TEXTS),
    "FileAttributionText": ("attributionTexts", Shape.TEXTS),
    "FileDependency": ("", Shape.IGNORED),
    "ArtifactOfProjectName": ("", Shape.IGNORED),
    "ArtifactOfProjectHomePage": ("", Shape.IGNORED),
    "ArtifactOfProjectURI": ("", Shape.IGNORED),
}
_SNIPPET: Final = {
    "SnippetSPDXID": ("SPDXID", Shape.START),
    "SnippetFromFileSPDXID": ("snippetFromFile", Shape.TEXT),
    "SnippetByteRange": ("", Shape.IGNORED),
    "SnippetLineRange": ("", Shape.IGNORED),
    "SnippetLicenseConcluded": ("licenseConcluded", Shape.TEXT),
    "LicenseInfoInSnippet": ("licenseInfoInSnippets", Shape.TEXTS),
    "SnippetLicenseComments": ("licenseComments", Shape.TEXT),
    "SnippetCopyrightText": ("copyrightText", Shape.TEXT),
    "SnippetComment": ("comment", Shape.TEXT),
    "SnippetName": ("name", Shape.TEXT),
    "SnippetAttributionText": ("attributionTexts", Shape.TEXTS),
}
_LICENCE: Final = {
    "LicenseID": ("licenseId", Shape.START),
    "ExtractedText": ("extractedText", Shape.TEXT),
    "LicenseName": ("name", Shape.TEXT),
    "LicenseCrossReference": ("seeAlsos", Shape.TEXTS),
    "LicenseComment": ("comment", Shape.TEXT),
}
_ANNOTATION: Final = {
    "Annotator": ("annotator", Shape.START),
    "AnnotationDate": ("annotationDate", Shape.TEXT),
    "AnnotationType": ("annotationType", Shape.TEXT),
    "AnnotationComment": ("comment", Shape.TEXT),
    "SPDXREF": ("spdxElementId", Shape.TEXT),
}
_REVIEW: Final = {
    "Reviewer": ("reviewer", Shape.START),
    "ReviewDate": ("reviewDate", Shape.TEXT),
    "ReviewComment": ("comment", Shape.TEXT),
}
_DOCUMENT: Final = {
    "SPDXVersion": ("spdxVersion", Shape.TEXT),
    "DataLicense": ("dataLicense", Shape.TEXT),
    "DocumentName": ("name", Shape.TEXT),
    "DocumentNamespace": ("documentNamespace", Shape.TEXT),
    "DocumentComment": ("comment", Shape.TEXT),
    "ExternalDocumentRef": ("externalDocumentRefs", Shape.TEXTS),
}
_CREATION: Final = {
    "Creator": ("creators", Shape.TEXTS),
    "Created": ("created", Shape.TEXT),
    "CreatorComment": ("comment", Shape.TEXT),
    "LicenseListVersion": ("licenseListVersion", Shape.TEXT),
}
LICENCES: Final = "hasExtractedLicensingInfos"
CREATION: Final = "creationInfo"
OWNER: Final = "*"
"""The section of `SPDXID`: it names the document, package or file that is open."""
_SECTIONS: Final = {
    "packages": _PACKAGE,
    "files": _FILE,
    "snippets": _SNIPPET,
    LICENCES: _LICENCE,
    "annotations": _ANNOTATION,
    "revieweds": _REVIEW,
    "": _DOCUMENT,
    CREATION: _CREATION,
}
TAGS: Final[Mapping[bytes, Tag]] = {
    **{
        tag.encode(): Tag(section, name, shape)
        for section, tags in _SECTIONS.items()
        for tag, (name, shape) in tags.items()
    },
    b"SPDXID": Tag(OWNER, "SPDXID", Shape.TEXT),
    b"Relationship": Tag("relationships", "", Shape.RELATION),
    b"RelationshipComment": Tag("relationships", "", Shape.IGNORED),
}
