"""What an SPDX 2.2 or 2.3 JSON document must have (specification sections 6, 7 and 11), as a JSON schema of our own.

The project that defines the format publishes a schema, but no package on our list ships it; this one holds the
mandatory fields and their types, which is what broken documents break.
"""

from __future__ import annotations

from typing import Any, Final

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_TEXTS: Final[dict[str, Any]] = {"type": "array", "items": _TEXT}
_CHECKSUMS: Final[dict[str, Any]] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["algorithm", "checksumValue"],
        "properties": {"algorithm": _TEXT, "checksumValue": _TEXT},
    },
}
_ID: Final[dict[str, Any]] = {"type": "string", "pattern": "^SPDXRef-"}
_PACKAGE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["SPDXID", "name", "downloadLocation"],
    "properties": {
        "SPDXID": _ID,
        "name": _TEXT,
        "downloadLocation": _TEXT,
        "versionInfo": _TEXT,
        "filesAnalyzed": {"type": "boolean"},
        "checksums": _CHECKSUMS,
        "externalRefs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["referenceCategory", "referenceLocator", "referenceType"],
                "properties": {"referenceCategory": _TEXT, "referenceLocator": _TEXT, "referenceType": _TEXT},
            },
        },
        "attributionTexts": _TEXTS,
        "hasFiles": _TEXTS,
    },
}
SCHEMA: Final[dict[str, Any]] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["SPDXID", "spdxVersion", "creationInfo", "dataLicense", "name"],
    "properties": {
        "SPDXID": _ID,
        "spdxVersion": {"type": "string", "pattern": r"^SPDX-2\.[23]$"},
        "dataLicense": _TEXT,
        "name": _TEXT,
        "documentNamespace": _TEXT,
        "documentDescribes": _TEXTS,
        "creationInfo": {
            "type": "object",
            "required": ["created", "creators"],
            "properties": {
                "created": _TEXT,
                "creators": {"type": "array", "minItems": 1, "items": _TEXT},
            },
        },
        "packages": {"type": "array", "items": _PACKAGE},
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["SPDXID", "fileName"],
                "properties": {"SPDXID": _ID, "fileName": _TEXT, "checksums": _CHECKSUMS},
            },
        },
        "relationships": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["spdxElementId", "relatedSpdxElement", "relationshipType"],
                "properties": {"spdxElementId": _TEXT, "relatedSpdxElement": _TEXT, "relationshipType": _TEXT},
            },
        },
    },
}
