"""The installation's own signing key, and the public keys by which others check what it signed (docs/trust.md).

A P-256 key. Signatures are deterministic (RFC 6979): the same content signed again is the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings

from supplychain.errors import DomainError

ALGORITHM: Final = "ECDSA P-256 with SHA-256"
_ONE_PUBLIC: Final = re.compile(r"-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----")


class BadSigningKeyError(ValueError):
    """A key of the settings cannot be used. The message never holds the key."""


class NoSigningKeyError(DomainError):
    """This installation has no key to sign with."""

    def __init__(self) -> None:
        message = "This installation signs nothing: its operator sets SIGNING_KEY (docs/operations.md)."
        super().__init__("no_signing_key", message, status=409)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key by which something of ours can be checked. `key_id` is `sha256:` of its SubjectPublicKeyInfo."""

    key_id: str
    pem: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature in DER, and whose it is."""

    key_id: str
    value: bytes


def new_key() -> str:
    """Return a new private key in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def sign(data: bytes) -> Signature:
    """Sign bytes with the key in use. Raises NoSigningKeyError."""
    if not settings.SIGNING_KEY:
        raise NoSigningKeyError
    key = load_private(settings.SIGNING_KEY)
    value = key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return Signature(_public(key.public_key(), is_current=True).key_id, value)


def public_keys() -> list[PublicKey]:
    """Return the key in use first, then those of before, which still check what was signed then."""
    current = [load_private(settings.SIGNING_KEY).public_key()] if settings.SIGNING_KEY else []
    found = [_public(key, is_current=True) for key in current]
    found += [_public(key, is_current=False) for key in load_publics(settings.SIGNING_KEYS_PREVIOUS)]
    return list({key.key_id: key for key in reversed(found)}.values())[::-1]


@lru_cache(maxsize=2)
def load_private(pem: str) -> ec.EllipticCurvePrivateKey:
    """Read the private key of a setting. Raises BadSigningKeyError."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise BadSigningKeyError("holds no private key in PEM without a password") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise BadSigningKeyError("holds a key that is not of the curve P-256")
    return key


@lru_cache(maxsize=2)
def load_publics(pems: str) -> tuple[ec.EllipticCurvePublicKey, ...]:
    """Read the public keys of a setting, one below the other. Raises BadSigningKeyError."""
    if _ONE_PUBLIC.sub("", pems).strip():
        raise BadSigningKeyError("holds something beside public keys in PEM")
    return tuple(_load_public(pem) for pem in _ONE_PUBLIC.findall(pems))


def _load_public(pem: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        raise BadSigningKeyError("holds a public key that cannot be read") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise BadSigningKeyError("holds a key that is not of the curve P-256")
    return key


def _public(key: ec.EllipticCurvePublicKey, *, is_current: bool) -> PublicKey:
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return PublicKey(f"sha256:{hashlib.sha256(der).hexdigest()}", pem, is_current)
