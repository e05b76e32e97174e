"""Packages of SPDX tag-value text as machines write them: a line for each tag, known by the tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from inventory.formats.skeletons import Split
from inventory.formats.spdx2_tags import TAGS, Shape

_WHOLE: Final = frozenset({Shape.TEXT, Shape.TEXTS, Shape.START, Shape.IGNORED})
"""Of these tags the value is one text."""
_OPEN, _CLOSE = "<text>", "</text>"


def _named(*shapes: Shape) -> str:
    return "|".join(name.decode() for name, tag in TAGS.items() if tag.shape in shapes)


_OTHERS: Final = _named(*frozenset(Shape) - _WHOLE)
_HEAD: Final = (
    rf"(?!(?:{_OTHERS}):)[A-Za-z]++:[ \t]*+(?:{_OPEN})?+"
    rf"|(?:{_named(Shape.CHECKSUM)}):[ \t]*+[A-Za-z0-9_-]++:[ \t]*+"
    rf"|(?:{_named(Shape.REFERENCE)}):[ \t]*+[!-~]++[ \t]++[!-~]++[ \t]++"
)
"""What comes before the text of a line."""
_FLAG: Final = rf"(?:{_named(Shape.FLAG)}):[ \t]*+(?:true|false)"
_BARE: Final = rf"(?!\s|{_OPEN}).++(?<!\s)"
_ENCLOSED: Final = r"[^<\n]*+"
_ROW: Final = re.compile(
    rf"^(?:(#).*+|({_FLAG})|({_HEAD})((?<={_OPEN}){_ENCLOSED}{_CLOSE}|(?<!{_OPEN}){_BARE})|)\n", re.MULTILINE
)
"""A line: a comment, a flag, or a head and a text; or nothing."""


class PackageLines:
    """Packages as a syntax of skeletons: each line is a piece up to its text, and the text."""

    def __init__(self, *, read_alone: Callable[[bytes], Any]) -> None:
        """`read_alone` reads a document of one package; None where that says more than its value, or other."""
        self._read_alone = read_alone

    def split(self, item: str) -> Split | None:
        """Part a package into lines; None where one is of another form."""
        rows = _ROW.findall(item)
        if len(rows) != item.count("\n"):
            return None
        return tuple(comment or flag or head for comment, flag, head, _ in rows), [row[3] for row in rows]

    def holds(self, skeleton: tuple[str, ...]) -> Sequence[bool]:
        """Comments, flags and empty lines hold no text."""
        return [head.endswith((":", " ", "\t", _OPEN)) for head in skeleton]

    def cuts(self, skeleton: tuple[str, ...]) -> Mapping[int, int]:
        """What is opened is closed on the same line."""
        return {place: len(_CLOSE) for place, head in enumerate(skeleton) if head.endswith(_OPEN)}

    def is_bare(self, _item: str) -> bool:
        """An expression says all of it."""
        return True

    def meant(self, texts: Sequence[str]) -> Sequence[str]:
        """Nothing is escaped in them."""
        return texts

    def expression(self, skeleton: tuple[str, ...], is_used: Sequence[bool]) -> tuple[str, Sequence[int]]:
        """Match each line as it begins; of its text what `split` takes for one."""
        parts: list[str] = []
        for head, used, held in zip(skeleton, is_used, self.holds(skeleton), strict=True):
            end = _CLOSE if head.endswith(_OPEN) else ""
            text = (_ENCLOSED if end else _BARE) if held else ".*+" if head == "#" else ""
            parts += (re.escape(head), f"({text})" if used else text, end, "\n")
        return "".join(parts), [place for place, used in enumerate(is_used) if used]

    def read(self, skeleton: tuple[str, ...], texts: Sequence[str]) -> Any:
        """Read a document of one such package."""
        ends = [_CLOSE if head.endswith(_OPEN) else "" for head in skeleton]
        lines = zip(skeleton, texts, ends, strict=True)
        return self._read_alone("".join(f"{head}{text}{end}\n" for head, text, end in lines).encode())
