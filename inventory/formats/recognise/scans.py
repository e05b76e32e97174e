"""Results of vulnerability scanners: named, never read."""

from __future__ import annotations

from inventory.formats.detected import Detected, Kind, Members


def recognise_scan(members: Members) -> Detected | None:
    """Recognise the result of a vulnerability scan, so that its refusal names it."""
    if "matches" in members and "descriptor" in members:
        return Detected(Kind.OTHER, "grype-json", "")
    if "SchemaVersion" in members and ("Results" in members or "ArtifactName" in members):
        return Detected(Kind.OTHER, "trivy-json", "")
    return None
