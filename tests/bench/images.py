"""What registries hold of a build beside its SBOM: the manifest, which lists the layers it stands on."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_OF_A_BASE = 6


def digest_of(what: str) -> str:
    """Return the digest of bytes that nobody has: of a layer, a config, or an image whose manifest nobody sends."""
    return "sha256:" + hashlib.sha256(what.encode()).hexdigest()


def base_layers(lineage: int, *, week: int) -> list[str]:
    """Return the layers of a lineage's base image as it was built in a week: one to six, none as the week before."""
    return [digest_of(f"base-{lineage}/{week}/{number}") for number in range(1 + lineage % _MOST_OF_A_BASE)]


def manifest(layers: Sequence[str], *, config: str) -> bytes:
    """Return a manifest as BuildKit writes it."""
    kind = "application/vnd.oci.image"
    listed = [
        {"mediaType": f"{kind}.layer.v1.tar+gzip", "digest": layer, "size": 1_000_000 + place}
        for place, layer in enumerate(layers)
    ]
    body = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": {"mediaType": f"{kind}.config.v1+json", "digest": config, "size": 7_000},
        "layers": listed,
    }
    return json.dumps(body, indent=2).encode()
