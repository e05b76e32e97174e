"""What the suites of signatures share: roots of trust of the corpus, and one word a bundle."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import load_pem_public_key

from inventory.trust.bundles import Verifier, verify_bundle
from inventory.trust.outcomes import Outcome
from inventory.trust.roots import BadRootError, RootOfTrust, load_root
from inventory.trust.signatures import SigningKey, require_signing_key

PUBLIC_ROOT: Final = "trust-roots/root-signing/targets/trusted_root.json"
VERIFIED, REFUSED = "verified", "refused"


def root_at(path: Path) -> RootOfTrust | None:
    """Read a root of trust; None where it is none, and so nothing is verified under it."""
    try:
        return load_root(path.read_bytes())
    except BadRootError:
        return None


def key_at(path: Path) -> SigningKey:
    return require_signing_key(load_pem_public_key(path.read_bytes()))


def judge(data: bytes, *, root: RootOfTrust | None, keys: dict[str, SigningKey], artifact: bytes | None = None) -> str:
    """Say whether a bundle is verified, and of a signed message whether it is this artifact's."""
    if root is None:
        return REFUSED
    evaluation = verify_bundle(data, verifier=Verifier(root, keys, datetime.now(UTC)))
    if evaluation.outcome is not Outcome.VALID:
        return REFUSED
    own = [digest.value for digest in evaluation.digests]
    if artifact is not None and own and own != [hashlib.new(evaluation.digests[0].algorithm, artifact).hexdigest()]:
        return REFUSED
    return VERIFIED
