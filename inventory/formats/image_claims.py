"""Reads what images say of themselves and of each other: labels, annotations, layers, referrers, cosign's manifests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from inventory.formats.attestations.base64 import decode
from inventory.formats.attestations.dsse import certificate_of
from inventory.formats.attestations.envelopes import SIMPLE_SIGNING
from inventory.formats.attestations.parts import items, members, place, sha256, text
from inventory.formats.attestations.records import AttestationRecord, Envelope, Predicate, SignatureRecord
from inventory.formats.claims import Claim, ClaimRecord
from inventory.formats.image_records import LayerRecord, ReferrerRecord
from inventory.formats.json_parts import array_items
from inventory.formats.records import FormatError, storable
from inventory.identity.digests import Digest, DigestError, parse_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inventory.formats.attestations.parts import Members
    from inventory.formats.defects import Defects
    from inventory.formats.strict_json import Json

REFERENCE_TYPE: Final = "vnd.docker.reference.type"
_REFERENCE_DIGEST: Final = "vnd.docker.reference.digest"
_PREFIX: Final = "org.opencontainers.image."
_NAMES: Final = {
    f"{_PREFIX}source": Claim.SOURCE,
    f"{_PREFIX}revision": Claim.REVISION,
    f"{_PREFIX}version": Claim.VERSION,
    f"{_PREFIX}base.name": Claim.BASE_NAME,
    f"{_PREFIX}base.digest": Claim.BASE_DIGEST,
}
_OLD_NAMES: Final = {
    "org.label-schema.vcs-url": Claim.SOURCE,
    "org.label-schema.vcs-ref": Claim.REVISION,
    "org.label-schema.version": Claim.VERSION,
}
_SIGNATURE: Final = "dev.cosignproject.cosign/signature"
_CERTIFICATE: Final = "dev.sigstore.cosign/certificate"
_LOG_ENTRY: Final = "dev.sigstore.cosign/bundle"
_TIMESTAMP: Final = "dev.sigstore.cosign/rfc3161timestamp"
_COSIGN_LAYERS: Final = frozenset({SIMPLE_SIGNING, "application/vnd.dsse.envelope.v1+json"})
_COSIGN_TAG: Final = re.compile(r"sha256-([0-9a-f]{64})(?:\.(sig|att|sbom))?")
_LONGEST: Final = 1_024
MAX_LAYERS: Final = 1_000
MAX_SIGNED_LAYERS: Final = 100


def read_claims(values: Json, *, artifact: Digest, pointer: str, defects: Defects) -> Iterator[ClaimRecord]:
    """Yield the claims among labels or annotations; label-schema's older names where OCI's are absent."""
    given = members(values)
    stated = {claim: given[name] for name, claim in (*_OLD_NAMES.items(), *_NAMES.items()) if name in given}
    for claim, value in stated.items():
        if not isinstance(value, str) or not value.strip():
            continue
        shown = storable(value.strip())[:_LONGEST]
        if claim is Claim.BASE_DIGEST:
            try:
                shown = str(parse_digest(shown))
            except DigestError as error:
                defects.add("bad_digest", place(pointer, f"{_PREFIX}base.digest"), error.message)
                continue
        yield ClaimRecord(artifact, claim, shown)


def read_referrer(body: Members, *, own: Digest, defects: Defects) -> tuple[ReferrerRecord, ...]:
    """Read `subject` of a manifest or index (OCI 1.1)."""
    subject = body.get("subject")
    if subject is None:
        return ()
    digest = _digest(members(subject), pointer="/subject", defects=defects)
    kind = text(body, "artifactType") or text(members(body.get("config")), "mediaType")
    return (ReferrerRecord(digest, own, kind[:255]),) if digest is not None and digest != own else ()


def read_marked(descriptor: Members, *, pointer: str, defects: Defects) -> tuple[ReferrerRecord, ...]:
    """Read BuildKit's mark of an attestation manifest in an index."""
    annotations = members(descriptor.get("annotations"))
    if REFERENCE_TYPE not in annotations or _REFERENCE_DIGEST not in annotations:
        return ()
    referrer = _digest(descriptor, pointer=pointer, defects=defects)
    subject = _digest({"digest": annotations[_REFERENCE_DIGEST]}, pointer=f"{pointer}/annotations", defects=defects)
    if referrer is None or subject is None or referrer == subject:
        return ()
    return (ReferrerRecord(subject, referrer, text(annotations, REFERENCE_TYPE)[:255]),)


def read_layers(listed: Json, *, artifact: Digest, is_diff_id: bool) -> tuple[LayerRecord, ...]:
    """Read the layers of a manifest, or the unpacked ones (diff ids) of a config; those without a digest are none.

    Without its first layer nothing can be told of what the image was built on: then there are none.
    """
    found = []
    for position, item in enumerate(items(listed)[:MAX_LAYERS]):
        try:
            digest = parse_digest(item if isinstance(item, str) else text(members(item), "digest"))
        except DigestError:
            continue
        found.append(LayerRecord(artifact, position, digest, is_diff_id))
    return tuple(found) if found and found[0].position == 0 else ()


def is_of_cosign(body: Members) -> bool:
    """Tell cosign's `.sig` and `.att` manifests, which say that they are images, by what their layers are."""
    return any(text(members(layer), "mediaType") in _COSIGN_LAYERS for layer in items(body.get("layers")))


def cosign_subject(tag: str) -> ReferrerTag | None:
    """Return what a tag of cosign's, or of the referrers' fallback, stands beside: `sha256-<hex>.sig`, `.att`, none."""
    match = _COSIGN_TAG.fullmatch(tag)
    return None if match is None else ReferrerTag(Digest("sha256", match[1]), match[2] or "")


class ReferrerTag(msgspec.Struct, frozen=True):
    """The digest in such a tag, and its suffix."""

    subject: Digest
    suffix: str


def read_cosign_signatures(raw: Mapping[str, msgspec.Raw], body: Members) -> tuple[AttestationRecord, ...]:
    """Read the signatures in the layers of cosign's `.sig` and `.att` manifests; what they sign are the layers' bytes.

    An attestation's signature lies in its envelope, which is the blob; the layer has its certificate and log entry.
    """
    if not is_of_cosign(body):
        return ()
    slices = array_items(raw["layers"], pointer="/layers")
    if len(slices) > MAX_SIGNED_LAYERS:
        raise FormatError("too_many_signatures", f"More than {MAX_SIGNED_LAYERS} signatures.", pointer="/layers")
    found = []
    for index, (layer, bytes_) in enumerate(zip(items(body.get("layers")), slices, strict=True)):
        pointer, kind = place("/layers", index), text(members(layer), "mediaType")
        annotations = members(members(layer).get("annotations"))
        value = decode(annotations.get(_SIGNATURE, ""), pointer=place(pointer, "annotations", _SIGNATURE))
        is_proof = bool(value) if kind == SIMPLE_SIGNING else bool({_CERTIFICATE, _LOG_ENTRY} & annotations.keys())
        if kind in _COSIGN_LAYERS and is_proof:
            found.append(_signature(members(layer), annotations, value=value, raw=bytes(bytes_), pointer=pointer))
    return tuple(found)


def _signature(layer: Members, annotations: Members, *, value: bytes, raw: bytes, pointer: str) -> AttestationRecord:
    certificate = certificate_of(annotations.get(_CERTIFICATE))
    digest, kind = text(layer, "digest"), text(layer, "mediaType")
    return AttestationRecord(
        envelope=Envelope.COSIGN_LAYER,
        envelope_version="",
        envelope_digest=sha256(raw),
        pointer=pointer,
        payload_type=kind,
        payload_digest=digest if re.fullmatch(r"sha256:[0-9a-f]{64}", digest) else "",
        statement_type="",
        predicate_type="",
        predicate=Predicate.IMAGE_SIGNATURE if kind == SIMPLE_SIGNING else Predicate.UNKNOWN,
        subjects=(),
        signatures=(SignatureRecord("", value, certificate),),
        log_entry_count=int(bool(annotations.get(_LOG_ENTRY))),
        timestamp_count=int(bool(annotations.get(_TIMESTAMP))),
    )


def _digest(descriptor: Members, *, pointer: str, defects: Defects) -> Digest | None:
    try:
        return parse_digest(text(descriptor, "digest"))
    except DigestError as error:
        defects.add("bad_digest", place(pointer, "digest"), error.message)
        return None
