"""cosign's material of before bundles: a certificate in PEM, a log's promise, a timestamp, each in an annotation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.base64 import decode
from inventory.formats.attestations.dsse import certificate_of
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.strict_json import Json, parse
from inventory.trust.evaluation import Step, VerificationError
from inventory.trust.material import Content, LogEntry, Material, PlainContent

if TYPE_CHECKING:
    from collections.abc import Mapping

_CERTIFICATE: Final = "dev.sigstore.cosign/certificate"
_LOG_ENTRY: Final = "dev.sigstore.cosign/bundle"
_TIMESTAMP: Final = "dev.sigstore.cosign/rfc3161timestamp"
_PROMISE_IS_ENOUGH: Final = "0.1"
"""cosign's bundles have the log's promise and no proof, like Sigstore's of that version."""


def annotated(annotations: Mapping[str, Json], content: Content) -> Material:
    """Read the annotations of a layer. Raises VerificationError `bundle_shape`, FormatError."""
    return _material(
        content,
        certificate=certificate_of(annotations.get(_CERTIFICATE)),
        entry=_nested(annotations.get(_LOG_ENTRY)),
        timestamp=_nested(annotations.get(_TIMESTAMP)),
    )


def downloaded(line: Mapping[str, Json], *, payload_type: str) -> Material:
    """Read a line of `cosign download signature`. Raises as `annotated` does."""
    content = PlainContent(
        payload_type,
        decode(line.get("Payload"), pointer="/Payload"),
        decode(line.get("Base64Signature"), pointer="/Base64Signature"),
    )
    certificate = line.get("Cert")
    if isinstance(certificate, dict):
        der = decode(certificate.get("Raw") or "", pointer="/Cert")
    else:
        der = certificate_of(certificate)
    return _material(
        content, certificate=der, entry=_nested(line.get("Bundle")), timestamp=_nested(line.get("RFC3161Timestamp"))
    )


def _material(content: Content, *, certificate: bytes, entry: Json, timestamp: Json) -> Material:
    return Material(
        version=_PROMISE_IS_ENOUGH,
        content=content,
        certificate=certificate,
        key_hint="",
        entries=(_entry(_object(entry)),) if entry else (),
        timestamps=(decode(_object(timestamp).get("SignedRFC3161Timestamp"), pointer=""),) if timestamp else (),
    )


def _entry(bundle: Mapping[str, Json]) -> LogEntry:
    """Read a log's promise; which kind of entry it is for, the entry's own body says."""
    payload = _object(bundle.get("Payload"))
    body = decode(payload.get("body"), pointer="/body")
    try:
        kind = _object(parse(body, limits=DEFAULT_LIMITS))
    except FormatError as error:
        raise _shape(f"the log entry's body is broken ({error.code})") from error
    log = payload.get("logID")
    return LogEntry(
        log_index=_number(payload, "logIndex"),
        log_id=_hex(log),
        kind=_text(kind, "kind"),
        version=_text(kind, "apiVersion"),
        integrated_at=_number(payload, "integratedTime"),
        promise=decode(bundle.get("SignedEntryTimestamp"), pointer="/SignedEntryTimestamp"),
        proof=None,
        body=body,
    )


def _nested(value: Json) -> Json:
    """Return an annotation's JSON, which is text in a layer and an object in a download."""
    if not isinstance(value, str):
        return value
    try:
        return parse(value.encode(), limits=DEFAULT_LIMITS)
    except FormatError as error:
        raise _shape(f"an annotation is broken ({error.code})") from error


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise _shape("an object is missing")
    return value


def _text(value: Mapping[str, Json], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _number(value: Mapping[str, Json], name: str) -> int:
    found = value.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 2**63:
        raise _shape(f"{name} is no number")
    return found


def _hex(value: Json) -> bytes:
    try:
        return bytes.fromhex(value if isinstance(value, str) else "-")
    except ValueError as error:
        raise _shape("the log's id is no hex") from error


def _shape(what: str) -> VerificationError:
    return VerificationError(Step.CONTAINER, "bundle_shape", f"cosign's material cannot be read: {what}.")
