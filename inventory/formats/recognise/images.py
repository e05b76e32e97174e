"""What a registry holds: OCI image indexes and manifests, Docker's manifest lists and manifests."""

from __future__ import annotations

from typing import Final

from inventory.formats import json_parts
from inventory.formats.detected import Detected, Kind, Members, text_member

OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"


def recognise_image(members: Members) -> Detected | None:
    """Recognise an image index or manifest."""
    if "schemaVersion" not in members:
        return None
    media_type = text_member(members, "mediaType")
    version = str(json_parts.decode_value(members["schemaVersion"]))[:8]
    if version != "2":
        return Detected(Kind.IMAGE, "docker-schema1", version)
    if "manifests" in members:
        return Detected(Kind.IMAGE, "oci-index", version, media_type or OCI_INDEX)
    if "config" in members and "layers" in members:
        return Detected(Kind.IMAGE, "oci-manifest", version, media_type or OCI_MANIFEST)
    return None
