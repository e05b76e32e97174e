"""What stands at one place of a document, as it was sent: without decoding what is beside it.

A place is a JSON pointer, an XPath as our readers write it (`/bom/components/component[17]/purl`), or a line.
"""

from __future__ import annotations

import re
from base64 import b64decode
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

import msgspec

from inventory.formats import json_parts
from inventory.formats.envelope import unwrap
from inventory.formats.records import FormatError, storable
from inventory.formats.text import require_utf8

if TYPE_CHECKING:
    from inventory.formats.limits import Limits

LONGEST: Final = 4_000
_DEEPEST: Final = 64
_LINE: Final = re.compile(r"line (\d{1,9})")
_LINES_AROUND: Final = 4
_STEP: Final = re.compile(r"(\w[\w.-]*)(?:\[(\d{1,9})\])?", re.ASCII)


def excerpt(data: bytes, pointer: str, *, limits: Limits) -> str:
    """Return what stands at a place, or the nearest around it that is there; at most LONGEST characters.

    '' where the document cannot be read so far, and for the whole document.
    """
    try:
        text = require_utf8(unwrap(data, limits=limits).data).data
        if line := _LINE.fullmatch(pointer):
            return _cut(_lines(text, int(line[1])))
        if text.lstrip()[:1] == b"<":
            return _cut(_element(text, pointer))
        raw = _find(text, pointer.split("/")[1:])
        return "" if raw is None else _cut(_formatted(raw))
    except FormatError:
        return ""


def _find(text: bytes, steps: list[str]) -> msgspec.Raw | None:
    """Follow a pointer through one JSON value, or through that of a line where each has its own."""
    try:
        return _walk(msgspec.Raw(text), steps)
    except FormatError:
        lines = text.split(b"\n")
        number = int(steps[0]) if steps and steps[0].isdecimal() and len(steps[0]) < 10 else len(lines)
        if number >= len(lines):
            raise
    line = msgspec.Raw(lines[number].strip())
    return _walk(line, steps[1:]) or line


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
        case b'"':
            inside = _inside(raw)
            return None if inside is None else _step(inside, step)
        case _:
            return None


def _inside(raw: msgspec.Raw) -> msgspec.Raw | None:
    """Return the JSON object that a text holds, as it is or in base64: the payload of an envelope."""
    text = str(json_parts.decode_value(raw, pointer="")).encode("utf-8", "replace").strip()
    try:
        data = text if text[:1] == b"{" else b64decode(text).strip()
    except ValueError:
        return None
    return msgspec.Raw(data) if data[:1] == b"{" else None


def _formatted(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.format(bytes(memoryview(raw)), indent=2).decode("utf-8", "replace")
    except (msgspec.DecodeError, RecursionError):
        return ""


def _lines(text: bytes, number: int) -> str:
    """Return a line with those around it, each with its number."""
    lines = text.splitlines()
    first = max(1, number - _LINES_AROUND)
    shown = lines[first - 1 : number + _LINES_AROUND]
    return "\n".join(f"{at:>6}  {line.decode('utf-8', 'replace')[:400]}" for at, line in enumerate(shown, start=first))


def _element(text: bytes, path: str) -> str:
    finder = _Finder([step for step in path.split("/")[1:] if not step.startswith("@")][:_DEEPEST])
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, _attributes: finder.opened(name, parser.CurrentByteIndex)
    parser.EndElementHandler = lambda _name: finder.closed(parser.CurrentByteIndex)
    parser.StartDoctypeDeclHandler = finder.stop
    with suppress(expat.ExpatError, LookupError, ValueError, _FoundError):  # LookupError: an encoding nobody knows
        parser.Parse(text, True)  # expat takes it by place
    if finder.start < 0:
        return ""
    end = text.find(b">", finder.end) + 1 if finder.end >= 0 else finder.start + LONGEST
    return text[finder.start : end].decode("utf-8", "replace")


class _FoundError(Exception):
    """The place is found, or what is read leads nowhere: the rest need not be read."""


class _Finder:
    """Follows a path of names and numbers through the elements of a document, in one pass.

    `start` and `end` are of the deepest element of the path that was met.
    """

    def __init__(self, steps: list[str]) -> None:
        self.start = self.end = -1
        self._steps = [(match[1], int(match[2] or 1)) for step in steps if (match := _STEP.fullmatch(step))]
        self._matched = 0
        self._counts = [0] * (len(self._steps) + 1)
        self._depth = 0

    def opened(self, name: str, at: int) -> None:
        if self._depth == self._matched < len(self._steps):
            wanted, number = self._steps[self._matched]
            self._counts[self._matched] += name.rpartition(":")[2] == wanted
            if name.rpartition(":")[2] == wanted and self._counts[self._matched] == number:
                self._matched += 1
                self.start, self.end = at, -1
        self._depth += 1

    def closed(self, at: int) -> None:
        self._depth -= 1
        if self._depth == self._matched - 1:
            self.end = at
            raise _FoundError

    def stop(self, *_: object) -> None:
        """A document type is never read (CONTRIBUTING.md): nothing behind it is shown."""
        raise _FoundError


def _cut(text: str) -> str:
    return storable(text if len(text) <= LONGEST else f"{text[: LONGEST - 2]}\n…")
