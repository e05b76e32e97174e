"""Reads items of a block sequence in YAML as machines write them: `- name: value`, one line each.

The general parser costs 1 us an event, of which a package has fifty. Nearly all lines of an SBOM are of one plain form
that needs none of it; an item with any other line is left to the general parser as a whole. What is taken here is read
as that parser reads it: tests/inventory/formats/test_yaml_plain.py compares them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from inventory.formats.lined import LinedArray, LinedObject
from inventory.formats.skeletons import Split

_PLAIN: Final = rb"[A-Za-z0-9./+_(<$^=;~][!-~]*+(?: (?<!: )(?=[!\"$-~])[!-~]*+)*+(?<!:)"
"""One line of ASCII: no `: `, no ` #`, no space or colon at the end."""
_LINE: Final = re.compile(
    rb"( *+)(- )?(?:([A-Za-z][A-Za-z0-9_]{0,100}+):(?= *+\r?\n| ))?+"
    rb" *+(?:\"([ !#-\[\]-~]*+)\"|'([ -&(-~]*+)'|(" + _PLAIN + rb"))?+ *+\r?\n"
)
_QUOTED: Final = r"[ !#-&(-\[\]-~]*+"
_UNQUOTED: Final = rf"(?!(?:~|null|Null|NULL)\n){_PLAIN.decode()}"
_ROW: Final = re.compile(
    r"^( *+(?:- )?+(?:[A-Za-z][A-Za-z0-9_]{0,100}+:(?: |(?=\n)))?+['\"]?+)"
    rf"((?<=')(?:{_QUOTED})'|(?<=\")(?:{_QUOTED})\"|(?<!['\"]){_UNQUOTED}|(?<=:))\n",
    re.MULTILINE,
)
"""A line in two: up to its scalar, and the scalar, which may stand in the place of another of its kind."""
_QUOTES: Final = ("'", '"')
_KEY_ALONE: Final = 3
"""The last group of _LINE that matched, where a key has nothing behind it."""


class PlainLines:
    """Items of one indent as a syntax of skeletons: each line is a piece up to its scalar, and the scalar."""

    def __init__(self, *, indent: int, scalar: Callable[[str], Any]) -> None:
        self._indent = indent
        self._scalar = scalar

    def split(self, item: str) -> Split | None:
        """Part an item into lines; None where one is of another form."""
        rows = _ROW.findall(item)
        if not rows or len(rows) != item.count("\n"):
            return None
        skeleton, texts = zip(*rows, strict=True)
        return skeleton, texts

    def holds(self, skeleton: tuple[str, ...]) -> Sequence[bool]:
        """A name whose value begins on the next line holds no text."""
        return [not head.endswith(":") for head in skeleton]

    def cuts(self, skeleton: tuple[str, ...]) -> Mapping[int, int]:
        """What begins with a quote ends with one."""
        return {place: 1 for place, head in enumerate(skeleton) if head.endswith(_QUOTES)}

    def is_bare(self, _item: str) -> bool:
        """An expression says all of it."""
        return True

    def meant(self, texts: Sequence[str]) -> Sequence[str]:
        """Nothing is escaped in them."""
        return texts

    def expression(self, skeleton: tuple[str, ...], is_used: Sequence[bool]) -> tuple[str, Sequence[int]]:
        """Match each line as it begins; of a scalar what `split` takes for one."""
        parts: list[str] = []
        for head, used, held in zip(skeleton, is_used, self.holds(skeleton), strict=True):
            end = head[-1:] if head.endswith(_QUOTES) else ""
            text = (_QUOTED if end else _UNQUOTED) if held else ""
            parts += (re.escape(head), f"({text})" if used else text, end, "\n")
        return "".join(parts), [place for place, used in enumerate(is_used) if used]

    def read(self, skeleton: tuple[str, ...], texts: Sequence[str]) -> Any:
        """Read an item; None where it is not plain."""
        ends = [head[-1:] if head.endswith(_QUOTES) else "" for head in skeleton]
        lines = zip(skeleton, texts, ends, strict=True)
        data = "".join(f"{head}{text}{end}\n" for head, text, end in lines).encode()
        try:
            return read_plain_item(data, 0, len(data), indent=self._indent, line=1, scalar=self._scalar)
        except NotPlainError:
            return None


class NotPlainError(Exception):
    """A line is of another form: the general parser has the word."""


def read_plain_item(
    data: bytes, start: int, end: int, *, indent: int, line: int, scalar: Callable[[str], Any]
) -> LinedObject:
    """Read one item: a mapping of scalars, of sequences of scalars or of mappings of scalars, and of such mappings.

    Its last line ends in a line feed; `scalar` makes a value of what stands without quotes. Raises NotPlainError.
    """
    match = _LINE.scanner(data, start, end).match  # type: ignore[attr-defined]  # no stub has it
    item, own = LinedObject(line), indent + 2
    held = _Held(item, own)
    inner, inner_indent = item, own  # the mapping whose members the lines of this indent are
    number, finish = line - 1, start
    while (found := match()) is not None:
        number += 1
        spaces, dash, key, double, single, plain = found.groups()
        if plain is not None:
            value = scalar(plain.decode())
        else:
            value = double.decode() if double is not None else single.decode() if single is not None else None
        if dash is None and key is not None and len(spaces) == inner_indent and found.lastindex != _KEY_ALONE:
            name = key.decode()
            if name in inner:
                raise NotPlainError
            inner[name] = value
            inner.lines[name] = number
            held.waiting = ""
        elif dash is not None or key is not None:
            is_first = number == line
            depth = own if is_first else len(spaces)
            is_alone = found.lastindex == _KEY_ALONE
            if is_first and (dash is None or key is None):
                raise NotPlainError
            step = held.entry if dash is not None and not is_first else held.member
            inner, inner_indent = step(depth, key, value, is_alone=is_alone, number=number)
        elif value is not None:
            raise NotPlainError
        finish = found.end()
    if finish != end:
        raise NotPlainError
    return item


class _Held:
    """What an item holds so far; both steps return the mapping that the next lines may belong to, and its indent."""

    def __init__(self, item: LinedObject, indent: int) -> None:
        self.waiting = ""
        """Name of the member whose value has not begun."""
        self._item = item
        self._indent = indent
        self._array: LinedArray | None = None
        self._array_indent = -1

    def member(
        self, indent: int, key: bytes | None, value: Any, *, is_alone: bool, number: int
    ) -> tuple[LinedObject, int]:
        """Take a member of the item, or the first of a mapping inside of it."""
        item = self._item
        if key is None or (is_alone and indent != self._indent):
            raise NotPlainError
        if indent == self._indent:
            self._array = None
            name = _put(item, key, value, number)
            self.waiting = name if is_alone else ""
            return item, indent
        if not self.waiting or indent < self._indent:
            raise NotPlainError
        inner = LinedObject(number)
        _put(inner, key, value, number)
        item[self.waiting] = inner
        self.waiting = ""
        return inner, indent

    def entry(
        self, indent: int, key: bytes | None, value: Any, *, is_alone: bool, number: int
    ) -> tuple[LinedObject, int]:
        """Take an entry of a sequence: a scalar, or a mapping that begins."""
        if self.waiting and indent >= self._indent:
            self._array, self._array_indent = LinedArray(), indent
            self._item[self.waiting] = self._array
            self.waiting = ""
        array = self._array
        if array is None or indent != self._array_indent or is_alone:
            raise NotPlainError
        array.lines.append(number)
        if key is None:
            array.append(value)
            return self._item, -1
        inner = LinedObject(number)
        _put(inner, key, value, number)
        array.append(inner)
        return inner, indent + 2


def _put(inner: LinedObject, key: bytes, value: Any, number: int) -> str:
    name = key.decode()
    if name in inner:
        raise NotPlainError
    inner[name] = value
    inner.lines[name] = number
    return name
