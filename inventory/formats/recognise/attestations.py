"""Attestations: in-toto statements, the envelopes they come in, and the wrappers of those who hand several out."""

from __future__ import annotations

from typing import Final

from inventory.formats.attestations.records import Envelope
from inventory.formats.attestations.shapes import envelope_of, wrapper_of
from inventory.formats.detected import Detected, Kind, Members, text_member

_NAMES: Final = {Envelope.STATEMENT: "in-toto", Envelope.COSIGN_LAYER: "cosign-signature"}
_MEDIA_TYPES: Final = {
    Envelope.STATEMENT: "application/vnd.in-toto+json",
    Envelope.DSSE: "application/vnd.dsse.envelope+json",
    Envelope.BUNDLE: "application/vnd.dev.sigstore.bundle+json",
}


def recognise_attestation(members: Members) -> Detected | None:
    """Recognise an attestation, or what holds several."""
    envelope = envelope_of(members)
    if envelope is not None:
        version = (text_member(members, "_type") or "").rpartition("/")[2] if envelope is Envelope.STATEMENT else ""
        media_type = _MEDIA_TYPES.get(envelope, "application/json")
        return Detected(Kind.ATTESTATION, _NAMES.get(envelope, envelope.value), version[:32], media_type)
    wrapper = wrapper_of(members)
    return Detected(Kind.ATTESTATION, wrapper, "") if wrapper else None
