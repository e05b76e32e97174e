"""A passkey as an authenticator would have registered it; nobody holds its private key."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

_FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT


def passkey_id(letter: str) -> str:
    """Return the credential's id, as long for everybody."""
    return websafe_encode(_raw_id(letter))


def passkey_of(letter: str) -> dict[str, Any]:
    """Return the data that allauth keeps of a registration."""
    public_key = ES256.from_cryptography_key(ec.derive_private_key(7, ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(Aaguid.NONE, _raw_id(letter), public_key)
    data = AuthenticatorData.create(hashlib.sha256(b"testserver").digest(), _FLAGS, 0, credential)
    client = {"type": "webauthn.create", "challenge": "AAAA", "origin": "https://testserver"}
    response = {
        "clientDataJSON": websafe_encode(json.dumps(client).encode()),
        "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
    }
    name = passkey_id(letter)
    registered = {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
    return {"name": "phone", "credential": registered}


def _raw_id(letter: str) -> bytes:
    return hashlib.sha256(letter.encode()).digest()[:16]
