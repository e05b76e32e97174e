"""Reads YAML as JSON would be read, event by event: objects, arrays and texts, with their lines.

Only what has a JSON form is taken. Tags, merge keys, keys that are no text and a second document are refused. An alias
may repeat a value, but all that aliases repeat is bounded, so a small document stays small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from inventory.formats.limits import Limits
from inventory.formats.lined import LinedArray, LinedObject
from inventory.formats.records import FormatError

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_FLAGS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_EXPONENT: Final = r"(?:[eE][-+]\d{1,3})?"
_NUMBER: Final = re.compile(
    rf"[-+]?(?:0|[1-9]\d{{0,299}})|[-+]?\d{{1,300}}\.\d{{0,300}}{_EXPONENT}|\.\d{{1,300}}{_EXPONENT}"
)
"""What YAML 1.1 and 1.2 both take for a number: `1e3`, `09` and `-.5` are text to writers of 1.1, without quotes."""
_DIRECTIVE: Final = re.compile(rb"^%", re.MULTILINE)
_MOST_DIRECTIVES: Final = 8
"""The parser compares each directive with all before it."""
_MOST_REPEATED: Final = 100_000
"""Values that aliases repeat, in all."""
_MOST_ANCHORS: Final = 10_000


class YamlReader:
    """Reads one document whose top is a mapping; `typed` makes numbers and flags of what looks like them.

    Without it they stay text, as they were written: a version `1.10` is no number. Raises FormatError, each with its
    line: `bad_yaml`, `duplicate_key`, `too_deep`, `trailing_data`, `wrong_shape`.
    """

    def __init__(self, data: bytes, *, limits: Limits, typed: bool, first_line: int = 1) -> None:
        self.is_long = False
        self._limits = limits
        self._typed = typed
        self._first_line = first_line
        self._anchors: dict[str, _Anchored] = {}
        self._repeated = 0
        if len(_DIRECTIVE.findall(data[: 1 << 20])) > _MOST_DIRECTIVES:
            raise FormatError("bad_yaml", f"The document has more than {_MOST_DIRECTIVES} directives.")
        self._parser = CParser(data)
        self._ahead: Any = None

    def members(self) -> Iterator[tuple[str, int]]:
        """Give the name and line of each member of the top mapping; its value must be read before the next."""
        top = self._top()
        if type(top) is not MappingStartEvent:
            raise FormatError("wrong_shape", "The document must be a mapping.", pointer=self._place(top))
        self._check_node(top)
        seen: set[str] = set()
        while type(event := self._next()) is not MappingEndEvent:
            name = self._key(event, seen)
            seen.add(name)
            self._ahead = self._next()
            yield name, event.start_mark.line + self._first_line
        self._end()

    def only(self) -> Any:
        """Return the value of a text that is a part of a document."""
        value = self._value(self._top(), depth=2)
        self._end()
        return value

    def is_at_sequence(self) -> bool:
        """Tell whether the value of the member is a sequence."""
        return type(self._ahead) is SequenceStartEvent

    def items(self) -> Iterator[tuple[Any, int]]:
        """Give the items of the member's sequence, each with its line, one by one."""
        self._check_node(self._ahead)
        if self._ahead.anchor is not None:
            raise FormatError(
                "bad_yaml", "This sequence has an anchor; write it out.", pointer=self._place(self._ahead)
            )
        while type(event := self._next()) is not SequenceEndEvent:
            yield self._value(event, depth=3), event.start_mark.line + self._first_line

    def value(self) -> Any:
        """Return the value of the member."""
        return self._value(self._ahead, depth=2)

    def _top(self) -> Any:
        for expected in (StreamStartEvent, DocumentStartEvent):
            if type(self._next()) is not expected:
                raise FormatError("wrong_shape", "The document is empty.")
        return self._next()

    def _end(self) -> None:
        for expected in (DocumentEndEvent, StreamEndEvent):
            if type(event := self._next()) is not expected:
                message = "There is a second document behind the first."
                raise FormatError("trailing_data", message, pointer=self._place(event))

    def _next(self) -> Any:
        try:
            return self._parser.get_event()
        except yaml.YAMLError as error:
            raise self._syntax_error(error) from error

    def _value(self, event: Any, *, depth: int) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            value = self._scalar(event)
        elif kind is AliasEvent:
            return self._repeat(event)
        elif depth > self._limits.depth:
            message = f"The document nests deeper than {self._limits.depth} levels."
            raise FormatError("too_deep", message, pointer=self._place(event))
        else:
            self._check_node(event)
            value = self._mapping(event, depth) if kind is MappingStartEvent else self._sequence(event, depth)
        if event.anchor is not None:
            self._keep(event, value)
        return value

    def _mapping(self, start: Any, depth: int) -> LinedObject:
        found = LinedObject(start.start_mark.line + self._first_line)
        lines = found.lines
        while type(event := self._next()) is not MappingEndEvent:
            name = self._key(event, found)
            found[name] = self._value(self._next(), depth=depth + 1)
            lines[name] = event.start_mark.line + self._first_line
        return found

    def _sequence(self, _start: Any, depth: int) -> LinedArray:
        found = LinedArray()
        while type(event := self._next()) is not SequenceEndEvent:
            found.append(self._value(event, depth=depth + 1))
            found.lines.append(event.start_mark.line + self._first_line)
        return found

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if event.tag is not None:
            self._check_node(event)
        if len(text) > self._limits.string_bytes:
            self.is_long = True
        if event.style:
            return text
        return typed_scalar(text) if self._typed else text_scalar(text)

    def _key(self, event: Any, seen: set[str] | LinedObject) -> str:
        if type(event) is not ScalarEvent or event.anchor is not None or event.tag is not None:
            raise FormatError("bad_yaml", "The name of a member must be a plain text.", pointer=self._place(event))
        name: str = event.value
        if name in seen:
            message = f"The name {name[:100]!r} occurs twice in one mapping."
            raise FormatError("duplicate_key", message, pointer=self._place(event))
        if name == "<<" and not event.style:
            raise FormatError("bad_yaml", "Merge keys are not read; write the members out.", pointer=self._place(event))
        return name

    def _check_node(self, event: Any) -> None:
        if event.tag is not None:
            message = f"The tag {event.tag[:100]!r} is not read; a document of this format needs none."
            raise FormatError("bad_yaml", message, pointer=self._place(event))

    def _keep(self, event: Any, value: Any) -> None:
        if len(self._anchors) >= _MOST_ANCHORS:
            raise FormatError("bad_yaml", f"More than {_MOST_ANCHORS} anchors.", pointer=self._place(event))
        self._anchors[event.anchor] = _Anchored(value, _size(value))

    def _repeat(self, event: Any) -> Any:
        known = self._anchors.get(event.anchor)
        if known is None:
            message = f"The alias {event.anchor[:100]!r} stands before, or inside of, what it repeats."
            raise FormatError("bad_yaml", message, pointer=self._place(event))
        self._repeated += known.size
        if self._repeated > _MOST_REPEATED:
            raise FormatError(
                "bad_yaml", f"Aliases repeat more than {_MOST_REPEATED} values.", pointer=self._place(event)
            )
        return known.value

    def _place(self, event: Any) -> str:
        return f"line {event.start_mark.line + self._first_line}"

    def _syntax_error(self, error: yaml.YAMLError) -> FormatError:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        place = f"line {mark.line + self._first_line}" if mark is not None else ""
        return FormatError("bad_yaml", f"The document is not valid YAML: {str(problem)[:200]}.", pointer=place)


class _Anchored:
    """A value that may be repeated, and how many values it holds, those that aliases in it repeat included."""

    __slots__ = ("size", "value")

    def __init__(self, value: Any, size: int) -> None:
        self.value = value
        self.size = size


def _size(value: Any) -> int:
    """Count the values a value holds. What is repeated in it was counted against the limit before."""
    total, pending = 0, [value]
    while pending:
        item = pending.pop()
        total += 1
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return total


def text_scalar(text: str) -> str | None:
    """Return what stands without quotes as it was written: a version `1.10` is no number."""
    return None if text in _NULL else text


def typed_scalar(text: str) -> str | bool | float | None:
    """Return what stands without quotes as the flag or number it looks like."""
    if text in _NULL:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    return float(text) if _NUMBER.fullmatch(text) else text
