"""Reads an OCI image index, manifest or config (image-spec v1.1), or Docker's of schema 2.

The digest of such a document is the digest of its bytes, so it is read as it was sent, to the byte.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.parts import members, place, text
from inventory.formats.defects import Defects
from inventory.formats.image_claims import (
    REFERENCE_TYPE,
    is_of_cosign,
    read_claims,
    read_cosign_signatures,
    read_layers,
    read_marked,
    read_referrer,
)
from inventory.formats.image_records import ImageRecord
from inventory.formats.json_parts import read_members
from inventory.formats.records import ArtifactKind, ConfigRecord, FormatError, MembershipRecord
from inventory.formats.strict_json import bad_string, parse_text
from inventory.identity.digests import Digest, DigestError, parse_digest

if TYPE_CHECKING:
    from inventory.formats.attestations.parts import Members
    from inventory.formats.claims import ClaimRecord
    from inventory.formats.detected import Detected
    from inventory.formats.image_records import ReferrerRecord
    from inventory.formats.limits import Limits
    from inventory.formats.text import Utf8

_IMAGE_CONFIGS: Final = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)


def read_image(data: bytes, text_: Utf8, detected: Detected, *, limits: Limits) -> ImageRecord:
    """Read an index, a manifest or a config; `data` are the bytes whose digest it is.

    Attestation manifests in an index (platform unknown/unknown, or marked as such) and other artifacts are no images
    and left out of its members. Raises FormatError `wrong_shape`, `too_many_records`, and the codes of strict JSON.
    """
    body = parse_text(text_, limits=limits)
    if not isinstance(body, dict):
        raise FormatError("wrong_shape", "An image index, manifest or config is an object.")
    unfit = bad_string(body, limits=limits)
    if unfit is not None:
        raise FormatError(unfit.code, "The document holds a string that cannot be stored.", pointer=unfit.pointer)
    defects = Defects()
    own = Digest("sha256", hashlib.sha256(data).hexdigest())
    match detected.format:
        case "oci-index":
            record = _read_index(body, own, limits=limits, defects=defects)
        case "oci-config":
            record = _read_config(body, own, defects=defects)
        case _:
            record = _read_manifest(body, text_, own, defects=defects)
    return replace(record, media_type=detected.media_type, warnings=defects.warnings())


def _read_index(body: Members, own: Digest, *, limits: Limits, defects: Defects) -> ImageRecord:
    manifests = body.get("manifests")
    if not isinstance(manifests, list):
        raise FormatError("wrong_shape", "manifests must be an array.", pointer="/manifests")
    if len(manifests) > limits.components:
        raise FormatError("too_many_records", f"The index lists more than {limits.components} manifests.")
    found: list[MembershipRecord] = []
    claims: list[ClaimRecord] = list(
        read_claims(body.get("annotations"), artifact=own, pointer="/annotations", defects=defects)
    )
    referrers: list[ReferrerRecord] = list(read_referrer(body, own=own, defects=defects))
    artifacts: list[tuple[Digest, str]] = []
    for index, item in enumerate(manifests):
        descriptor, pointer = members(item), place("/manifests", index)
        referrers += read_marked(descriptor, pointer=pointer, defects=defects)
        platform = members(descriptor.get("platform"))
        os, architecture = text(platform, "os"), text(platform, "architecture")
        annotations = members(descriptor.get("annotations"))
        if REFERENCE_TYPE in annotations or (os == "unknown" and architecture == "unknown"):
            continue
        member = _digest(descriptor, pointer=pointer, defects=defects)
        kind = text(descriptor, "artifactType")
        if member is not None and kind and kind not in _IMAGE_CONFIGS:
            artifacts.append((member, kind[:255]))
        elif member is not None:
            found.append(MembershipRecord(own, member, os, architecture, text(platform, "variant")))
            claims += read_claims(
                descriptor.get("annotations"), artifact=member, pointer=place(pointer, "annotations"), defects=defects
            )
    return ImageRecord(
        digest=own,
        kind=ArtifactKind.OCI_INDEX,
        media_type="",
        memberships=tuple(dict.fromkeys(found)),
        claims=tuple(dict.fromkeys(claims)),
        referrers=tuple(dict.fromkeys(referrers)),
        artifacts=tuple(dict.fromkeys(artifacts)),
    )


def _read_manifest(body: Members, text_: Utf8, own: Digest, *, defects: Defects) -> ImageRecord:
    is_signature = is_of_cosign(body)
    return ImageRecord(
        digest=own,
        kind=ArtifactKind.OCI_MANIFEST,
        media_type="",
        configs=() if is_signature else _configs(body, own, defects=defects),
        claims=tuple(read_claims(body.get("annotations"), artifact=own, pointer="/annotations", defects=defects)),
        referrers=read_referrer(body, own=own, defects=defects),
        layers=() if is_signature else read_layers(body.get("layers"), artifact=own, is_diff_id=False),
        signatures=read_cosign_signatures(read_members(text_), body),
    )


def _read_config(body: Members, own: Digest, *, defects: Defects) -> ImageRecord:
    """Read the config of an image: what its labels say, and its unpacked layers in order."""
    labels = members(body.get("config")).get("Labels")
    return ImageRecord(
        digest=own,
        kind=ArtifactKind.OCI_CONFIG,
        media_type="",
        claims=tuple(read_claims(labels, artifact=own, pointer="/config/Labels", defects=defects)),
        layers=read_layers(members(body.get("rootfs")).get("diff_ids"), artifact=own, is_diff_id=True),
    )


def _configs(body: Members, own: Digest, *, defects: Defects) -> tuple[ConfigRecord, ...]:
    """Read the image id. The config of an artifact that is no image (a signature, an SBOM) names nothing that runs."""
    config = members(body.get("config"))
    if text(config, "mediaType") not in _IMAGE_CONFIGS:
        defects.add("not_an_image", "/config/mediaType", "The config is not an image's: the manifest is no image.")
        return ()
    digest = _digest(config, pointer="/config", defects=defects)
    return (ConfigRecord(manifest=own, config=digest),) if digest is not None else ()


def _digest(descriptor: Members, *, pointer: str, defects: Defects) -> Digest | None:
    try:
        return parse_digest(text(descriptor, "digest"))
    except DigestError as error:
        defects.add("bad_digest", pointer + "/digest", error.message)
        return None
