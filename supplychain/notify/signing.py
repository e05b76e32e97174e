"""Signatures of webhooks, as Standard Webhooks writes them (standardwebhooks.com): receivers have libraries for it.

What is signed is `id.timestamp.body`, by HMAC-SHA256. During a rotation both keys sign, so a receiver changes over when
it likes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

PREFIX = "whsec_"
KEY_BYTES = 32


def new_key() -> str:
    """Return a new signing key, as it is shown once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def signed_headers(event_id: UUID, body: bytes, *, keys: Iterable[str], at: datetime) -> Mapping[str, str]:
    """Return the headers that let a receiver check who sent a body, when, and whether he has had it before."""
    moment = str(int(at.timestamp()))
    signed = b".".join([str(event_id).encode(), moment.encode(), body])
    signatures = (hmac.new(_bytes_of(key), signed, hashlib.sha256).digest() for key in keys)
    return {
        "Webhook-Id": str(event_id),
        "Webhook-Timestamp": moment,
        "Webhook-Signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures),
    }


def _bytes_of(key: str) -> bytes:
    return base64.b64decode(key.removeprefix(PREFIX))
