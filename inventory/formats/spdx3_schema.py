"""What an SPDX 3.0 JSON-LD document must have, as a JSON schema of our own: mandatory fields and types of what is read.

The project that defines the format publishes a schema, but no package on our list ships it.
"""

from __future__ import annotations

from typing import Any, Final

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_TEXTS: Final[dict[str, Any]] = {"type": "array", "items": _TEXT}
_ONE_OR_MORE: Final[dict[str, Any]] = {"type": "array", "items": _TEXT, "minItems": 1}


def _of(types: list[str], *required: str, **properties: Any) -> dict[str, Any]:
    return {
        "if": {"properties": {"type": {"enum": types}}, "required": ["type"]},
        "then": {"required": list(required), "properties": properties},
    }


SCHEMA: Final[dict[str, Any]] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["@context", "@graph"],
    "properties": {
        "@graph": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type"],
                "properties": {"type": _TEXT, "spdxId": _TEXT, "@id": _TEXT},
                "allOf": [
                    _of(
                        ["CreationInfo"], "specVersion", "created", "createdBy",
                        specVersion={"type": "string", "pattern": r"^3\.0"}, created=_TEXT, createdBy=_ONE_OR_MORE,
                        createdUsing=_TEXTS,
                    ),
                    _of(
                        ["Relationship", "LifecycleScopedRelationship"], "from", "to", "relationshipType",
                        **{"from": _TEXT, "to": _ONE_OR_MORE, "relationshipType": _TEXT, "completeness": _TEXT},
                    ),
                    _of(
                        ["software_Package", "ai_AIPackage", "dataset_DatasetPackage", "software_File"],
                        "spdxId", "creationInfo", "name",
                        name=_TEXT, software_packageVersion=_TEXT, software_packageUrl=_TEXT,
                        software_primaryPurpose=_TEXT,
                        externalIdentifier={
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["externalIdentifierType", "identifier"],
                                "properties": {"externalIdentifierType": _TEXT, "identifier": _TEXT},
                            },
                        },
                        verifiedUsing={"type": "array", "items": {"type": "object", "required": ["type"]}},
                    ),
                    _of(["SpdxDocument"], "spdxId", "creationInfo", rootElement=_TEXTS, element=_TEXTS),
                ],
            },
        }
    },
}  # fmt: skip
