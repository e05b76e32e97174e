"""Reads SPDX 2.2 and 2.3 tag-value text: lines of `Tag: value`, longer texts between <text> and </text>."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

from inventory.formats.limits import Limits
from inventory.formats.lined import LinedObject
from inventory.formats.recognise.lines import SPDX_TAG_VALUE
from inventory.formats.records import FormatError
from inventory.formats.skeletons import Skeletons, UnknownError
from inventory.formats.spdx2_elements import Element, LinedElements
from inventory.formats.spdx2_tag_items import PackageLines
from inventory.formats.spdx2_tags import CREATION, LICENCES, OWNER, TAGS, Shape, Tag
from inventory.formats.text import Utf8

_OWNERS: Final = ("packages", "files", "snippets", LICENCES)
"""Sections of which one element is open at a time: the next begins where another tag of this kind stands."""
_PACKAGE: Final = TAGS[b"PackageName"]
_NEXT_PACKAGE: Final = b"\nPackageName:"
_FLAGS: Final = {"true": True, "false": False}


class TagValue(LinedElements):
    """A tag-value document as a stream of elements; raises FormatError `duplicate_key` and `unclosed_text`.

    A tag belongs to the package, file, snippet or licence that began last before it; where none is open it is left out
    with a warning, as is a line that is no tag. A tag that may stand once counts where it stands first.
    """

    media_type = SPDX_TAG_VALUE

    def __init__(self, text: Utf8, *, limits: Limits, keep: bool, first_line: int = 1) -> None:
        super().__init__(text, limits=limits, keep=keep)
        self.look_at_strings = b"\x00" in text.data
        self._owner = self.head
        self._open: dict[str, LinedObject] = {"": self.head}
        self._stream = io.BytesIO(text.data)
        self._lines_of_text = enumerate(self._stream, first_line)
        self.takes = not keep
        """Packages may be taken by their skeletons."""
        self._known = Skeletons(PackageLines(read_alone=self._read_alone))
        self._last = (0, 0, 0)

    def __iter__(self) -> Iterator[Element]:
        lines: Iterator[tuple[int, bytes]] | None = None
        while lines is not self._lines_of_text:  # another one goes on behind packages that were taken
            lines = self._lines_of_text
            yield from self._read_lines(lines)
        yield from self._end(*self._open)

    def _read_lines(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[Element]:
        tags, longest = TAGS, self.limits.string_bytes
        for number, line in lines:
            name, colon, rest = line.partition(b":")
            tag = tags.get(name)
            if tag is None:
                tag = self._unusual(line, name, colon, number)
                if tag is None:
                    continue
            if tag is _PACKAGE and self.takes:
                yield from self._take(self._stream.tell() - len(line), number)
                if lines is not self._lines_of_text:
                    return
            if len(rest) > longest:
                self.is_long = True
            value = rest.strip()
            text = self._long_text(value, number) if value[:6] == b"<text>" else value.decode()
            if tag.shape is Shape.START:
                yield from self._begin(tag, text, number)
            elif tag.shape is Shape.RELATION:
                yield self.element("relationships", _relation(text), line=number)
            else:
                self._set(tag, text, number)

    def _take(self, start: int, line: int) -> Iterator[Element]:
        """Take packages that are written like one before, each up to where the next begins; go on behind them."""
        data, begun = self.text.data, start
        while 0 <= (end := data.find(_NEXT_PACKAGE, start)) < start + self.limits.string_bytes:
            end += 1
            try:
                value = self._known.read(data[start:end].decode())
            except UnknownError:
                break
            if start == begun:
                yield from self._end(*_OWNERS)
            self._last = (start, end, line)
            yield self.element("packages", value, line=line)
            line += data.count(b"\n", start, end)
            start = end
        if start > begun:
            self._stream.seek(start)
            self._lines_of_text = enumerate(self._stream, line)

    def _read_alone(self, document: bytes, *, first_line: int = 1) -> object:
        """Read a document of one package and nothing else; None for any other."""
        alone = TagValue(Utf8(document, bom_stripped=False), limits=self.limits, keep=False, first_line=first_line)
        alone.takes = False
        found = list(alone)
        if len(found) != 1 or found[0].section != "packages" or alone.head or alone.defects.total:
            return None
        return found[0].value

    def lined(self, section: str, value: object) -> object:
        """Read the last package again where its texts alone were read."""
        if section == "packages" and type(value) is dict:
            start, end, line = self._last
            return self._read_alone(self.text.data[start:end], first_line=line)
        return value

    def _unusual(self, line: bytes, name: bytes, colon: bytes, number: int) -> Tag | None:
        """Take a line whose beginning is no tag: an indented tag, a comment, or something to warn of."""
        bare = name.strip()
        if bare in TAGS and colon:
            return TAGS[bare]
        if not line.strip() or bare.startswith(b"#"):
            return None
        code = "unknown_field" if colon and bare.isalnum() else "bad_line"
        message = f"{line.strip().decode()[:80]!r} is no tag of the format; the line was left out."
        self.defects.add(code, self._place(number), message)
        return None

    def _long_text(self, value: bytes, number: int) -> str:
        """Read on to </text>. Raises FormatError when there is none: all that follows would be lost in it."""
        value = value.removeprefix(b"<text>")
        parts = []
        while (end := value.find(b"</text>")) < 0:
            parts.append(value)
            _, line = next(self._lines_of_text, (0, b""))
            if not line:
                message = "A <text> has no </text>, so the rest of the document would be part of it."
                raise FormatError("unclosed_text", message, pointer=self._place(number))
            value = line.rstrip(b"\r\n") if b"</text>" in line else line
        parts.append(value[:end])
        whole = b"".join(parts)
        if len(whole) > self.limits.string_bytes:
            self.is_long = True
        return whole.decode()

    def _begin(self, tag: Tag, text: str, number: int) -> Iterator[Element]:
        section = tag.section
        yield from self._end(*(_OWNERS if section in _OWNERS else (section,)))
        started = LinedObject(number)
        started.put(tag.name, text, number)
        self._open[section] = started
        if section in _OWNERS:
            self._owner = started

    def _end(self, *sections: str) -> Iterator[Element]:
        """Give out the elements that are open in these sections."""
        for section in sections:
            ended = self._open.pop(section, None) if section else None
            if ended is None or section == CREATION:
                continue
            if section == LICENCES:
                self.head.append(LICENCES, ended if self.keep else None, ended.line)
            else:
                yield self.element(section, ended, line=ended.line)

    def _set(self, tag: Tag, text: str, number: int) -> None:
        owner = self._owner_of(tag, number)
        if owner is None:
            return
        name, shape = tag.name, tag.shape
        if shape is Shape.TEXT:
            if name in owner:
                self._repeat(owner, name, number)
            else:
                owner[name] = text
                owner.lines[name] = number
        elif shape is Shape.TEXTS:
            owner.append(name, text, number)
        elif shape is Shape.REFERENCE:
            owner.append(name, _reference(text), number)
        elif shape is Shape.CHECKSUM:
            owner.append(name, _checksum(text), number)
        elif shape is Shape.FLAG:
            owner.put(name, _FLAGS.get(text.lower(), text), number)

    def _owner_of(self, tag: Tag, number: int) -> LinedObject | None:
        """Find the element a tag belongs to; None where none is open."""
        section = tag.section
        if section == OWNER:
            return self._owner
        owner = self._open.get(section)
        if owner is None and section == CREATION:
            owner = self._open[CREATION] = LinedObject(number)
            self.head.put(CREATION, owner, number)
        if owner is None and tag.shape is not Shape.IGNORED:
            message = f"This tag belongs to one of the {section}, and none is open; the line was left out."
            self.defects.add("bad_line", self._place(number), message)
        return owner

    def _repeat(self, owner: LinedObject, name: str, number: int) -> None:
        """Warn of a tag that stands twice; two documents in one file must not be taken for one."""
        message = f"The tag may stand once and stood on line {owner.lines[name]} before; the first one counts."
        if owner is self.head and name in {"spdxVersion", "documentNamespace"}:
            raise FormatError("duplicate_key", message, pointer=self._place(number))
        self.defects.add("duplicate_key", self._place(number), message)

    def _place(self, number: int) -> str:
        return f"line {number}"

    def locate(self, pointer: str) -> str:
        """Return the line of a JSON pointer; a line stays as it is."""
        return pointer if pointer.startswith("line ") else super().locate(pointer)


def open_tag_value(text: Utf8, *, limits: Limits, keep: bool) -> TagValue:
    """Open a document of this syntax."""
    return TagValue(text, limits=limits, keep=keep)


def _relation(text: str) -> dict[str, Any]:
    source, _, rest = text.partition(" ")
    kind, _, target = rest.strip().partition(" ")
    named = {"spdxElementId": source, "relationshipType": kind, "relatedSpdxElement": target.strip()}
    return {name: value for name, value in named.items() if value}


def _reference(text: str) -> dict[str, str]:
    category, kind, locator = [*text.split(None, 2), "", "", ""][:3]
    return {"referenceCategory": category, "referenceType": kind, "referenceLocator": locator}


def _checksum(text: str) -> dict[str, str]:
    algorithm, _, value = text.partition(":")
    return {"algorithm": algorithm.strip(), "checksumValue": value.strip()}
