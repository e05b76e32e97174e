"""DSSE's test vectors: what is signed is made to the byte, and its signature is over that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from inventory.formats.attestations.base64 import decode
from inventory.formats.attestations.dsse import open_envelope, pae
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from tests.conformance.frame import Case, Suite

_HALF: Final = 32


def _cases(corpus: Path) -> Iterator[Case]:
    listed = json.loads((corpus / "dsse" / "vectors.json").read_text(encoding="utf-8"))["vectors"]
    for number, vector in enumerate(listed):
        envelope = vector["envelope"]
        payload = decode(envelope["payload"], pointer="")
        encoded = pae(envelope["payloadType"], payload)
        yield Case(f"{number} payload", vector["payload_utf8"], payload.decode())
        yield Case(f"{number} encoding", vector["pae"], encoded.decode())
        yield Case(f"{number} signature", vector["expected"], _verified(vector, encoded))
        yield Case(f"{number} signature of a changed payload", "invalid", _verified(vector, encoded + b"!"))
        yield Case(f"{number} payload type that is no statement's", "refused payload_type", _opened(envelope))


def _verified(vector: dict[str, Any], signed: bytes) -> str:
    numbers = ec.EllipticCurvePublicNumbers(int(vector["key"]["X"]), int(vector["key"]["Y"]), ec.SECP256R1())
    raw = decode(vector["envelope"]["signatures"][0]["sig"], pointer="")
    halves = (int.from_bytes(half) for half in (raw[:_HALF], raw[_HALF:]))
    try:
        numbers.public_key().verify(utils.encode_dss_signature(*halves), signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return "invalid"
    return "valid"


def _opened(envelope: dict[str, Any]) -> str:
    parts = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in envelope.items()}
    try:
        open_envelope(parts, pointer="", limits=DEFAULT_LIMITS)
    except FormatError as error:
        return f"refused {error.code}"
    return "opened"


SUITE = Suite("dsse", "DSSE's vectors: pre-authentication encoding and the signature over it.", ("dsse",), _cases)
