"""Base64 as envelopes carry it: both alphabets (DSSE v1.0.2), with or without padding, nothing else."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from inventory.formats.records import FormatError

_ALPHABET: Final = re.compile(r"[A-Za-z0-9+/]*|[A-Za-z0-9_-]*")
_BLANKS: Final = str.maketrans("", "", " \t\r\n")


def decode(text: object, *, pointer: str) -> bytes:
    """Return the bytes, or raise FormatError `bad_base64`. Blanks are skipped, as PEM-minded writers put them in."""
    if not isinstance(text, str):
        raise FormatError("bad_base64", "This must be a base64 string.", pointer=pointer)
    bare = text.translate(_BLANKS).rstrip("=")
    if not _ALPHABET.fullmatch(bare):
        raise FormatError("bad_base64", "This is not base64 of one alphabet.", pointer=pointer)
    try:
        return base64.b64decode(bare.replace("-", "+").replace("_", "/") + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("bad_base64", "This is base64 that was cut short.", pointer=pointer) from error
