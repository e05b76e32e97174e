"""The merged SBOM as SPDX 2.3 JSON (specification sections 6, 7 and 11), piece by piece.

Ids are made from what they name, so the same evidence gives the same bytes. SPDX has no group, and fewer types than
CycloneDX: a component without purl that has them comes back by name, CPE and hash, under another identity.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import TYPE_CHECKING, Final

from inventory.formats.records import ArtifactKind, Scope
from inventory.graph.exports.cpes import cpe_version
from inventory.graph.exports.cyclonedx import serial_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.graph.merged import Merged, Part

MEDIA_TYPE: Final = "application/spdx+json; version=2.3"

_ROOT: Final = "SPDXRef-Artifact"
_PURPOSES: Final = frozenset(
    {"APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "OPERATING-SYSTEM", "DEVICE", "FIRMWARE", "SOURCE", "ARCHIVE",
     "FILE", "INSTALL", "OTHER"}
)  # fmt: skip
_ALGORITHMS: Final = {
    "md5": "MD5", "sha1": "SHA1", "sha224": "SHA224", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512",
    "sha3-256": "SHA3-256", "sha3-384": "SHA3-384", "sha3-512": "SHA3-512", "blake2b-256": "BLAKE2b-256",
    "blake2b-384": "BLAKE2b-384", "blake2b-512": "BLAKE2b-512", "blake3": "BLAKE3",
}  # fmt: skip
_REVERSED: Final = {
    Scope.OPTIONAL: "OPTIONAL_DEPENDENCY_OF",
    Scope.EXCLUDED: "OPTIONAL_DEPENDENCY_OF",
    Scope.DEVELOPMENT: "DEV_DEPENDENCY_OF",
    Scope.TEST: "TEST_DEPENDENCY_OF",
    Scope.BUILD: "BUILD_DEPENDENCY_OF",
    Scope.PROVIDED: "PROVIDED_DEPENDENCY_OF",
}
"""SPDX says a scope by the kind of the dependency; of a required one it is the plain kind."""

Object = dict[str, object]


def write_spdx(merged: Merged) -> Iterator[bytes]:
    """Write the union as one document."""
    yield json.dumps(_head(merged), ensure_ascii=False, indent=1).removesuffix("\n}").encode()
    yield b',\n "packages": [\n' + _line(_artifact(merged))
    for part in merged.parts:
        yield b",\n" + _line(_package(part))
    yield b'\n ],\n "relationships": [\n' + _line(_relation("SPDXRef-DOCUMENT", "DESCRIBES", _ROOT))
    for relation in _relations(merged):
        yield b",\n" + _line(relation)
    yield b"\n ]\n}\n"


def _head(merged: Merged) -> Object:
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": merged.name,
        "documentNamespace": f"urn:uuid:{serial_of(merged, form='spdx 2.3')}",
        "creationInfo": {
            "created": merged.newest_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: supplychain"],
        },
        "comment": _comment(merged),
        "documentDescribes": [_ROOT],
    }


def _comment(merged: Merged) -> str:
    """Say what was merged, and that a union of claims is no inventory."""
    documents = "; ".join(
        f"{document.evidence} ({document.digest}, {document.format} by {document.producer or 'unknown tool'}, "
        f"{'full' if document.is_complete else 'partial'} coverage)"
        for document in merged.documents
    )
    return (
        f"The union of {len(merged.documents)} SBOMs: {documents}. Dependencies and hashes come from "
        f"{merged.read_count} of them. What none of them lists may still be inside."
    )


def _artifact(merged: Merged) -> Object:
    algorithm, _, value = merged.digest.partition(":")
    return {
        "SPDXID": _ROOT,
        "name": merged.name,
        "versionInfo": merged.digest,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "primaryPackagePurpose": "FILE" if merged.kind is ArtifactKind.FILE else "CONTAINER",
        "checksums": [{"algorithm": _ALGORITHMS[algorithm], "checksumValue": value}],
    }


def _package(part: Part) -> Object:
    """Write one component; its name is what people of the ecosystem call it, as scanners write it."""
    package: Object = {
        "SPDXID": _id(part.identity),
        "name": "/".join(filter(None, (part.group, part.name))),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
    }
    if part.version:
        package["versionInfo"] = part.version
    if part.type.upper() in _PURPOSES:
        package["primaryPackagePurpose"] = part.type.upper()
    if part.source_package is not None:
        package["sourceInfo"] = f"built package from: {part.source_package} (as merged documents say)"
    references = [*_reference("PACKAGE-MANAGER", "purl", part.identity if part.has_purl else None)]
    version = cpe_version(part.cpe or "")
    if version:
        references += _reference("SECURITY", f"cpe{version.replace('.', '')}Type", part.cpe)
    elif part.cpe:
        package["comment"] = f"CPE, as merged documents write it: {part.cpe}"
    if references:
        package["externalRefs"] = references
    hashes = sorted((_ALGORITHMS[one.algorithm], one.value) for one in part.hashes if one.algorithm in _ALGORITHMS)
    if hashes:
        package["checksums"] = [{"algorithm": algorithm, "checksumValue": value} for algorithm, value in hashes]
    return package


def _reference(category: str, kind: str, locator: str | None) -> list[Object]:
    if not locator:
        return []
    return [{"referenceCategory": category, "referenceType": kind, "referenceLocator": locator}]


def _relations(merged: Merged) -> Iterator[Object]:
    """Write the edges; without any, that the artifact contains what it contains."""
    if not merged.edges:
        for part in merged.parts:
            yield _relation(_ROOT, "CONTAINS", _id(part.identity))
        return
    scopes = {part.identity: part.scope for part in merged.parts}
    for source, targets in merged.edges.items():
        above = _id(source) if source else _ROOT
        for target in sorted(targets):
            kind = _REVERSED.get(scopes[target])
            below = _id(target)
            yield _relation(above, "DEPENDS_ON", below) if kind is None else _relation(below, kind, above)


def _relation(source: str, kind: str, target: str) -> Object:
    return {"spdxElementId": source, "relationshipType": kind, "relatedSpdxElement": target}


def _id(identity: str) -> str:
    return f"SPDXRef-Package-{hashlib.sha256(identity.encode()).hexdigest()[:32]}"


def _line(value: Object) -> bytes:
    return b"  " + json.dumps(value, ensure_ascii=False).encode()
