"""Digests: the only name of an artifact that cannot lie."""

from __future__ import annotations

import re
from dataclasses import dataclass

from supplychain.errors import DomainError

HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""Accepted algorithms and the exact number of hex characters of each (OCI descriptors; npm names sha512 alone)."""

_DIGEST = re.compile(r"(sha256):([0-9a-f]{64})|(sha384):([0-9a-f]{96})|(sha512):([0-9a-f]{128})")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class DigestError(DomainError):
    """The text is not a digest we accept."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_digest", message)


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """An algorithm of HEX_LENGTHS and its value in lower-case hex. Made by `parse_digest`, so always well formed."""

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"


def parse_digest(text: str) -> Digest:
    """Parse `sha256:<64 hex>` (or sha384, sha512), upper case lowered; raises DigestError naming the defect."""
    exact = _DIGEST.fullmatch(text)
    lowered = exact or _DIGEST.fullmatch(text.strip().lower())
    if lowered is None:
        raise DigestError(_defect(text.strip()))
    algorithm, value = (group for group in lowered.groups() if group is not None)
    return Digest(algorithm, value)


def find_digest(text: str) -> Digest | None:
    """Return the digest in `sha256:…`, `repo@sha256:…` or `docker-pullable://repo@sha256:…`, or None.

    Says nothing about what the digest names: for a pod's image id use `images.parse_image_id`, which keeps that apart.
    """
    bare = _SCHEME.sub("", text.strip(), count=1)
    try:
        return parse_digest(bare.rpartition("@")[2])
    except DigestError:
        return None


def _defect(text: str) -> str:
    shown = text if len(text) <= 80 else f"{text[:80]}…"
    algorithm, colon, value = text.partition(":")
    length = HEX_LENGTHS.get(algorithm.lower())
    if not colon:
        return f"'{shown}' is not a digest: write the algorithm first, as in sha256:<64 hex characters>."
    if length is None:
        return f"'{shown}' is not a digest we accept: the algorithm must be one of {', '.join(HEX_LENGTHS)}."
    if len(value) != length:
        return f"'{shown}' is not a digest: {algorithm.lower()} needs {length} hex characters, this has {len(value)}."
    return f"'{shown}' is not a digest: only the hex characters 0-9 and a-f may follow {algorithm.lower()}:."
