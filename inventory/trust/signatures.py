"""Step 8: the signature is this key's, over these bytes. The algorithm follows from the key, not from the document."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from inventory.trust.evaluation import Step, UnsupportedError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

SigningKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

_OF_CURVE: Final[dict[str, tuple[hashes.HashAlgorithm, ...]]] = {
    "secp256r1": (hashes.SHA256(),),
    "secp384r1": (hashes.SHA384(), hashes.SHA256()),
    "secp521r1": (hashes.SHA512(), hashes.SHA256()),
}
"""Signers hash by the curve (Sigstore's algorithm registry); cosign once took SHA-256 for all."""
_OF_DIGEST: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_SHORTEST_RSA: Final = 2_048


def load_key(der: bytes) -> SigningKey:
    """Return a key from its SubjectPublicKeyInfo. Raises UnsupportedError `key_unsupported`."""
    try:
        return require_signing_key(load_der_public_key(der))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnsupportedError(Step.SIGNATURE, "key_unsupported", "The public key cannot be read.") from error


def require_signing_key(key: PublicKeyTypes) -> SigningKey:
    """Return a key of a kind we verify with. Raises UnsupportedError `key_unsupported`."""
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _OF_CURVE:
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SHORTEST_RSA:
        return key
    raise UnsupportedError(Step.SIGNATURE, "key_unsupported", "Keys of this kind or size are not verified with.")


def spki(key: SigningKey) -> bytes:
    """Return a key's SubjectPublicKeyInfo in DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(key: SigningKey) -> str:
    """Return the name of a key: the SHA-256 of its SubjectPublicKeyInfo."""
    return f"sha256:{hashlib.sha256(spki(key)).hexdigest()}"


def check_bytes(key: SigningKey, signature: bytes, data: bytes) -> None:
    """Hold a signature to the bytes it is over. Raises VerificationError `signature_invalid`."""
    if not _is_over_bytes(key, signature, data):
        raise VerificationError(
            Step.SIGNATURE, "signature_invalid", "The signature is not this key's over this content."
        )


def check_digest(key: SigningKey, signature: bytes, digest: bytes, *, algorithm: str) -> None:
    """Hold a signature to the digest of the bytes it is over.

    Raises VerificationError `signature_invalid`; UnsupportedError `key_unsupported` for Ed25519, which signs no digest.
    """
    hashed = _OF_DIGEST.get(algorithm)
    if hashed is None or len(digest) != hashed.digest_size:
        raise VerificationError(Step.SIGNATURE, "signature_invalid", "The digest is none of its algorithm.")
    if isinstance(key, ed25519.Ed25519PublicKey):
        message = "An Ed25519 key signs the bytes themselves, and they are not here."
        raise UnsupportedError(Step.SIGNATURE, "key_unsupported", message)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(utils.Prehashed(hashed)))
        else:
            key.verify(signature, digest, padding.PKCS1v15(), utils.Prehashed(hashed))
    except InvalidSignature as error:
        message = "The signature is not this key's over this digest."
        raise VerificationError(Step.SIGNATURE, "signature_invalid", message) from error


def _is_over_bytes(key: SigningKey, signature: bytes, data: bytes) -> bool:
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _holds(partial(key.verify, signature, data))
    if isinstance(key, rsa.RSAPublicKey):
        sha256 = hashes.SHA256()
        paddings = (padding.PKCS1v15(), padding.PSS(padding.MGF1(sha256), padding.PSS.AUTO))
        return any(_holds(partial(key.verify, signature, data, one, sha256)) for one in paddings)
    algorithms = _OF_CURVE[key.curve.name]
    return any(_holds(partial(key.verify, signature, data, ec.ECDSA(algorithm))) for algorithm in algorithms)


def _holds(verify: Callable[[], object]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True
