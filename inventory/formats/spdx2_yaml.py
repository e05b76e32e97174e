"""Reads SPDX 2.2 and 2.3 YAML: the JSON form, written as YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from inventory.formats.limits import Limits
from inventory.formats.lined import LinedArray
from inventory.formats.recognise.lines import YAML
from inventory.formats.records import FormatError
from inventory.formats.skeletons import Skeletons, UnknownError
from inventory.formats.spdx2_elements import SECTIONS, Element, LinedElements
from inventory.formats.text import Utf8
from inventory.formats.yaml_events import YamlReader, text_scalar, typed_scalar
from inventory.formats.yaml_plain import NotPlainError, PlainLines, read_plain_item

_NUL: Final = re.compile(rb"\\(?:0|x00|u0000|U00000000)")
_TOP_LINE: Final = re.compile(rb"\n(?=[^ \-#\r\n])")
_MEMBER: Final = re.compile(rb"([A-Za-z][A-Za-z0-9_]{0,100}):(?=[ \r\n])")
_EMPTY: Final = rb"(?: *+(?:#[^\n]*+)?\r?\n)*+"
"""Lines that say nothing."""
_BLANK: Final = re.compile(_EMPTY)
_BEFORE: Final = re.compile(_EMPTY + rb"(?:--- *+\r?\n)?" + _EMPTY)
_BEGUN: Final = re.compile(rb": *+\r?\n" + _EMPTY + rb"(?=( *+)- )")
_ALIASES: Final = (b": *", b"- *")
_OTHER_BREAKS: Final = ("\x85".encode(), "\u2028".encode(), "\u2029".encode())
"""What ends a line in YAML and in no other text."""


class SpdxYaml(LinedElements):
    """A YAML document as a stream of elements; raises what YamlReader does."""

    media_type = YAML

    def __init__(self, text: Utf8, *, limits: Limits, keep: bool) -> None:
        super().__init__(text, limits=limits, keep=keep)
        self.look_at_strings = _NUL.search(text.data) is not None

    def __iter__(self) -> Iterator[Element]:
        reader = YamlReader(self.text.data, limits=self.limits, typed=self.keep)
        for name, line in reader.members():
            if name not in SECTIONS or not reader.is_at_sequence():
                self.head.put(name, reader.value(), line)
                continue
            for value, item_line in reader.items():
                self.is_long = reader.is_long
                yield self.element(name, value, line=item_line)


class _Member(NamedTuple):
    """A member of the top mapping, and where its lines are."""

    name: str
    start: int
    end: int


class PlainSpdxYaml(SpdxYaml):
    """A YAML document whose top can be told by its lines: plain items are read without the general parser."""

    def __init__(self, data: bytes, members: list[_Member], *, text: Utf8, limits: Limits, keep: bool) -> None:
        super().__init__(text, limits=limits, keep=keep)
        self._data = data
        self._members = members
        self._scalar = typed_scalar if keep else text_scalar
        self._last = ("", 0, 0, 0, 0)

    def __iter__(self) -> Iterator[Element]:
        line = 1 + self._data.count(b"\n", 0, self._members[0].start)
        for member in self._members:
            begun = _BEGUN.match(self._data, member.start + len(member.name), member.end)
            if member.name in SECTIONS and begun is not None:
                item_line = line + self._data.count(b"\n", member.start, begun.end())
                yield from self._items(member, begun.end(), len(begun[1]), line=item_line)
            else:
                yield from self._whole(member, line=line)
            line += self._data.count(b"\n", member.start, member.end)

    def _items(self, member: _Member, start: int, indent: int, *, line: int) -> Iterator[Element]:
        """Give the items of a block sequence; a plain one is read here, another by the general parser."""
        known = Skeletons(PlainLines(indent=indent, scalar=self._scalar))
        while start < member.end:
            end = self._end_of_item(start, member.end, indent=indent)
            self._last = (member.name, start, end, indent, line)
            try:
                if self.keep:
                    raise UnknownError
                value = known.read(self._data[start:end].decode())
            except UnknownError:
                value = self._item(start, end, indent=indent, line=line)
            yield self.element(member.name, value, line=line)
            blank = _BLANK.match(self._data, end, member.end)
            after = blank.end() if blank is not None else end
            line += self._data.count(b"\n", start, after)
            start = after

    def lined(self, section: str, value: object) -> object:
        """Read the last item again where its texts alone were read."""
        name, start, end, indent, line = self._last
        if section == name and type(value) is dict:
            return self._item(start, end, indent=indent, line=line)
        return value

    def _end_of_item(self, start: int, end: int, *, indent: int) -> int:
        """Find the next line that begins an item of this sequence."""
        dash = b"\n" + b" " * indent + b"-"
        found = self._data.find(dash, start, end)
        while found >= 0 and self._data[found + len(dash) : found + len(dash) + 1] not in {b" ", b"\n", b"\r"}:
            found = self._data.find(dash, found + 1, end)
        return end if found < 0 else found + 1

    def _item(self, start: int, end: int, *, indent: int, line: int) -> Any:
        if end - start <= self.limits.string_bytes:
            try:
                return read_plain_item(self._data, start, end, indent=indent, line=line, scalar=self._scalar)
            except NotPlainError:
                pass  # the general parser reads it below
        values = self._general(start, end, line=line)
        if not isinstance(values, list) or len(values) != 1:
            raise _mixed(line)
        return values[0]

    def _whole(self, member: _Member, *, line: int) -> Iterator[Element]:
        """Read a member by the general parser; of a section that is a sequence in one line, give the items."""
        members = self._general(member.start, member.end, line=line)
        if not isinstance(members, dict) or members.keys() != {member.name}:
            raise _mixed(line)
        value = members[member.name]
        if member.name not in SECTIONS or not isinstance(value, LinedArray):
            self.head.put(member.name, value, line)
            return
        for item, item_line in zip(value, value.lines, strict=True):
            yield self.element(member.name, item, line=item_line)

    def _general(self, start: int, end: int, *, line: int) -> Any:
        reader = YamlReader(self._data[start:end], limits=self.limits, typed=self.keep, first_line=line)
        value = reader.only()
        self.is_long = self.is_long or reader.is_long
        return value


def _mixed(line: int) -> FormatError:
    message = "The lines of this part are not indented as one member or item of the document."
    return FormatError("bad_yaml", message, pointer=f"line {line}")


def open_yaml(text: Utf8, *, limits: Limits, keep: bool) -> SpdxYaml:
    """Open a document of this syntax."""
    data = text.data if text.data.endswith(b"\n") else text.data + b"\n"
    members = _top_members(data)
    if members:
        return PlainSpdxYaml(data, members, text=text, limits=limits, keep=keep)
    return SpdxYaml(text, limits=limits, keep=keep)


def _top_members(data: bytes) -> list[_Member]:
    """List the members of the top mapping by their lines; [] where lines do not tell, or part from YAML's."""
    before = _BEFORE.match(data)
    first = before.end() if before is not None else 0
    starts = [first, *(match.end() for match in _TOP_LINE.finditer(data, first))]
    found = [_MEMBER.match(data, start) for start in starts]
    names = [match[1].decode() for match in found if match is not None]
    if len(set(names)) < len(starts) or any(alias in data for alias in _ALIASES):
        return []
    if data.count(b"\r") != data.count(b"\r\n") or any(other in data for other in _OTHER_BREAKS):
        return []
    return [_Member(*one) for one in zip(names, starts, [*starts[1:], len(data)], strict=True)]
