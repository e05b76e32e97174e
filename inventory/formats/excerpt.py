"""What stands at one place of a JSON document, as it was sent: without decoding what is beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.envelope import unwrap
from inventory.formats.records import FormatError, storable
from inventory.formats.text import require_utf8

if TYPE_CHECKING:
    from inventory.formats.limits import Limits

LONGEST: Final = 4_000
_DEEPEST: Final = 64


def excerpt(data: bytes, pointer: str, *, limits: Limits) -> str:
    """Return the value at an RFC 6901 pointer, or the nearest around it that is there; at most LONGEST characters.

    '' where the document is no JSON that can be read so far, and for the whole document.
    """
    try:
        raw = _walk(msgspec.Raw(require_utf8(unwrap(data, limits=limits).data).data), pointer.split("/")[1:])
        return "" if raw is None else _shown(raw)
    except FormatError:
        return ""


def _walk(raw: msgspec.Raw, steps: list[str]) -> msgspec.Raw | None:
    found = None
    for step in steps[:_DEEPEST]:
        below = _step(raw, step.replace("~1", "/").replace("~0", "~"))
        if below is None:
            break
        raw = found = below
    return found


def _step(raw: msgspec.Raw, step: str) -> msgspec.Raw | None:
    match bytes(memoryview(raw)).lstrip()[:1]:
        case b"{":
            return json_parts.object_members(raw, pointer="").get(step)
        case b"[" if step.isdecimal() and len(step) < 10:
            items = json_parts.array_items(raw, pointer="")
            return items[int(step)] if int(step) < len(items) else None
        case _:
            return None


def _shown(raw: msgspec.Raw) -> str:
    try:
        text = msgspec.json.format(bytes(memoryview(raw)), indent=2).decode("utf-8", "replace")
    except (msgspec.DecodeError, RecursionError):
        return ""
    return storable(text if len(text) <= LONGEST else f"{text[: LONGEST - 2]}\n…")
