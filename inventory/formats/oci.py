"""Reads an OCI image index or manifest (image-spec v1.1), or Docker's manifest list and manifest (schema 2).

The digest of such a document is the digest of its bytes, so it is read as it was sent, to the byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.detected import Detected
from inventory.formats.limits import Limits
from inventory.formats.records import ArtifactKind, ConfigRecord, FormatError, ImageRecord, MembershipRecord
from inventory.formats.strict_json import Json, bad_string, parse_text
from inventory.formats.text import Utf8
from inventory.identity.digests import Digest, DigestError, parse_digest

_REFERENCE_TYPE: Final = "vnd.docker.reference.type"
_IMAGE_CONFIGS: Final = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)


def read_image(data: bytes, text: Utf8, detected: Detected, *, limits: Limits) -> ImageRecord:
    """Read an index or a manifest; `data` are the bytes whose digest it is.

    Attestation manifests in an index (platform unknown/unknown, or marked as such) are no images and left out. Raises
    FormatError `wrong_shape`, `too_many_records`, and the codes of strict JSON.
    """
    body = parse_text(text, limits=limits)
    if not isinstance(body, dict):
        raise FormatError("wrong_shape", "An image index or manifest is an object.")
    unfit = bad_string(body, limits=limits)
    if unfit is not None:
        raise FormatError(unfit.code, "The document holds a string that cannot be stored.", pointer=unfit.pointer)
    defects = Defects()
    own = Digest("sha256", hashlib.sha256(data).hexdigest())
    is_index = detected.format == "oci-index"
    return ImageRecord(
        digest=own,
        kind=ArtifactKind.OCI_INDEX if is_index else ArtifactKind.OCI_MANIFEST,
        media_type=detected.media_type,
        memberships=_memberships(body, own, limits=limits, defects=defects) if is_index else (),
        configs=() if is_index else _configs(body, own, defects=defects),
        warnings=defects.warnings(),
    )


def _memberships(
    body: Mapping[str, Json], own: Digest, *, limits: Limits, defects: Defects
) -> tuple[MembershipRecord, ...]:
    manifests = body.get("manifests")
    if not isinstance(manifests, list):
        raise FormatError("wrong_shape", "manifests must be an array.", pointer="/manifests")
    if len(manifests) > limits.components:
        raise FormatError("too_many_records", f"The index lists more than {limits.components} manifests.")
    found = []
    for index, item in enumerate(manifests):
        descriptor = item if isinstance(item, dict) else {}
        platform = _members(descriptor.get("platform"))
        os, architecture = _text(platform, "os"), _text(platform, "architecture")
        is_marked = _REFERENCE_TYPE in _members(descriptor.get("annotations"))
        if is_marked or (os == "unknown" and architecture == "unknown"):
            continue
        member = _digest(descriptor, pointer=f"/manifests/{index}", defects=defects)
        if member is not None:
            found.append(MembershipRecord(own, member, os, architecture, _text(platform, "variant")))
    return tuple(dict.fromkeys(found))


def _configs(body: Mapping[str, Json], own: Digest, *, defects: Defects) -> tuple[ConfigRecord, ...]:
    """Read the image id. The config of an artifact that is no image (a signature, an SBOM) names nothing that runs."""
    config = _members(body.get("config"))
    if _text(config, "mediaType") not in _IMAGE_CONFIGS:
        defects.add("not_an_image", "/config/mediaType", "The config is not an image's: the manifest is no image.")
        return ()
    digest = _digest(config, pointer="/config", defects=defects)
    return (ConfigRecord(manifest=own, config=digest),) if digest is not None else ()


def _digest(descriptor: Mapping[str, Json], *, pointer: str, defects: Defects) -> Digest | None:
    try:
        return parse_digest(_text(descriptor, "digest"))
    except DigestError as error:
        defects.add("bad_digest", pointer + "/digest", error.message)
        return None


def _members(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(members: Mapping[str, Json], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""
