"""Advisories and VEX documents: OSV, GitHub's API, CSAF, OpenVEX."""

from __future__ import annotations

from typing import Final

from inventory.formats.detected import Detected, Kind, Members, object_member, text_member

_OSV_PARTS: Final = frozenset({"affected", "aliases", "upstream", "withdrawn", "schema_version"})


def recognise_advisory(members: Members) -> Detected | None:
    """Recognise an advisory or a VEX document."""
    if "openvex.dev" in (text_member(members, "@context") or ""):
        return Detected(Kind.VEX, "openvex", (text_member(members, "@context") or "").rpartition("/")[2])
    document = object_member(members, "document")
    if document and "csaf_version" in document:
        return Detected(Kind.VEX, "csaf", text_member(document, "csaf_version") or "")
    if "ghsa_id" in members and "vulnerabilities" in members:
        return Detected(Kind.ADVISORY, "github-advisory", "")
    if "vulns" in members and "id" not in members:
        return Detected(Kind.ADVISORY, "osv", "")
    if "id" in members and "modified" in members and _OSV_PARTS & members.keys():
        return Detected(Kind.ADVISORY, "osv", text_member(members, "schema_version") or "")
    return None
