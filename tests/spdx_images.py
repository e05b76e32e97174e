"""SPDX documents about images."""

from __future__ import annotations

import json
from typing import Any


def descends_from(image: str, base: str) -> bytes:
    """Write a document that says that an image is a DESCENDANT_OF another, both named by digest."""
    relationship = {
        "spdxElementId": "SPDXRef-app",
        "relationshipType": "DESCENDANT_OF",
        "relatedSpdxElement": "SPDXRef-base",
    }
    document = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "x",
        "dataLicense": "CC0-1.0",
        "documentNamespace": f"https://x.example/{image[7:]}",
        "documentDescribes": ["SPDXRef-app"],
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: ko"]},
        "packages": [_package("app", image), _package("base", base)],
        "relationships": [relationship],
    }
    return json.dumps(document).encode()


def _package(name: str, digest: str) -> dict[str, Any]:
    return {
        "SPDXID": f"SPDXRef-{name}",
        "name": name,
        "versionInfo": "1",
        "downloadLocation": "NOASSERTION",
        "primaryPackagePurpose": "CONTAINER",
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest[7:]}],
    }
