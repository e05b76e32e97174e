"""Reads items of a block sequence in YAML as machines write them: `- name: value`, one line each.

The general parser costs 1 us an event, of which a package has fifty. Nearly all lines of an SBOM are of one plain form
that needs none of it; an item with any other line is left to the general parser as a whole. What is taken here is read
as that parser reads it: tests/inventory/formats/test_yaml_plain.py compares them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from inventory.formats.lined import LinedArray, LinedObject

_PLAIN: Final = rb"[A-Za-z0-9./+_(<$^=;~][!-9;-~]*+(?:(?::(?=[!-~])| (?=[!\"$-~]))[!-9;-~]*+)*+"
"""One line of ASCII: no `: `, no ` #`, no space or colon at the end."""
_LINE: Final = re.compile(
    rb"( *+)(- )?(?:([A-Za-z][A-Za-z0-9_]{0,100}+):(?= *+\r?\n| ))?+"
    rb" *+(?:\"([^\"\\\x00-\x1f\x7f-\xff]*+)\"|'([^'\x00-\x1f\x7f-\xff]*+)'|(" + _PLAIN + rb"))?+ *+\r?\n"
)
_KEY_ALONE: Final = 3
"""The last group of _LINE that matched, where a key has nothing behind it."""


class NotPlainError(Exception):
    """A line is of another form: the general parser has the word."""


class PlainItem:
    """One item: a mapping of scalars, of sequences of scalars or of mappings of scalars, and of such mappings."""

    def __init__(self, line: int, *, indent: int, scalar: Callable[[str], Any]) -> None:
        self.value = LinedObject(line)
        self._scalar = scalar
        self._indent = indent + 2
        self._waiting = ""
        """Name of the member whose value has not begun."""
        self._array: LinedArray | None = None
        self._array_indent = -1
        self._inner: LinedObject | None = None
        self._inner_indent = -1

    def read(self, data: bytes, start: int, end: int) -> LinedObject:
        """Read the lines of the item; the last one ends in a line feed. Raises NotPlainError."""
        match = _LINE.scanner(data, start, end).match  # type: ignore[attr-defined]  # no stub has it
        number, position = self.value.line, start
        while position < end:
            found = match()
            if found is None:
                raise NotPlainError
            spaces, dash, key, double, single, plain = found.groups()
            if plain is not None:
                value = self._scalar(plain.decode())
            else:
                value = double.decode() if double is not None else single.decode() if single is not None else None
            is_alone = found.lastindex == _KEY_ALONE
            if dash is None:
                self._member(len(spaces), key, value, is_alone=is_alone, number=number)
            elif position == start:
                if key is None:
                    raise NotPlainError
                self._member(self._indent, key, value, is_alone=is_alone, number=number)
            else:
                self._entry(len(spaces), key, value, is_alone=is_alone, number=number)
            number += 1
            position = found.end()
        return self.value

    def _member(self, indent: int, key: bytes | None, value: Any, *, is_alone: bool, number: int) -> None:
        if key is None:
            if value is not None:
                raise NotPlainError
        elif indent == self._indent:
            self._inner = self._array = None
            name = _put(self.value, key, value, number)
            self._waiting = name if is_alone else ""
        elif is_alone:
            raise NotPlainError
        else:
            if self._waiting and indent > self._indent:
                self._inner, self._inner_indent = LinedObject(number), indent
                self.value[self._waiting] = self._inner
                self._waiting = ""
            if self._inner is None or indent != self._inner_indent:
                raise NotPlainError
            _put(self._inner, key, value, number)

    def _entry(self, indent: int, key: bytes | None, value: Any, *, is_alone: bool, number: int) -> None:
        if self._waiting and indent >= self._indent:
            self._array, self._array_indent = LinedArray(), indent
            self.value[self._waiting] = self._array
            self._waiting = ""
        array = self._array
        if array is None or indent != self._array_indent or is_alone:
            raise NotPlainError
        self._inner = None
        if key is not None:
            self._inner, self._inner_indent = LinedObject(number), indent + 2
            _put(self._inner, key, value, number)
        array.append(value if key is None else self._inner)
        array.lines.append(number)


def _put(inner: LinedObject, key: bytes, value: Any, number: int) -> str:
    name = key.decode()
    if name in inner:
        raise NotPlainError
    inner[name] = value
    inner.lines[name] = number
    return name
