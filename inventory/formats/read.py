"""The one door from bytes to records."""

from __future__ import annotations

from inventory.formats import json_parts
from inventory.formats.cyclonedx import read_cyclonedx
from inventory.formats.detect import Detected, detect
from inventory.formats.envelope import unwrap
from inventory.formats.limits import DEFAULT_LIMITS, Limits
from inventory.formats.records import Document, FormatError
from inventory.formats.spdx2 import read_spdx2
from inventory.formats.text import Utf8, require_utf8


def read_document(data: bytes, *, limits: Limits = DEFAULT_LIMITS, kind: str | None = None) -> Document:
    """Read a document of any format there is a reader for.

    `kind` is what the sender said it is: anything else is refused with `kind_mismatch`. Raises FormatError and nothing
    else, whatever the bytes; docs/formats.md lists the codes.
    """
    body = unwrap(data, limits=limits).data
    detected = detect(body)
    if kind is not None and kind != detected.kind:
        message = f"This is {detected.kind} ({detected.format}), not {kind[:40]}."
        raise FormatError("kind_mismatch", message)
    if not detected.readable:
        raise FormatError("unsupported_format", f"This is {_shown(detected)}, which is not read yet.")
    return _read(require_utf8(body), detected, limits=limits)


def _read(text: Utf8, detected: Detected, *, limits: Limits) -> Document:
    members = json_parts.read_members(text)
    if detected.format == "spdx":
        return read_spdx2(text, members, wrapper=detected.wrapper, limits=limits)
    return read_cyclonedx(text, members, limits=limits)


def _shown(detected: Detected) -> str:
    return f"{detected.format} {detected.format_version}".strip()
