"""Reads DSSE envelopes (v1.0.2): payload bytes exactly as they are signed, and every signature as found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.base64 import decode
from inventory.formats.attestations.parts import items, members, parse_part, place, text
from inventory.formats.attestations.records import MAX_SIGNATURES, SignatureRecord
from inventory.formats.json_parts import decode_value
from inventory.formats.records import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec

    from inventory.formats.limits import Limits
    from inventory.formats.strict_json import Json

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
_PAYLOAD_TYPES: Final = re.compile(r"application/vnd\.in-toto(\.[a-z0-9][a-z0-9.+-]*)?\+json")
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope taken apart. `payload` are the bytes that PAE is made over."""

    payload_type: str
    payload: bytes
    signatures: tuple[SignatureRecord, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed: DSSE's pre-authentication encoding."""
    encoded = payload_type.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(encoded), encoded, len(payload), payload)


def open_envelope(parts: Mapping[str, msgspec.Raw], *, pointer: str, limits: Limits) -> Opened:
    """Take an envelope apart.

    Raises FormatError: `payload_type` when it is no in-toto payload (the type is part of what is signed, so no other
    may be read as one), `bad_base64`, `wrong_shape`, `too_many_signatures`, and the codes of strict JSON.
    """
    payload_type = parse_part(parts.get("payloadType"), pointer=place(pointer, "payloadType"), limits=limits)
    if not isinstance(payload_type, str) or not _PAYLOAD_TYPES.fullmatch(payload_type):
        raise FormatError(
            "payload_type", f"The payload is {str(payload_type)[:80]!r}, not {PAYLOAD_TYPE}.", pointer=pointer
        )
    payload = decode(decode_value(parts.get("payload"), pointer=pointer), pointer=place(pointer, "payload"))
    signatures = parse_part(parts.get("signatures"), pointer=place(pointer, "signatures"), limits=limits)
    return Opened(payload_type, payload, read_signatures(signatures, pointer=place(pointer, "signatures")))


def read_signatures(value: Json, *, pointer: str) -> tuple[SignatureRecord, ...]:
    """Read the signatures of an envelope; an empty one is none. Raises FormatError `too_many_signatures`."""
    if value is not None and not isinstance(value, list):
        raise FormatError("wrong_shape", "signatures must be an array.", pointer=pointer)
    listed = items(value)
    if len(listed) > MAX_SIGNATURES:
        raise FormatError("too_many_signatures", f"More than {MAX_SIGNATURES} signatures.", pointer=pointer)
    found = []
    for index, item in enumerate(listed):
        signature = members(item)
        if not isinstance(item, dict):
            raise FormatError("wrong_shape", "A signature is an object.", pointer=place(pointer, index))
        value_ = decode(signature.get("sig", ""), pointer=place(pointer, index, "sig"))
        if value_:
            found.append(SignatureRecord(text(signature, "keyid"), value_, certificate_of(signature.get("cert"))))
    return tuple(found)


def certificate_of(pem: object) -> bytes:
    """Return the first certificate of PEM text as DER, or nothing where there is none."""
    match = _PEM.search(pem) if isinstance(pem, str) else None
    return decode(match[1], pointer="") if match else b""
