"""Takes every kind of envelope apart into what verification needs, one `Material` a signature.

What came apart is put together again by digest: cosign keeps payload, signature and envelope in blobs of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.base64 import decode
from inventory.formats.attestations.dsse import PAYLOAD_TYPE, certificate_of
from inventory.formats.attestations.envelopes import SIMPLE_SIGNING
from inventory.formats.attestations.records import MAX_BYTES, MAX_SIGNATURES, Envelope
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.strict_json import Json, parse
from inventory.trust.bundles import verify_material
from inventory.trust.cosign import annotated, downloaded
from inventory.trust.evaluation import Evaluation, Step, UnsupportedError, VerificationError
from inventory.trust.material import EnvelopeContent, Material, PlainContent, read_entries, read_material
from inventory.trust.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inventory.trust.bundles import Verifier

DSSE_LAYER: Final = "application/vnd.dsse.envelope.v1+json"
_UNSIGNED: Final = frozenset({Envelope.STATEMENT, Envelope.SIMPLE_SIGNING})


@dataclass(frozen=True, slots=True)
class Signed:
    """An envelope's own bytes, and what lies apart from it.

    `beside` is what a cosign layer signs (a payload, or a whole envelope), or the layer that an envelope belongs to.
    """

    envelope: Envelope
    raw: bytes
    beside: bytes = b""


def verify_signed(signed: Signed, *, verifiers: Sequence[Verifier]) -> tuple[Evaluation, ...]:
    """Judge each signature of an envelope by the root that gets furthest with it; never raises for what it holds.

    Without a signature there is one evaluation, `unsigned`: nothing was checked, and nothing is wrong.
    """
    try:
        materials = read_materials(signed)
    except VerificationError as error:
        return (Evaluation().stop(error),)
    except FormatError as error:
        return (Evaluation().stop(VerificationError(Step.CONTAINER, "malformed", f"{error.code}: {error.message}")),)
    if not materials:
        return (Evaluation(outcome=Outcome.UNSIGNED),)
    return tuple(_furthest(signed.raw, read, verifiers=verifiers) for read in materials)


def read_materials(signed: Signed) -> list[Callable[[], Material]]:
    """Return a reader for each signature of an envelope; what is broken for all is raised here, else by the reader."""
    if signed.envelope in _UNSIGNED:
        return []
    if signed.envelope in {Envelope.BUNDLE, Envelope.MESSAGE}:
        return [partial(read_material, signed.raw, limits=DEFAULT_LIMITS)]
    if signed.envelope is Envelope.METABLOCK:
        message = "in-toto's envelope before DSSE signs a canonical form, which is not verified here."
        raise UnsupportedError(Step.CONTAINER, "envelope_unsupported", message)
    body = strict_object(signed.raw)
    if signed.envelope is Envelope.PYPI:
        return [partial(_pypi, body)]
    if signed.envelope is Envelope.DSSE:
        return _dsse(body, layer=strict_object(signed.beside) if signed.beside else {})
    return _cosign(body, signed)


def strict_object(data: bytes) -> Mapping[str, Json]:
    """Read an object strictly. Raises VerificationError `malformed`."""
    if len(data) > MAX_BYTES:
        raise VerificationError(Step.STRICT_JSON, "malformed", f"An envelope has at most {MAX_BYTES} bytes.")
    try:
        return _object(parse(data, limits=DEFAULT_LIMITS))
    except FormatError as error:
        raise VerificationError(Step.STRICT_JSON, "malformed", f"{error.code}: {error.message}") from error


def _furthest(raw: bytes, read: Callable[[], Material], *, verifiers: Sequence[Verifier]) -> Evaluation:
    """Judge by every root; keep what is valid, else what got furthest: other roots cannot judge it."""
    found = [verify_material(raw, read, verifier=verifier) for verifier in verifiers]
    return max(found, key=lambda one: (one.outcome is Outcome.VALID, len(one.steps), one.outcome is Outcome.FAILED))


def _dsse(envelope: Mapping[str, Json], *, layer: Mapping[str, Json]) -> list[Callable[[], Material]]:
    """Read a bare envelope. Its certificate may stand beside a signature, or in the layer that cosign put it into."""
    payload_type, payload = envelope.get("payloadType"), decode(envelope.get("payload"), pointer="/payload")
    signatures = envelope.get("signatures")
    if not isinstance(payload_type, str) or not isinstance(signatures, list | None):
        raise VerificationError(Step.CONTAINER, "bundle_shape", "This is no DSSE envelope.")
    listed = signatures or []
    if len(listed) > MAX_SIGNATURES:
        raise VerificationError(Step.CONTAINER, "signature_count", f"More than {MAX_SIGNATURES} signatures.")
    base = annotated(_object(layer.get("annotations") or {}), EnvelopeContent(payload_type, payload, b""))
    found = [(_object(item), decode(_object(item).get("sig") or "", pointer="/signatures")) for item in listed]
    return [partial(_signature, base, item, value) for item, value in found if value]


def _signature(base: Material, item: Mapping[str, Json], value: bytes) -> Material:
    hint = item.get("keyid")
    return replace(
        base,
        content=replace(base.content, signature=value),
        certificate=certificate_of(item.get("cert")) or base.certificate,
        key_hint=hint if isinstance(hint, str) else "",
    )


def _pypi(body: Mapping[str, Json]) -> Material:
    """Read an attestation of PEP 740: the parts of a bundle under other names."""
    envelope, material = _object(body.get("envelope")), _object(body.get("verification_material"))
    return Material(
        version="0.3",
        content=EnvelopeContent(
            PAYLOAD_TYPE,
            decode(envelope.get("statement"), pointer="/envelope/statement"),
            decode(envelope.get("signature"), pointer="/envelope/signature"),
        ),
        certificate=decode(material.get("certificate"), pointer="/verification_material/certificate"),
        key_hint="",
        entries=read_entries(material.get("transparency_entries")),
        timestamps=(),
    )


def _cosign(body: Mapping[str, Json], signed: Signed) -> list[Callable[[], Material]]:
    """Read a line of `cosign download signature`, which has its payload, or a layer, which names it by digest."""
    if "Payload" in body:
        return [partial(downloaded, body, payload_type=SIMPLE_SIGNING)]
    if not signed.beside:
        message = "What it signs is a blob of its own, which nobody sent yet."
        raise UnsupportedError(Step.CONTAINER, "payload_missing", message)
    if body.get("mediaType") == DSSE_LAYER:
        return _dsse(strict_object(signed.beside), layer=body)
    annotations = _object(body.get("annotations"))
    value = decode(annotations.get("dev.cosignproject.cosign/signature"), pointer="/annotations")
    return [partial(annotated, annotations, PlainContent(SIMPLE_SIGNING, signed.beside, value))]


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise VerificationError(Step.CONTAINER, "bundle_shape", "An object is missing.")
    return value
