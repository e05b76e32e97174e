"""What a registry holds and tells: OCI image indexes, manifests and configs, Docker's, and its notifications."""

from __future__ import annotations

from typing import Final

from inventory.formats import json_parts
from inventory.formats.detected import Detected, Kind, Members, text_member

OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
REGISTRY_EVENTS: Final = "application/vnd.docker.distribution.events.v1+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"


def recognise_image(members: Members) -> Detected | None:
    """Recognise an image index, manifest or config, or a registry's notification."""
    if "schemaVersion" not in members:
        return _config(members) or _events(members)
    media_type = text_member(members, "mediaType")
    version = str(json_parts.decode_value(members["schemaVersion"]))[:8]
    if version != "2":
        return Detected(Kind.IMAGE, "docker-schema1", version)
    if "manifests" in members:
        return Detected(Kind.IMAGE, "oci-index", version, media_type or OCI_INDEX)
    if "config" in members and "layers" in members:
        return Detected(Kind.IMAGE, "oci-manifest", version, media_type or OCI_MANIFEST)
    return None


def _config(members: Members) -> Detected | None:
    if "rootfs" in members and "architecture" in members and "os" in members:
        return Detected(Kind.IMAGE, "oci-config", "", OCI_CONFIG)
    return None


def _events(members: Members) -> Detected | None:
    raw = members.get("events")
    if raw is None or json_parts.first_byte(raw) != "[":
        return None
    listed = json_parts.array_items(raw, pointer="/events")
    if not listed or json_parts.first_byte(listed[0]) != "{":
        return None
    event = json_parts.object_members(listed[0], pointer="/events/0")
    is_of_a_registry = "action" in event and "target" in event
    return Detected(Kind.REGISTRY, "registry-events", "", REGISTRY_EVENTS) if is_of_a_registry else None
