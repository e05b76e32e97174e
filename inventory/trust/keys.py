"""Which registered key made a signature. A key id is its writer's hint, and decides nothing (DSSE v1.0.2)."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from inventory.formats.attestations.dsse import pae
from inventory.trust.evaluation import Step, UnsupportedError, VerificationError
from inventory.trust.material import EnvelopeContent, MessageContent
from inventory.trust.signatures import check_bytes, check_digest, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inventory.trust.evaluation import Evaluation
    from inventory.trust.material import Material
    from inventory.trust.signatures import SigningKey


def find_key(material: Material, *, keys: Mapping[str, SigningKey]) -> SigningKey:
    """Return the registered key whose signature it is, whatever the hint says.

    Raises UnsupportedError `key_unknown`; when the hint names a key of ours, which did not sign this, VerificationError
    `signature_invalid`, or UnsupportedError `key_unsupported`.
    """
    named = [key for name, key in keys.items() if material.key_hint in _hints(name, key)]
    for key in keys.values():
        if _is_by(key, material):
            return key
    for key in named:
        _check(key, material)
    raise UnsupportedError(Step.SIGNATURE, "key_unknown", "It was signed by a key that nobody here registered.")


def signers_of(evaluations: Iterable[Evaluation]) -> frozenset[str]:
    """Return the keys of the valid signatures among several: the same key twice is one signer.

    What needs several signers counts these, never signatures (sigstore-go CVE-2026-49834).
    """
    return frozenset(found.key_fingerprint for found in evaluations if not found.code and found.key_fingerprint)


def _is_by(key: SigningKey, material: Material) -> bool:
    try:
        _check(key, material)
    except VerificationError:
        return False
    return True


def _check(key: SigningKey, material: Material) -> None:
    content = material.content
    if isinstance(content, MessageContent):
        check_digest(key, content.signature, content.digest, algorithm=content.algorithm)
    elif isinstance(content, EnvelopeContent):
        check_bytes(key, content.signature, pae(content.payload_type, content.payload))
    else:
        check_bytes(key, content.signature, content.payload)


def _hints(name: str, key: SigningKey) -> frozenset[str]:
    """Return what writers call a key: its name here, or its digest in hex or base64."""
    value = fingerprint(key)
    digest = value.partition(":")[2]
    return frozenset({name, value, digest, b64encode(bytes.fromhex(digest)).decode("ascii")})
