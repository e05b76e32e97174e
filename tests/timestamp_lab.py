"""A timestamp authority of our own: RFC 3161 responses, written byte by byte, of which each part can be wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.trust_lab import SHA256, Key, der, new_key, sign, text

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_STAMP_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SHA256, _ECDSA_SHA256 = "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2"


@dataclass
class StampLab:
    """A timestamp authority with a root above it."""

    name: str = "stamps"
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    root_key: Key = field(default_factory=new_key)
    key: Key = field(default_factory=new_key)
    is_for_stamps: bool = True

    @cached_property
    def root(self) -> x509.Certificate:
        return self._issue("root", self.root_key, is_authority=True)

    @cached_property
    def certificate(self) -> x509.Certificate:
        return self._issue("signer", self.key, is_authority=False)

    def authority(self, **changes: Any) -> dict[str, Any]:
        """Write it as an entry of `timestampAuthorities`."""
        chain = [{"rawBytes": text(one.public_bytes(Encoding.DER))} for one in (self.certificate, self.root)]
        return {
            "subject": {"organization": "lab", "commonName": self.name},
            "certChain": {"certificates": chain},
            "validFor": {"start": (self.at - timedelta(days=1)).isoformat()},
            **changes,
        }

    def stamp(self, signature: bytes, *, at: datetime | None = None, status: int = 0) -> bytes:
        """Answer a request for a timestamp over a signature."""
        info = _sequence(
            _integer(1),
            _oid("1.2.3.4"),
            _sequence(_algorithm(_SHA256), der(0x04, hashlib.sha256(signature).digest())),
            _integer(1),
            der(0x18, (at or self.at).strftime("%Y%m%d%H%M%SZ").encode()),
        )
        attributes = b"".join(
            sorted(
                [
                    _sequence(_oid(_CONTENT_TYPE), der(0x31, _oid(_STAMP_INFO))),
                    _sequence(_oid(_MESSAGE_DIGEST), der(0x31, der(0x04, hashlib.sha256(info).digest()))),
                ]
            )
        )
        signer = _sequence(
            _integer(1),
            _sequence(self.certificate.issuer.public_bytes(), _integer(self.certificate.serial_number)),
            _algorithm(_SHA256),
            der(0xA0, attributes),
            _algorithm(_ECDSA_SHA256, is_bare=True),
            der(0x04, sign(self.key, der(0x31, attributes))),
        )
        signed = _sequence(
            _integer(3),
            der(0x31, _algorithm(_SHA256)),
            _sequence(_oid(_STAMP_INFO), der(0xA0, der(0x04, info))),
            der(0xA0, self.certificate.public_bytes(Encoding.DER)),
            der(0x31, signer),
        )
        return _sequence(_sequence(_integer(status)), _sequence(_oid(_SIGNED_DATA), der(0xA0, signed)))

    def _issue(self, name: str, key: Key, *, is_authority: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._named(name))
            .issuer_name(self._named("root"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.at - timedelta(days=1))
            .not_valid_after(self.at + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(_usage(is_authority=is_authority), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root_key.public_key()), critical=False
            )
        )
        if not is_authority and self.is_for_stamps:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return builder.sign(self.root_key, SHA256)

    def _named(self, name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} {name}")])


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    rest = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(digital_signature=not is_authority, key_cert_sign=is_authority, crl_sign=is_authority, **rest)


def _sequence(*parts: bytes) -> bytes:
    return der(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    return der(0x06, b"".join(map(_base128, [first * 40 + second, *rest])))


def _base128(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def _algorithm(dotted: str, *, is_bare: bool = False) -> bytes:
    return _sequence(_oid(dotted), b"" if is_bare else b"\x05\x00")
