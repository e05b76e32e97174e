"""What every reader asks of bytes first: not empty, UTF-8, without a byte order mark (RFC 8259 section 8.1)."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from inventory.formats.records import FormatError

_CHUNK = 1 << 20
_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(slots=True)
class Utf8:
    """Bytes known to be UTF-8. `bom_stripped` tells that the document began with a byte order mark."""

    data: bytes
    bom_stripped: bool
    members: Mapping[str, msgspec.Raw] | None = field(default=None, repr=False, compare=False)
    """Those of the top object, once `json_parts.read_members` has split it."""


def require_utf8(data: bytes) -> Utf8:
    """Return the document's bytes without a mark, or raise FormatError `empty_document` or `not_utf8`.

    UTF-16 and UTF-32 are refused although some parsers take them: two tools must read the same bytes alike.
    """
    bom_stripped = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if bom_stripped else data
    if not body or body.isspace():
        raise FormatError("empty_document", "The document is empty. Send the file's content.")
    _refuse_wide(body)
    if not body.isascii():
        _check_utf8(body)
    return Utf8(body, bom_stripped)


def _refuse_wide(data: bytes) -> None:
    if data.startswith(_WIDE_MARKS) or b"\x00" in data[:4]:
        raise FormatError("not_utf8", "The document is UTF-16 or UTF-32 (or binary). Send it as UTF-8.")


def _check_utf8(data: bytes) -> None:
    """Decode piece by piece, so that a large document is not held a second time as text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    for start in range(0, len(data), _CHUNK):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(view[start : start + _CHUNK], final=start + _CHUNK >= len(data))
        except UnicodeDecodeError as error:
            offset = start - pending + error.start
            raise FormatError("not_utf8", f"Byte {offset} is not valid UTF-8. Send the document as UTF-8.") from error
