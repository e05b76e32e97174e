"""SBOMs in JSON: CycloneDX, SPDX, SPDX inside GitHub's export, syft's own."""

from __future__ import annotations

from typing import Final

from inventory.formats import json_parts
from inventory.formats.detected import Detected, Kind, Members, object_member, text_member
from inventory.formats.records import FormatError

CYCLONEDX_JSON: Final = "application/vnd.cyclonedx+json"
SPDX_JSON: Final = "application/spdx+json"


def recognise_sbom(members: Members) -> Detected | None:
    """Recognise a JSON SBOM. Raises FormatError `format_mismatch`."""
    bom_format, spdx_version = text_member(members, "bomFormat"), text_member(members, "spdxVersion")
    if "bomFormat" in members:
        if (bom_format or "").lower() != "cyclonedx" or "spdxVersion" in members:
            message = f"bomFormat is {(bom_format or '')[:40]!r}; CycloneDX says 'CycloneDX' and has no spdxVersion."
            raise FormatError("format_mismatch", message, pointer="/bomFormat")
        return _cyclonedx(members)
    if "specVersion" in members and ("components" in members or "cyclonedx" in (text_member(members, "$schema") or "")):
        return _cyclonedx(members)
    if spdx_version is not None:
        return _spdx(spdx_version, wrapper="")
    for wrapper in ("sbom", "Document"):
        inner = object_member(members, wrapper)
        version = text_member(inner, "spdxVersion") if inner else None
        if version is not None:
            return _spdx(version, wrapper="/" + wrapper)
    if "@graph" in members and b"spdx.org/rdf/3" in bytes(members.get("@context", b"")):
        return Detected(Kind.SBOM, "spdx-3", "3", "application/spdx+json")
    if "artifacts" in members and "descriptor" in members:
        schema = object_member(members, "schema")
        return Detected(Kind.SBOM, "syft-json", (text_member(schema, "version") or "")[:32] if schema else "")
    return None


def _cyclonedx(members: Members) -> Detected:
    """A document that lists no component and holds an analysis of a vulnerability is a VEX document."""
    components, stated = members.get("components"), members.get("vulnerabilities")
    lists_none = components is None or (len(components) <= 8 and json_parts.decode_value(components) == [])
    is_vex = stated is not None and lists_none and b'"analysis"' in bytes(stated)
    kind = Kind.VEX if is_vex else Kind.SBOM
    return Detected(kind, "cyclonedx", text_member(members, "specVersion") or "", CYCLONEDX_JSON)


def _spdx(version: str, *, wrapper: str) -> Detected:
    return Detected(Kind.SBOM, "spdx", version.removeprefix("SPDX-"), SPDX_JSON, wrapper=wrapper)
