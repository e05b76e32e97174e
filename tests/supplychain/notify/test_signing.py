"""Signatures of webhooks, computed a second time in another way."""

from __future__ import annotations

import base64
import hashlib
from uuid import UUID

from supplychain.notify.signing import KEY_BYTES, new_key, signed_headers
from tests.supplychain.actors import AT

EVENT = UUID("01930000-0000-7000-8000-000000000001")


def hmac_by_hand(key: bytes, text: bytes) -> bytes:
    """RFC 2104, step by step."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + text).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def test_each_key_signs_id_time_and_body():
    keys = [new_key(), new_key()]

    headers = signed_headers(EVENT, b'{"a":1}', keys=keys, at=AT)

    signed = f"{EVENT}.{int(AT.timestamp())}.".encode() + b'{"a":1}'
    expected = [hmac_by_hand(base64.b64decode(key.removeprefix("whsec_")), signed) for key in keys]
    assert headers == {
        "Webhook-Id": str(EVENT),
        "Webhook-Timestamp": str(int(AT.timestamp())),
        "Webhook-Signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in expected),
    }


def test_the_example_of_the_specification_has_its_signature():
    # standardwebhooks.com: the reference libraries' own vector.
    key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    text = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'

    assert base64.b64encode(hmac_by_hand(base64.b64decode(key.removeprefix("whsec_")), text)).decode() == (
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_new_key_has_256_bits_and_is_never_the_same():
    keys = {new_key() for _ in range(50)}

    assert len(keys) == 50
    assert {len(base64.b64decode(key.removeprefix("whsec_"))) for key in keys} == {KEY_BYTES}
