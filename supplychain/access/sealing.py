"""Secrets that must be read again, sealed with a key that is not in the database.

Each purpose has a key of its own: what was sealed for one cannot be put in the place of another.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

SECOND_FACTORS = b"supplychain.access: seeds of second factors"
CHANNELS = b"supplychain.notify: addresses and keys of channels"


class BrokenSealError(Exception):
    """A sealed text was made under a SECRET_KEY that is not known any more, or was changed."""


def seal(text: str, *, purpose: bytes = SECOND_FACTORS) -> str:
    """Return the text encrypted and authenticated under SECRET_KEY."""
    return _keys(purpose).encrypt(text.encode()).decode("ascii")


def unseal(sealed: str, *, purpose: bytes = SECOND_FACTORS) -> str:
    """Return the text again, also when it was sealed under SECRET_KEY_PREVIOUS. Raises BrokenSealError."""
    try:
        return _keys(purpose).decrypt(sealed.encode("ascii")).decode()
    except InvalidToken as error:
        raise BrokenSealError from error


def reseal(sealed: str, *, purpose: bytes = SECOND_FACTORS) -> str:
    """Return the same text sealed under the SECRET_KEY of today. Raises BrokenSealError."""
    return seal(unseal(sealed, purpose=purpose), purpose=purpose)


def _keys(purpose: bytes) -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(secret, purpose=purpose)) for secret in secrets])


def _derived(secret: str, *, purpose: bytes) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
    return base64.urlsafe_b64encode(key)
