"""Step 7: the log entry is about this signature, this key and this content, on every path. Else it proves nothing.

Entries of in-toto 0.0.1 hold no signature that could be compared: they are none that we can judge.

Comparing only some of it let entries of other signatures pass elsewhere (CVE-2022-36056, CVE-2026-22703).
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from inventory.formats.attestations.dsse import pae
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.strict_json import parse
from inventory.trust.evaluation import Step, UnsupportedError, VerificationError
from inventory.trust.material import Content, EnvelopeContent, MessageContent, PlainContent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inventory.formats.strict_json import Json
    from inventory.trust.material import LogEntry

_HASHES: Final = {
    "sha256": "sha256", "sha384": "sha384", "sha512": "sha512",
    "SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512",
}  # fmt: skip


def check_bodies(entries: Sequence[LogEntry], *, content: Content, verifier: bytes) -> None:
    """Hold each entry's body to the content and to the signer: a certificate or a public key, in DER.

    Raises VerificationError `tlog_mismatch`, UnsupportedError `log_entry_unsupported`.
    """
    for entry in entries:
        compare = _COMPARED.get((entry.kind, entry.version, type(content)))
        if compare is None:
            message = f"A log entry of kind {entry.kind[:40]} {entry.version[:20]} is none that we can judge here."
            raise UnsupportedError(Step.LOG_BODY, "log_entry_unsupported", message)
        body = _body(entry)
        if body.get("kind") != entry.kind or body.get("apiVersion") != entry.version:
            raise _mismatch("its body is of another kind than it says")
        try:
            compare(_object(body.get("spec")), content, verifier)
        except (Base64Error, ValueError, UnicodeError) as error:
            raise _mismatch("its body cannot be read") from error


def _body(entry: LogEntry) -> Mapping[str, Json]:
    try:
        return _object(parse(entry.body, limits=DEFAULT_LIMITS))
    except FormatError as error:
        raise _mismatch(f"its body is broken ({error.code})") from error


def _hashedrekord_1(spec: Mapping[str, Json], content: Content, verifier: bytes) -> None:
    data = _object(_object(spec.get("data")).get("hash"))
    signature = _object(spec.get("signature"))
    key = _object(signature.get("publicKey"))
    _same("digest", _digest_of(content, _text(data, "algorithm")), bytes.fromhex(_text(data, "value")))
    _same("signature", content.signature, _decoded(signature, "content"))
    _same("signer", verifier, _from_pem(_decoded(key, "content")))


def _hashedrekord_2(spec: Mapping[str, Json], content: Content, verifier: bytes) -> None:
    record = _object(spec.get("hashedRekordV002"))
    data, signature = _object(record.get("data")), _object(record.get("signature"))
    _same("digest", _digest_of(content, _text(data, "algorithm")), _decoded(data, "digest"))
    _same("signature", content.signature, _decoded(signature, "content"))
    _same("signer", verifier, _named(_object(signature.get("verifier"))))


def _dsse_1(spec: Mapping[str, Json], content: Content, verifier: bytes) -> None:
    given = _object(spec.get("payloadHash"))
    [signature] = _one(spec.get("signatures"))
    _same("payload", _payload_digest(content, _text(given, "algorithm")), bytes.fromhex(_text(given, "value")))
    _same("signature", content.signature, _decoded(signature, "signature"))
    _same("signer", verifier, _from_pem(_decoded(signature, "verifier")))


def _dsse_2(spec: Mapping[str, Json], content: Content, verifier: bytes) -> None:
    record = _object(spec.get("dsseV002"))
    given = _object(record.get("payloadHash"))
    [signature] = _one(record.get("signatures"))
    _same("payload", _payload_digest(content, _text(given, "algorithm")), _decoded(given, "digest"))
    _same("signature", content.signature, _decoded(signature, "content"))
    _same("signer", verifier, _named(_object(signature.get("verifier"))))


def _intoto_2(spec: Mapping[str, Json], content: Content, verifier: bytes) -> None:
    """Compare an entry of in-toto 0.0.2: its signature and key are base64 of base64 and of PEM."""
    inner = _object(spec.get("content"))
    envelope, given = _object(inner.get("envelope")), _object(inner.get("payloadHash"))
    [signature] = _one(envelope.get("signatures"))
    _same("payload", _payload_digest(content, _text(given, "algorithm")), bytes.fromhex(_text(given, "value")))
    _same("payload type", _envelope(content).payload_type.encode(), _text(envelope, "payloadType").encode())
    _same("signature", content.signature, b64decode(_decoded(signature, "sig"), validate=True))
    _same("signer", verifier, _from_pem(_decoded(signature, "publicKey")))


_COMPARED: Final[Mapping[tuple[str, str, type], Callable[[Mapping[str, Json], Content, bytes], None]]] = {
    ("hashedrekord", "0.0.1", MessageContent): _hashedrekord_1,
    ("hashedrekord", "0.0.2", MessageContent): _hashedrekord_2,
    ("hashedrekord", "0.0.2", EnvelopeContent): _hashedrekord_2,
    ("hashedrekord", "0.0.1", PlainContent): _hashedrekord_1,
    ("hashedrekord", "0.0.2", PlainContent): _hashedrekord_2,
    ("dsse", "0.0.1", EnvelopeContent): _dsse_1,
    ("dsse", "0.0.2", EnvelopeContent): _dsse_2,
    ("intoto", "0.0.2", EnvelopeContent): _intoto_2,
}


def _same(what: str, ours: bytes, theirs: bytes) -> None:
    if not ours or ours != theirs:
        raise _mismatch(f"it has another {what}")


def _digest_of(content: Content, algorithm: str) -> bytes:
    """Return the digest of what was signed: of the message as the bundle says, of an envelope its PAE's."""
    name = _HASHES.get(algorithm, "")
    if isinstance(content, MessageContent):
        return content.digest if name and name == content.algorithm else b""
    signed = content.payload if isinstance(content, PlainContent) else pae(content.payload_type, content.payload)
    return hashlib.new(name, signed).digest() if name else b""


def _payload_digest(content: Content, algorithm: str) -> bytes:
    name = _HASHES.get(algorithm, "")
    return hashlib.new(name, _envelope(content).payload).digest() if name else b""


def _envelope(content: Content) -> EnvelopeContent:
    if not isinstance(content, EnvelopeContent):
        raise _mismatch("it is about an envelope")
    return content


def _named(verifier: Mapping[str, Json]) -> bytes:
    """Return the one verifier of the second log, in DER."""
    certificate, key = verifier.get("x509Certificate"), verifier.get("publicKey")
    if (certificate is None) == (key is None):
        raise _mismatch("it names no one signer")
    return _decoded(_object(certificate if certificate is not None else key), "rawBytes")


def _from_pem(data: bytes) -> bytes:
    """Return the DER of the one certificate or public key in PEM."""
    if b"BEGIN CERTIFICATE" in data:
        [certificate] = x509.load_pem_x509_certificates(data)
        return certificate.public_bytes(Encoding.DER)
    return load_pem_public_key(data).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise _mismatch("a part of its body is missing")
    return value


def _one(value: Json) -> list[Mapping[str, Json]]:
    if not isinstance(value, list) or len(value) != 1:
        raise _mismatch("it has not exactly one signature")
    return [_object(value[0])]


def _text(value: Mapping[str, Json], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _decoded(value: Mapping[str, Json], name: str) -> bytes:
    return b64decode(_text(value, name), validate=True)


def _mismatch(what: str) -> VerificationError:
    return VerificationError(Step.LOG_BODY, "tlog_mismatch", f"The log entry is not about this signature: {what}.")
