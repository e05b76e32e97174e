"""Whether a file is a root of trust at all, and whom it believes: without `sigstore`, which the web does not load."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509

from inventory.formats.attestations.base64 import decode
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.strict_json import Json, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MEDIA_TYPE: Final = "application/vnd.dev.sigstore.trustedroot"


class PartKind(enum.StrEnum):
    """What a root believes somebody to be."""

    CERTIFICATE_AUTHORITY = "certificate_authority"
    TIMESTAMP_AUTHORITY = "timestamp_authority"
    SIGNATURE_LOG = "signature_log"
    CERTIFICATE_LOG = "certificate_log"


@dataclass(frozen=True, slots=True)
class RootPart:
    """One authority or log. `fingerprint` is `sha256:` of its last certificate or of its key; times as written."""

    kind: PartKind
    name: str
    fingerprint: str
    valid_from: str
    valid_to: str


class BadRootShapeError(ValueError):
    """The file is no trusted_root.json."""


def check_shape(data: bytes) -> None:
    """Raise BadRootShapeError for what is no trusted_root.json with at least one certificate authority or log."""
    try:
        body = _object(parse(data, limits=DEFAULT_LIMITS))
        if not str(body.get("mediaType", "")).startswith(_MEDIA_TYPE):
            raise BadRootShapeError("This is no root of trust: its mediaType is another.")
        authorities = list(_each(body, "certificateAuthorities"))
        for authority in (*authorities, *_each(body, "timestampAuthorities")):
            _check_authority(authority)
        logs = list(_each(body, "tlogs"))
        for log in (*logs, *_each(body, "ctlogs")):
            decode(_object(log.get("publicKey")).get("rawBytes"), pointer="/rawBytes")
    except (FormatError, ValueError) as error:
        raise BadRootShapeError(f"This is no root of trust: {str(error)[:300]}") from error
    if not authorities and not logs:
        raise BadRootShapeError("This root of trust believes nobody.")


def read_parts(data: bytes) -> list[RootPart]:
    """Return whom a root believes, in its order. `data` has the shape that `check_shape` asks for."""
    body = _object(parse(data, limits=DEFAULT_LIMITS))
    found = [_authority(PartKind.CERTIFICATE_AUTHORITY, one) for one in _each(body, "certificateAuthorities")]
    found += [_authority(PartKind.TIMESTAMP_AUTHORITY, one) for one in _each(body, "timestampAuthorities")]
    found += [_log(PartKind.SIGNATURE_LOG, one) for one in _each(body, "tlogs")]
    return [*found, *(_log(PartKind.CERTIFICATE_LOG, one) for one in _each(body, "ctlogs"))]


def _authority(kind: PartKind, authority: Mapping[str, Json]) -> RootPart:
    *_, last = _each(_object(authority.get("certChain")), "certificates")
    der = decode(last.get("rawBytes"), pointer="/rawBytes")
    name = str(authority.get("uri") or x509.load_der_x509_certificate(der).subject.rfc4514_string())
    return _part(kind, name, der, authority.get("validFor"))


def _log(kind: PartKind, log: Mapping[str, Json]) -> RootPart:
    key = _object(log.get("publicKey"))
    return _part(
        kind, str(log.get("baseUrl", "")), decode(key.get("rawBytes"), pointer="/rawBytes"), key.get("validFor")
    )


def _part(kind: PartKind, name: str, der: bytes, valid: Json) -> RootPart:
    period = valid if isinstance(valid, dict) else {}
    fingerprint = f"sha256:{hashlib.sha256(der).hexdigest()}"
    return RootPart(
        kind, name[:500], fingerprint, str(period.get("start") or "")[:40], str(period.get("end") or "")[:40]
    )


def _check_authority(authority: Mapping[str, Json]) -> None:
    certificates = list(_each(_object(authority.get("certChain")), "certificates"))
    if not certificates:
        raise BadRootShapeError("an authority has no certificate")
    for certificate in certificates:
        x509.load_der_x509_certificate(decode(certificate.get("rawBytes"), pointer="/rawBytes"))
    _object(authority.get("validFor"))


def _each(value: Mapping[str, Json], name: str) -> Iterator[Mapping[str, Json]]:
    listed = value.get(name) or []
    if not isinstance(listed, list):
        raise BadRootShapeError(f"{name} is no array")
    yield from map(_object, listed)


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise BadRootShapeError("an object is missing")
    return value
