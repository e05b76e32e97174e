"""Recognises a document from its first bytes and top-level names, without reading the rest.

What is recognised but has no reader here is still named, so that a refusal says what was sent. Formats are those of
their specifications: CycloneDX, SPDX, in-toto, DSSE, Sigstore, OpenVEX, CSAF, OSV, Scorecard, Kubernetes, OCI. Each
family has a recogniser of its own in `recognise`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.detected import Detected, Kind, Members
from inventory.formats.recognise.advisories import recognise_advisory
from inventory.formats.recognise.attestations import recognise_attestation
from inventory.formats.recognise.images import recognise_image
from inventory.formats.recognise.lines import recognise_lines
from inventory.formats.recognise.markup import recognise_markup
from inventory.formats.recognise.posture import recognise_posture, recognise_ruleset, recognise_workflow_runs
from inventory.formats.recognise.protobuf import recognise_protobuf
from inventory.formats.recognise.runtime import LISTINGS, recognise_runtime
from inventory.formats.recognise.sboms import recognise_sbom
from inventory.formats.recognise.scans import recognise_scan
from inventory.formats.records import FormatError
from inventory.formats.text import Utf8, require_utf8

__all__ = ["Detected", "Kind", "detect", "detect_members", "detect_text", "refuse_binary"]

_RECOGNISERS: Final = (
    recognise_sbom,
    recognise_attestation,
    recognise_advisory,
    recognise_posture,
    recognise_runtime,
    recognise_image,
    recognise_scan,
)
"""In this order: the first that recognises a JSON object has the word."""

_LISTED: Final = (
    recognise_attestation,
    recognise_runtime,
    recognise_ruleset,
    recognise_workflow_runs,
    recognise_advisory,
)
"""What is sent as a JSON array."""

_HEAD_BYTES: Final = 65_536
_ARCHIVES: Final = ((b"PK\x03\x04", "a zip archive"), (b"\x7fELF", "a program"), (b"%PDF", "a PDF file"))


def detect(data: bytes) -> Detected:
    """Say what a document is, whether or not there is a reader for it.

    Raises FormatError: `empty_document`, `not_utf8`, `bad_json` and its relatives, `duplicate_key`, `wrong_shape`,
    `format_mismatch`, `dtd_forbidden`, `unknown_format`.
    """
    refuse_binary(data)
    return detect_text(require_utf8(data))


def detect_text(text: Utf8) -> Detected:
    """Recognise bytes that were already checked to be UTF-8; see `detect`."""
    start = text.data[:_HEAD_BYTES].lstrip()
    if start.startswith(b"<"):
        return recognise_markup(start, whole=text.data)
    if start.startswith((b"{", b'"')) or start[:1].isdigit():
        return _detect_json(text)
    if start.startswith(b"["):
        return _detect_list(text)
    if start.strip() in {b"true", b"false", b"null"}:
        raise FormatError("wrong_shape", "The document must be a JSON object.")
    return recognise_lines(start, whole=text.data)


def detect_members(members: Members) -> Detected:
    """Recognise a JSON document by its top-level members. Raises FormatError `format_mismatch` or `unknown_format`."""
    for recogniser in _RECOGNISERS:
        found = recogniser(members)
        if found is not None:
            return found
    names = ", ".join(sorted(members)[:8])
    raise FormatError("unknown_format", f"This JSON document is no format we know. Its names: {names[:200] or 'none'}.")


def refuse_binary(data: bytes) -> None:
    """Raise FormatError `unsupported_format` for what is no text at all, by its first bytes."""
    for magic, name in _ARCHIVES:
        if data.startswith(magic):
            raise FormatError("unsupported_format", f"This is {name}. Send the document itself.")
    if protobuf := recognise_protobuf(data):
        name = f"CycloneDX {protobuf.format_version} as protocol buffers"
        raise FormatError("unsupported_format", f"This is {name}, which is not read. Send it as JSON or XML.")
    if data[257:262] == b"ustar":
        raise FormatError("unsupported_format", "This is a tar archive. Send the document itself.")


def _detect_json(text: Utf8) -> Detected:
    try:
        members = json_parts.read_members(text)
    except FormatError as error:
        lines = _detect_json_lines(text) if error.code == "trailing_data" else None
        if lines is None:
            raise
        return lines
    return detect_members(members)


def _detect_json_lines(text: Utf8) -> Detected | None:
    """Attestations come one a line from some tools, containers from Docker; no other format is told from its lines."""
    try:
        first = detect_members(json_parts.read_members(Utf8(text.data.split(b"\n", 1)[0], bom_stripped=False)))
    except FormatError:
        return None  # The caller's own error, trailing data, says what is wrong.
    return first if first.kind is Kind.ATTESTATION or first.format in LISTINGS else None


def _detect_list(text: Utf8) -> Detected:
    """A JSON array is a document where its first object is one of those that come in lists."""
    items = json_parts.array_items(msgspec.Raw(text.data), pointer="")
    first = next((item for item in items if json_parts.first_byte(item) == "{"), None)
    members = json_parts.object_members(first, pointer="/0") if first is not None else {}
    for recogniser in _LISTED:
        found = recogniser(members)
        if found is not None:
            return found
    raise FormatError(
        "wrong_shape",
        "A JSON array is read only as a list of deployment records, attestations, advisories, rulesets or runs.",
    )
