"""Attestations: in-toto statements, DSSE envelopes, Sigstore bundles."""

from __future__ import annotations

from inventory.formats.detected import Detected, Kind, Members, text_member


def recognise_attestation(members: Members) -> Detected | None:
    """Recognise an attestation."""
    if "verificationMaterial" in members or "sigstore.bundle" in (text_member(members, "mediaType") or ""):
        return Detected(Kind.ATTESTATION, "sigstore-bundle", "", "application/vnd.dev.sigstore.bundle+json")
    if "payloadType" in members and "payload" in members:
        return Detected(Kind.ATTESTATION, "dsse", "", "application/vnd.dsse.envelope+json")
    statement = text_member(members, "_type") or ""
    if "predicateType" in members or statement.startswith("https://in-toto.io/Statement"):
        return Detected(Kind.ATTESTATION, "in-toto", statement.rpartition("/")[2], "application/vnd.in-toto+json")
    return None
