"""Tells what an object of a document is: an envelope, a statement, or a wrapper in which exporters put several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from inventory.formats.attestations.parts import place
from inventory.formats.attestations.records import MAX_ATTESTATIONS, Envelope
from inventory.formats.detected import object_member, text_member
from inventory.formats.json_parts import array_items, first_byte, object_members
from inventory.formats.records import FormatError

if TYPE_CHECKING:
    from inventory.formats.detected import Members

_MAX_WRAPPERS: Final = 4
_STATEMENT_TYPE: Final = "https://in-toto.io/Statement"
_BUNDLE_NAMES: Final = frozenset({"dsseEnvelope", "messageSignature", "verificationMaterial"})
_NAMES: Final = (
    (frozenset({"payload", "payloadType"}), Envelope.DSSE),
    (frozenset({"signed", "signatures"}), Envelope.METABLOCK),
    (frozenset({"critical", "optional"}), Envelope.SIMPLE_SIGNING),
    (frozenset({"envelope", "verification_material"}), Envelope.PYPI),
    (frozenset({"Base64Signature", "Payload"}), Envelope.COSIGN_LAYER),
)
_NOTHING: Final = msgspec.Raw(b"null")
_SIGNED_TYPES: Final = frozenset({"link", "layout"})


@dataclass(frozen=True, slots=True)
class Found:
    """One attestation in a document: its own bytes, its members, and where it stands."""

    raw: msgspec.Raw
    parts: Members
    envelope: Envelope
    pointer: str


@dataclass(frozen=True, slots=True)
class NotOne:
    """What stands in a wrapper where an attestation should."""

    pointer: str
    error: FormatError


def envelope_of(parts: Members) -> Envelope | None:
    """Say which envelope an object is by its names; None when it is none."""
    if _BUNDLE_NAMES & parts.keys() or "sigstore.bundle" in (text_member(parts, "mediaType") or ""):
        return Envelope.BUNDLE
    if _is_statement(parts):
        return Envelope.STATEMENT
    found = next((envelope for names, envelope in _NAMES if names <= parts.keys()), None)
    return None if found is Envelope.METABLOCK and not _is_of_in_toto(parts) else found


def _is_statement(parts: Members) -> bool:
    kind = text_member(parts, "_type") or ""
    is_typed = "predicateType" in parts and "bundle" not in parts  # npm repeats the type beside the bundle
    return is_typed or kind.startswith(_STATEMENT_TYPE) or (kind == "link" and "products" in parts)


def _is_of_in_toto(parts: Members) -> bool:
    """Tell in-toto's metablock from TUF's, which looks alike."""
    return text_member(object_member(parts, "signed") or {}, "_type") in _SIGNED_TYPES


def wrapper_of(parts: Members) -> str:
    """Name the wrapper an object is, or ''."""
    if "attestation_bundles" in parts:
        return "pypi-provenance"
    if "provenance_summary" in parts:
        return "gcloud-provenance"
    if "attestations" in parts and first_byte(parts["attestations"]) == "[":
        return "attestations"
    if "attestation" in parts and "verificationResult" in parts:
        return "gh-verify"
    if first_byte(parts.get("authorityMatches", _NOTHING)) == "{" or "authorityMatches" in (
        object_member(parts, "result") or {}
    ):
        return "policy-controller"
    return ""


def find_all(raw: msgspec.Raw, *, pointer: str, depth: int = 0) -> Iterator[Found | NotOne]:
    """Yield every attestation of a JSON value: itself, or the items of an array or a wrapper, in order.

    Raises FormatError `wrong_shape` for what is neither, and the codes of broken JSON.
    """
    if depth > _MAX_WRAPPERS:
        raise FormatError("too_deep", "Attestations are wrapped too often.", pointer=pointer)
    if first_byte(raw) == "[":
        yield from _each(raw, pointer=pointer, depth=depth)
        return
    parts = object_members(raw, pointer=pointer)
    envelope = envelope_of(parts)
    if envelope is not None:
        yield Found(raw, parts, envelope, pointer)
        return
    inner = _inner(parts, pointer=pointer)
    if inner is None:
        raise FormatError("not_an_attestation", "This is no attestation.", pointer=pointer)
    yield from find_all(inner.raw, pointer=inner.pointer, depth=depth + 1)


@dataclass(frozen=True, slots=True)
class _Inner:
    raw: msgspec.Raw
    pointer: str


_WAYS: Final = (
    ("attestations",),
    ("attestation_bundles",),
    ("provenance_summary", "provenance"),
    ("attestation", "bundle"),
    ("bundle",),
    ("envelope",),
)
"""The members that lead from a wrapper to what it holds."""


def _inner(parts: Members, *, pointer: str) -> _Inner | None:
    for way in _WAYS:
        here, members, raw = pointer, parts, None
        for name in way:
            raw = members.get(name)
            here = place(here, name)
            if raw is None or first_byte(raw) not in "{[":
                raw = None
                break
            members = object_members(raw, pointer=here) if name != way[-1] else members
        if raw is not None:
            return _Inner(raw, here)
    return None


def _each(raw: msgspec.Raw, *, pointer: str, depth: int) -> Iterator[Found | NotOne]:
    listed = array_items(raw, pointer=pointer)
    if len(listed) > MAX_ATTESTATIONS:
        raise FormatError("too_many_attestations", f"More than {MAX_ATTESTATIONS} attestations.", pointer=pointer)
    for index, item in enumerate(listed):
        here = place(pointer, index)
        if first_byte(item) != "{":
            yield NotOne(here, FormatError("not_an_attestation", "This is no attestation.", pointer=here))
            continue
        try:
            yield from find_all(item, pointer=here, depth=depth + 1)
        except FormatError as error:
            yield NotOne(here, error)
