"""Secrets that must be read again, sealed with a key that is not in the database: seeds of second factors."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"supplychain.access: seeds of second factors"


class BrokenSealError(Exception):
    """A sealed text was made under a SECRET_KEY that is not known any more, or was changed."""


def seal(text: str) -> str:
    """Return the text encrypted and authenticated under SECRET_KEY."""
    return _keys().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """Return the text again, also when it was sealed under SECRET_KEY_PREVIOUS. Raises BrokenSealError."""
    try:
        return _keys().decrypt(sealed.encode("ascii")).decode()
    except InvalidToken as error:
        raise BrokenSealError from error


def reseal(sealed: str) -> str:
    """Return the same text sealed under the SECRET_KEY of today. Raises BrokenSealError."""
    return seal(unseal(sealed))


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(_derived(secret)) for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]])


def _derived(secret: str) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(key)
