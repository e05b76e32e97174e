"""A Sigstore bundle taken apart completely: what is signed, and all that verification needs. Nothing is trusted yet.

Formats: sigstore protobuf-specs, bundle 0.1 to 0.3 in proto3 JSON, which leaves zero values out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.base64 import decode
from inventory.formats.attestations.bundle import bundle_version
from inventory.formats.attestations.records import MAX_BYTES, MAX_LOG_ENTRIES, MAX_SIGNATURES
from inventory.formats.records import FormatError
from inventory.formats.strict_json import parse
from inventory.trust.evaluation import Step, VerificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.formats.limits import Limits
    from inventory.formats.strict_json import Json

MAX_TIMESTAMPS: Final = 32
_MAX_HASHES: Final = 64
_MAX_CERTIFICATES: Final = 16
_CHAIN_ALLOWED: Final = frozenset({"0.1", "0.2"})
_U64: Final = 2**64
_ALGORITHMS: Final[Mapping[Json, str]] = {
    "SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512", 1: "sha256", 2: "sha384", 3: "sha512",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """A path through the log's Merkle tree, and the checkpoint that signs its root."""

    log_index: int
    tree_size: int
    root_hash: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of a transparency log. `integrated_at` is in seconds since 1970; only `promise` signs it."""

    log_index: int
    log_id: bytes
    kind: str
    version: str
    integrated_at: int
    promise: bytes
    proof: InclusionProof | None
    body: bytes


@dataclass(frozen=True, slots=True)
class EnvelopeContent:
    """A DSSE envelope with its one signature."""

    payload_type: str
    payload: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class MessageContent:
    """A signature over an artifact's bytes. The digest is the bundle's word; '' and empty where it has none."""

    algorithm: str
    digest: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class PlainContent:
    """Bytes that were signed as they are, without DSSE's encoding: what cosign signs for an image."""

    payload_type: str
    payload: bytes
    signature: bytes


Content = EnvelopeContent | MessageContent | PlainContent


@dataclass(frozen=True, slots=True)
class Material:
    """One bundle. `certificate` is the leaf in DER, empty where a key signed; `key_hint` is nobody's proof."""

    version: str
    content: Content
    certificate: bytes
    key_hint: str
    entries: tuple[LogEntry, ...]
    timestamps: tuple[bytes, ...]


def read_material(data: bytes, *, limits: Limits) -> Material:
    """Take a bundle apart. Raises VerificationError `malformed` (step 1), `bundle_shape`, `signature_count` (2)."""
    if len(data) > MAX_BYTES:
        raise VerificationError(Step.STRICT_JSON, "malformed", f"A bundle has at most {MAX_BYTES} bytes.")
    try:
        body = parse(data, limits=limits)
    except FormatError as error:
        raise VerificationError(Step.STRICT_JSON, "malformed", f"{error.code}: {error.message}") from error
    try:
        return _bundle(_object(body))
    except FormatError as error:
        raise _shape(f"{error.code}: {error.message}") from error


def _bundle(body: Mapping[str, Json]) -> Material:
    material = _object(_member(body, "verificationMaterial"))
    stamps = _object(_member(material, "timestampVerificationData") or {})
    envelope, message = _member(body, "dsseEnvelope"), _member(body, "messageSignature")
    if (envelope is None) == (message is None):
        raise _shape("A bundle holds either an envelope or a message signature.")
    key = _object(_member(material, "publicKey") or {})
    version = bundle_version(_member(body, "mediaType"))
    if version not in _CHAIN_ALLOWED and _member(material, "x509CertificateChain") is not None:
        raise _shape("A bundle from 0.3 on has one certificate, and brings no authorities of its own.")
    certificate = _certificate(material)
    if bool(certificate) == ("hint" in key or _member(material, "publicKey") is not None):
        raise _shape("A bundle has either a certificate or the hint of a key.")
    return Material(
        version=version,
        content=_envelope(_object(envelope)) if envelope is not None else _message(_object(message)),
        certificate=certificate,
        key_hint=_text(key, "hint"),
        entries=read_entries(_member(material, "tlogEntries")),
        timestamps=tuple(
            _bytes(_object(item), "signedTimestamp")
            for item in _array(stamps, "rfc3161Timestamps", most=MAX_TIMESTAMPS)
        ),
    )


def _certificate(material: Mapping[str, Json]) -> bytes:
    """Return the leaf: the first of a chain. No other is used: authorities come from the root of trust alone."""
    single, chain = _member(material, "certificate"), _member(material, "x509CertificateChain")
    if single is not None and chain is not None:
        raise _shape("A bundle has one certificate or a chain, not both.")
    if single is not None:
        return _bytes(_object(single), "rawBytes")
    listed = _array(_object(chain or {}), "certificates", most=_MAX_CERTIFICATES)
    return _bytes(_object(listed[0]), "rawBytes") if listed else b""


def _envelope(envelope: Mapping[str, Json]) -> EnvelopeContent:
    signatures = _array(envelope, "signatures", most=MAX_SIGNATURES)
    if len(signatures) != 1:
        message = f"An envelope in a bundle has exactly one signature, this one {len(signatures)}."
        raise VerificationError(Step.CONTAINER, "signature_count", message)
    return EnvelopeContent(
        _text(envelope, "payloadType"), _bytes(envelope, "payload"), _bytes(_object(signatures[0]), "sig")
    )


def _message(message: Mapping[str, Json]) -> MessageContent:
    given = _object(_member(message, "messageDigest") or {})
    algorithm = _member(given, "algorithm")
    name = _ALGORITHMS.get(algorithm, "") if isinstance(algorithm, str | int) else ""
    if given and not name:
        raise _shape("The message's digest has no algorithm that is known.")
    return MessageContent(name, _bytes(given, "digest"), _bytes(message, "signature"))


def read_entries(value: Json) -> tuple[LogEntry, ...]:
    """Read log entries. Raises VerificationError `bundle_shape`, FormatError for base64 that is none."""
    return tuple(_entry(_object(item)) for item in _array({"tlogEntries": value}, "tlogEntries", most=MAX_LOG_ENTRIES))


def _entry(entry: Mapping[str, Json]) -> LogEntry:
    kind = _object(_member(entry, "kindVersion"))
    promise = _object(_member(entry, "inclusionPromise") or {})
    proof = _member(entry, "inclusionProof")
    return LogEntry(
        log_index=_number(entry, "logIndex"),
        log_id=_bytes(_object(_member(entry, "logId")), "keyId"),
        kind=_text(kind, "kind"),
        version=_text(kind, "version"),
        integrated_at=_number(entry, "integratedTime"),
        promise=_bytes(promise, "signedEntryTimestamp"),
        proof=None if proof is None else _proof(_object(proof)),
        body=_bytes(entry, "canonicalizedBody"),
    )


def _proof(proof: Mapping[str, Json]) -> InclusionProof:
    hashes = _array(proof, "hashes", most=_MAX_HASHES)
    return InclusionProof(
        log_index=_number(proof, "logIndex"),
        tree_size=_number(proof, "treeSize"),
        root_hash=_bytes(proof, "rootHash"),
        hashes=tuple(decode(item, pointer="") for item in hashes),
        checkpoint=_text(_object(_member(proof, "checkpoint") or {}), "envelope"),
    )


def _shape(message: str) -> VerificationError:
    return VerificationError(Step.CONTAINER, "bundle_shape", message)


def _member(value: Mapping[str, Json], name: str) -> Json:
    """Return a member by its camelCase name, or by the snake_case one that proto3 JSON allows as well."""
    if name in value:
        return value[name]
    return value.get("".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name))


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise _shape("An object is missing, or something else stands in its place.")
    return value


def _array(value: Mapping[str, Json], name: str, *, most: int) -> list[Json]:
    found = _member(value, name)
    if found is None:
        return []
    if not isinstance(found, list) or len(found) > most:
        raise _shape(f"{name} must be an array of at most {most} items.")
    return found


def _text(value: Mapping[str, Json], name: str) -> str:
    found = _member(value, name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise _shape(f"{name} must be a string.")
    return found


def _bytes(value: Mapping[str, Json], name: str) -> bytes:
    found = _member(value, name)
    return b"" if found is None else decode(found, pointer=name)


def _number(value: Mapping[str, Json], name: str) -> int:
    """Return an unsigned 64-bit number, written as text or number; absent is zero."""
    found = _member(value, name)
    if found is None:
        return 0
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) <= 20:
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < _U64:
        raise _shape(f"{name} must be an unsigned number.")
    return found
