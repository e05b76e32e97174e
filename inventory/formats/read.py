"""The one door from bytes to records."""

from __future__ import annotations

from inventory.formats import json_parts
from inventory.formats.collector import collector_paused
from inventory.formats.cyclonedx import read_cyclonedx
from inventory.formats.deployments import read_deployments
from inventory.formats.detect import Detected, Kind, detect
from inventory.formats.envelope import unwrap
from inventory.formats.kubernetes import read_kubernetes
from inventory.formats.limits import DEFAULT_LIMITS, Limits
from inventory.formats.oci import read_image
from inventory.formats.records import Document, FormatError
from inventory.formats.spdx2 import read_spdx2
from inventory.formats.text import Utf8, require_utf8

_DEPLOYMENT = Detected(Kind.DEPLOYMENT, "deployment", "", readable=True)


def read_document(data: bytes, *, limits: Limits = DEFAULT_LIMITS, kind: str | None = None) -> Document:
    """Read a document of any format there is a reader for.

    `kind` is what the sender said it is: anything else is refused with `kind_mismatch`. Raises FormatError and nothing
    else, whatever the bytes; docs/formats.md lists the codes.
    """
    body = unwrap(data, limits=limits).data
    detected = _detect(body, kind=kind)
    if kind is not None and kind != detected.kind:
        message = f"This is {detected.kind} ({detected.format}), not {kind[:40]}."
        raise FormatError("kind_mismatch", message)
    if not detected.readable:
        name = f"{detected.format} {detected.format_version}".strip()
        raise FormatError("unsupported_format", f"This is {name[:80]}, which is not read yet.")
    return _read(body, detected, limits=limits)


def _detect(body: bytes, *, kind: str | None) -> Detected:
    """Recognise a document; what was sent as a runtime report and is nothing else is read as one, to name defects."""
    try:
        return detect(body)
    except FormatError as error:
        if kind == Kind.DEPLOYMENT and error.code in {"unknown_format", "wrong_shape"}:
            return _DEPLOYMENT
        raise


def _read(body: bytes, detected: Detected, *, limits: Limits) -> Document:
    text = require_utf8(body)
    with collector_paused():
        return _read_text(body, text, detected, limits=limits)


def _read_text(body: bytes, text: Utf8, detected: Detected, *, limits: Limits) -> Document:
    match detected.format:
        case "deployment":
            return read_deployments(text, limits=limits)
        case "kubernetes":
            return read_kubernetes(text, limits=limits)
        case "oci-index" | "oci-manifest":
            return read_image(body, text, detected, limits=limits)
        case "spdx":
            return read_spdx2(text, json_parts.read_members(text), wrapper=detected.wrapper, limits=limits)
        case _:
            return read_cyclonedx(text, json_parts.read_members(text), limits=limits)
