"""Whether a file is a root of trust at all, told without `sigstore`, which the web server does not load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography import x509

from inventory.formats.attestations.base64 import decode
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.strict_json import Json, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MEDIA_TYPE: Final = "application/vnd.dev.sigstore.trustedroot"


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
            _object(log.get("publicKey"))
    except (FormatError, ValueError) as error:
        raise BadRootShapeError(f"This is no root of trust: {str(error)[:300]}") from error
    if not authorities and not logs:
        raise BadRootShapeError("This root of trust believes nobody.")


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
