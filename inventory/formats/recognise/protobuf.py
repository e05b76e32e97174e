"""CycloneDX as protocol buffers, text and binary: named, never read (the same document exists in JSON and XML)."""

from __future__ import annotations

import re
from typing import Final

from inventory.formats.detected import Detected, Kind

_TEXT: Final = re.compile(rb"\A(?:\s|#[^\n]*\n)*(?:# proto-file: schema/bom-|spec_version: \"(\d\.\d)\")")
_TEXT_VERSION: Final = re.compile(rb"^spec_version: \"(\d\.\d)\"", re.MULTILINE)
_BINARY: Final = re.compile(rb"\A\x0a\x03(1\.\d)")
"""The first field of a Bom message: number 1, a string of three bytes."""


def recognise_protobuf_text(start: bytes) -> Detected | None:
    """Recognise protocol buffers' text form by its first field or the comment that the specification's files have."""
    if not _TEXT.match(start):
        return None
    version = _TEXT_VERSION.search(start)
    return Detected(Kind.SBOM, "cyclonedx-textproto", version[1].decode() if version else "", "text/plain")


def recognise_protobuf(data: bytes) -> Detected | None:
    """Recognise protocol buffers' binary form."""
    version = _BINARY.match(data)
    return Detected(Kind.SBOM, "cyclonedx-protobuf", version[1].decode()) if version else None
