"""Opens each kind of envelope and reads what it holds. What is signed is read from the very bytes that are signed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.base64 import decode
from inventory.formats.attestations.bundle import read_bundle, read_material
from inventory.formats.attestations.dsse import PAYLOAD_TYPE, certificate_of, open_envelope
from inventory.formats.attestations.open_statement import Statement, Tools, raw_members_of, read_link, read_statement
from inventory.formats.attestations.parts import items, members, parse_part, place, raw_members, sha256, text
from inventory.formats.attestations.records import (
    MAX_SIGNATURES,
    AttestationRecord,
    AttestedSubject,
    Envelope,
    Predicate,
    SignatureRecord,
)
from inventory.formats.records import FormatError, storable
from inventory.identity.digests import Digest, DigestError, parse_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inventory.formats.attestations.shapes import Found
    from inventory.formats.strict_json import Json

SIMPLE_SIGNING: Final = "application/vnd.dev.cosign.simplesigning.v1+json"
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})*")
_MAX_FACTS: Final = 20


@dataclass(frozen=True, slots=True)
class _Content:
    """What an envelope held, before its own bytes are named."""

    payload_type: str
    statement: Statement
    version: str = ""
    signatures: tuple[SignatureRecord, ...] = ()
    log_entry_count: int = 0
    timestamp_count: int = 0


def read_attestation(found: Found, *, tools: Tools) -> AttestationRecord:
    """Read one attestation. Raises FormatError with a pointer into the document that was sent."""
    content = _READERS[found.envelope](found, tools)
    statement = content.statement
    envelope = found.envelope
    if envelope is Envelope.BUNDLE and statement.predicate is Predicate.SIGNATURE:
        envelope = Envelope.MESSAGE
    return AttestationRecord(
        envelope=envelope,
        envelope_version=content.version,
        envelope_digest=sha256(bytes(found.raw)),
        pointer=found.pointer,
        payload_type=content.payload_type,
        payload_digest=statement.payload_digest,
        statement_type=statement.statement_type,
        predicate_type=statement.predicate_type,
        predicate=statement.predicate,
        subjects=statement.subjects,
        signatures=content.signatures,
        log_entry_count=content.log_entry_count,
        timestamp_count=content.timestamp_count,
        provenance=statement.provenance,
        facts=statement.facts,
        sbom=statement.sbom,
        vex=statement.vex,
    )


def _read_bare(found: Found, tools: Tools) -> _Content:
    payload = bytes(found.raw)
    return _Content("", read_statement(payload, pointer=found.pointer, is_signed=False, tools=tools))


def _read_dsse(found: Found, tools: Tools) -> _Content:
    opened = open_envelope(found.parts, pointer=found.pointer, limits=tools.limits)
    statement = read_statement(
        opened.payload, pointer=place(found.pointer, "payload"), is_signed=bool(opened.signatures), tools=tools
    )
    return _Content(opened.payload_type, statement, signatures=opened.signatures)


def _read_bundle(found: Found, tools: Tools) -> _Content:
    bundle = read_bundle(found.parts, pointer=found.pointer, limits=tools.limits)
    if bundle.opened is None:
        statement, payload_type = _message(bundle.digest, pointer=found.pointer), ""
    else:
        pointer = place(found.pointer, "dsseEnvelope", "payload")
        statement = read_statement(
            bundle.opened.payload, pointer=pointer, is_signed=bool(bundle.signatures), tools=tools
        )
        payload_type = bundle.opened.payload_type
    return _Content(
        payload_type,
        statement,
        version=bundle.version,
        signatures=bundle.signatures,
        log_entry_count=bundle.log_entry_count,
        timestamp_count=bundle.timestamp_count,
    )


def _message(digest: Digest | None, *, pointer: str) -> Statement:
    """Make the statement that a signature over bytes amounts to: it names them by a digest, and says nothing else."""
    if digest is None:
        raise FormatError("bad_subject", "The bundle does not say the digest of what it signs.", pointer=pointer)
    subject = AttestedSubject("", (digest,), (), place(pointer, "messageSignature", "messageDigest"))
    return Statement("", "", "", Predicate.SIGNATURE, (subject,))


def _read_metablock(found: Found, tools: Tools) -> _Content:
    """Read in-toto's envelope before DSSE: what is signed is the canonical form of `signed`."""
    here = place(found.pointer, "signed")
    signed = raw_members(found.parts.get("signed"), pointer=here)
    if parse_part(signed.get("_type"), pointer=here, limits=tools.limits) != "link":
        raise FormatError("bad_statement", "A layout states nothing of an artifact.", pointer=here)
    pointer = place(found.pointer, "signatures")
    listed = items(parse_part(found.parts.get("signatures"), pointer=pointer, limits=tools.limits))
    if len(listed) > MAX_SIGNATURES:
        raise FormatError("too_many_signatures", f"More than {MAX_SIGNATURES} signatures.", pointer=pointer)
    signatures = tuple(
        SignatureRecord(text(members(item), "keyid"), value) for item in listed if (value := _hex(members(item)))
    )
    statement = read_link(signed, payload=bytes(found.parts["signed"]), pointer=here, tools=tools)
    return _Content("", statement, signatures=signatures)


def _hex(signature: Mapping[str, Json]) -> bytes:
    given = signature.get("sig")
    return bytes.fromhex(given) if isinstance(given, str) and _HEX.fullmatch(given) else b""


def _read_pypi(found: Found, tools: Tools) -> _Content:
    """Read an attestation object of PEP 740: an in-toto statement under DSSE's encoding, without its envelope."""
    here = place(found.pointer, "envelope")
    envelope = members(parse_part(found.parts.get("envelope"), pointer=here, limits=tools.limits))
    payload = decode(envelope.get("statement"), pointer=place(here, "statement"))
    value = decode(envelope.get("signature", ""), pointer=place(here, "signature"))
    pointer = place(found.pointer, "verification_material")
    given = members(parse_part(found.parts.get("verification_material"), pointer=pointer, limits=tools.limits))
    material = read_material({"tlogEntries": given.get("transparency_entries")}, pointer=pointer)
    certificate = decode(given.get("certificate", ""), pointer=place(pointer, "certificate"))
    statement = read_statement(payload, pointer=place(here, "statement"), is_signed=bool(value), tools=tools)
    signatures = (SignatureRecord("", value, certificate),) if value else ()
    return _Content(PAYLOAD_TYPE, statement, signatures=signatures, log_entry_count=material.log_entry_count)


def _read_simple_signing(found: Found, tools: Tools) -> _Content:
    return _Content(SIMPLE_SIGNING, read_payload(bytes(found.raw), pointer=found.pointer, tools=tools))


def _read_cosign_download(found: Found, tools: Tools) -> _Content:
    """Read a line of `cosign download signature`: the payload beside its signature."""
    given = {
        name: parse_part(found.parts.get(name), pointer=place(found.pointer, name), limits=tools.limits)
        for name in ("Base64Signature", "Payload", "Cert", "Bundle", "RFC3161Timestamp")
    }
    payload = decode(given["Payload"], pointer=place(found.pointer, "Payload"))
    value = decode(given["Base64Signature"], pointer=place(found.pointer, "Base64Signature"))
    certificate = certificate_of(given["Cert"]) or decode(
        members(given["Cert"]).get("Raw", ""), pointer=place(found.pointer, "Cert")
    )
    return _Content(
        SIMPLE_SIGNING,
        read_payload(payload, pointer=place(found.pointer, "Payload"), tools=tools),
        signatures=(SignatureRecord("", value, certificate),) if value else (),
        log_entry_count=int(bool(given["Bundle"])),
        timestamp_count=int(bool(given["RFC3161Timestamp"])),
    )


def read_payload(payload: bytes, *, pointer: str, tools: Tools) -> Statement:
    """Read what cosign signs for an image: its manifest's digest, and the name it was signed under.

    Raises FormatError `bad_subject` when it names no digest that is accepted.
    """
    parts = raw_members_of(payload, pointer=pointer)
    here = place(pointer, "critical")
    critical = members(parse_part(parts.get("critical"), pointer=here, limits=tools.limits))
    optional = members(parse_part(parts.get("optional"), pointer=place(pointer, "optional"), limits=tools.limits))
    try:
        digest = parse_digest(text(critical, "image", "docker-manifest-digest"))
    except DigestError as error:
        raise FormatError("bad_subject", error.message, pointer=place(here, "image")) from error
    name = text(critical, "identity", "docker-reference")[:1_024]
    subject = AttestedSubject(name, (digest,), (), place(here, "image", "docker-manifest-digest"))
    facts = tuple((storable(key)[:64], value[:500]) for key, value in optional.items() if isinstance(value, str))
    return Statement(
        sha256(payload),
        "",
        text(critical, "type")[:512],
        Predicate.IMAGE_SIGNATURE,
        (subject,),
        facts=facts[:_MAX_FACTS],
    )


_READERS: Final[Mapping[Envelope, Callable[[Found, Tools], _Content]]] = {
    Envelope.STATEMENT: _read_bare,
    Envelope.DSSE: _read_dsse,
    Envelope.BUNDLE: _read_bundle,
    Envelope.METABLOCK: _read_metablock,
    Envelope.PYPI: _read_pypi,
    Envelope.SIMPLE_SIGNING: _read_simple_signing,
    Envelope.COSIGN_LAYER: _read_cosign_download,
}
