"""Reads Sigstore bundles 0.1 to 0.3: what is signed, the certificate, and how many log entries and timestamps came.

proto3 JSON leaves zero values out (a first log entry has no `logIndex`), writes enums by name or number, and takes
field names in camelCase or snake_case. None of the material is judged here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.base64 import decode
from inventory.formats.attestations.dsse import Opened, open_envelope
from inventory.formats.attestations.parts import items, members, parse_part, place, raw_members, text
from inventory.formats.attestations.records import MAX_LOG_ENTRIES, SignatureRecord
from inventory.formats.records import FormatError
from inventory.identity.digests import HEX_LENGTHS, Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec

    from inventory.formats.limits import Limits
    from inventory.formats.strict_json import Json

_MEDIA_TYPE: Final = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle(?:\+json;version=(0\.[123])|\.v(0\.[123])\+json)"
)
_MAX_CERTIFICATES: Final = 16
_MAX_TIMESTAMPS: Final = 64
_ALGORITHMS: Final[dict[str | int, str]] = {
    "SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512", 1: "sha256", 2: "sha384", 3: "sha512",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle taken apart: `opened` of a DSSE envelope, `digest` of a signature over the artifact's bytes."""

    version: str
    opened: Opened | None
    digest: Digest | None
    signatures: tuple[SignatureRecord, ...]
    log_entry_count: int
    timestamp_count: int


@dataclass(frozen=True, slots=True)
class Material:
    """What verification will need, counted: the leaf certificate or the hint of a key."""

    certificate: bytes
    key_hint: str
    log_entry_count: int
    timestamp_count: int


def read_bundle(parts: Mapping[str, msgspec.Raw], *, pointer: str, limits: Limits) -> Bundle:
    """Take a bundle apart.

    Raises FormatError: `unsupported_version`, `bundle_shape` (neither or both of envelope and message signature),
    `too_many_log_entries`, and what the envelope raises.
    """
    version = bundle_version(parse_part(parts.get("mediaType"), pointer=place(pointer, "mediaType"), limits=limits))
    envelope = parts.get("dsseEnvelope") or parts.get("dsse_envelope")
    message = parts.get("messageSignature") or parts.get("message_signature")
    if (envelope is None) == (message is None):
        raise FormatError("bundle_shape", "A bundle holds either an envelope or a message signature.", pointer=pointer)
    raw = parts.get("verificationMaterial") or parts.get("verification_material")
    here = place(pointer, "verificationMaterial")
    material = read_material(parse_part(raw, pointer=here, limits=limits), pointer=here)
    if envelope is not None:
        here = place(pointer, "dsseEnvelope")
        opened = open_envelope(raw_members(envelope, pointer=here), pointer=here, limits=limits)
        signatures = tuple(
            SignatureRecord(found.key_id or material.key_hint, found.value, found.certificate or material.certificate)
            for found in opened.signatures
        )
        return _bundle(version, material, opened=opened, digest=None, signatures=signatures)
    here = place(pointer, "messageSignature")
    signed = members(parse_part(message, pointer=here, limits=limits))
    value = decode(signed.get("signature", ""), pointer=place(here, "signature"))
    signatures = (SignatureRecord(material.key_hint, value, material.certificate),) if value else ()
    return _bundle(version, material, opened=None, digest=_message_digest(signed, here), signatures=signatures)


def bundle_version(media_type: Json) -> str:
    """Return the version in a bundle's media type; raises FormatError `unsupported_version`."""
    match = _MEDIA_TYPE.fullmatch(media_type) if isinstance(media_type, str) else None
    if match is None:
        raise FormatError(
            "unsupported_version", f"{str(media_type)[:80]!r} is no bundle of version 0.1 to 0.3.", pointer="/mediaType"
        )
    return match[1] or match[2]


def read_material(value: Json, *, pointer: str) -> Material:
    """Read verification material: a certificate (0.3), a chain (0.1, 0.2) or the hint of a key; counts of the rest."""
    material = members(value)
    entries = items(_either(material, "tlogEntries", "tlog_entries"))
    if len(entries) > MAX_LOG_ENTRIES:
        raise FormatError("too_many_log_entries", f"More than {MAX_LOG_ENTRIES} log entries.", pointer=pointer)
    stamps = members(_either(material, "timestampVerificationData", "timestamp_verification_data"))
    timestamps = items(_either(stamps, "rfc3161Timestamps", "rfc3161_timestamps"))
    if len(timestamps) > _MAX_TIMESTAMPS:
        raise FormatError("too_many_timestamps", f"More than {_MAX_TIMESTAMPS} timestamps.", pointer=pointer)
    chain = members(_either(material, "x509CertificateChain", "x509_certificate_chain"))
    certificates = items(chain.get("certificates"))
    if len(certificates) > _MAX_CERTIFICATES:
        raise FormatError("too_many_certificates", f"More than {_MAX_CERTIFICATES} certificates.", pointer=pointer)
    leaf = members(material.get("certificate")) or members(certificates[0] if certificates else None)
    key = members(_either(material, "publicKey", "public_key"))
    der = decode(_either(leaf, "rawBytes", "raw_bytes") or "", pointer=place(pointer, "certificate"))
    return Material(der, text(key, "hint"), len(entries), len(timestamps))


def _bundle(
    version: str,
    material: Material,
    *,
    opened: Opened | None,
    digest: Digest | None,
    signatures: tuple[SignatureRecord, ...],
) -> Bundle:
    return Bundle(version, opened, digest, signatures, material.log_entry_count, material.timestamp_count)


def _message_digest(signed: Mapping[str, Json], pointer: str) -> Digest | None:
    """Return the digest the bundle claims to sign: a hint, which verification compares with the artifact's own."""
    given = members(_either(signed, "messageDigest", "message_digest"))
    algorithm = given.get("algorithm")
    name = _ALGORITHMS.get(algorithm, "") if isinstance(algorithm, str | int) else ""
    value = decode(given.get("digest", ""), pointer=place(pointer, "messageDigest", "digest")).hex()
    return Digest(name, value) if len(value) == HEX_LENGTHS.get(name, -1) else None


def _either(value: Mapping[str, Json], name: str, other: str) -> Json:
    return value[name] if name in value else value.get(other)
