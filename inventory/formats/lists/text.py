"""A list as text, line by line: what says nothing, what is a table or a lock file, and what is one thing each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inventory.formats.lists.items import MAX_LINE_LENGTH, read_common, read_line
from inventory.formats.lists.json_locks import read_json_lock
from inventory.formats.lists.locks import LockReader
from inventory.formats.lists.packages import read_plain_purl
from inventory.formats.lists.tables import TableReader
from inventory.identity.indicators import Indicator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMENT = re.compile(r"#|//|--\s|;|<!--|\*\s*$|-+\s*$|=+\s*$")
_TRAILING_COMMENT = re.compile(r"\s(?:#|//)(?:\s.*)?$")
_BULLET = re.compile(r"(?:[-*+\u2022\u2013]|\d{1,4}[.)])\s+")
_STRUCTURE = re.compile(r"[\[\]{}(),;`]+|```\w*|---|\.\.\.")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_INVISIBLE = re.compile("[\u00a0\u2007\u202f\u3000]")


class Lines:
    """The indicators of a text, in the order of its lines; can be walked once. A line nobody can read is one too.

    A line without indicator is blank, a comment, the heading of a table, or belongs to a lock file alone.
    """

    def __init__(self, text: str) -> None:
        self._lines = _lines(text)
        self._locked = read_json_lock(text.removeprefix("\ufeff"))
        self.count = len(self._lines)

    def __iter__(self) -> Iterator[Indicator]:
        """Yield what each line asks for, with its number."""
        if self._locked is not None:
            yield from self._locked
            return
        table, lock, is_idle = TableReader(), LockReader(), True
        for number, raw in enumerate(self._lines, start=1):
            if is_idle and (plain := read_plain_purl(raw, number=number)) is not None:
                yield plain
            elif line := _without_comment(raw):
                yield from _read(line, number=number, table=table, lock=lock)
                is_idle = lock.is_idle
        yield from lock.leave("")


def read_lines(text: str) -> Lines:
    """Read a list, whatever its shape: lines, a vendor's table, a lock file, or some of each behind one another."""
    return Lines(text)


def _lines(text: str) -> Sequence[str]:
    if not text.isascii() or "\x00" in text:
        text = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text.removeprefix("\ufeff"))
    # A newline ends the last line; no line follows it.
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")


def _without_comment(raw: str) -> str:
    """Return the line without comment, its indent kept: lock files are told by it. '' where nothing is left."""
    if _COMMENT.match(raw.lstrip()):
        return ""
    line = raw.rstrip() if raw.isascii() else _INVISIBLE.sub(" ", raw).rstrip()
    if "#" in line or "//" in line:
        line = _TRAILING_COMMENT.sub("", line).rstrip()
    return line if line.strip() else ""


def _read(line: str, *, number: int, table: TableReader, lock: LockReader) -> Sequence[Indicator]:
    if len(line) > MAX_LINE_LENGTH:
        return (*lock.leave(line), *read_line(line, number=number))
    if lock.is_idle:
        common = read_plain_purl(line, number=number) or read_common(line, number=number)
        if common is not None:
            return (common,)
    left = lock.leave(line)
    if (locked := lock.read(line, number=number)) is not None:
        return (*left, *locked)
    bare = line.strip()
    if _STRUCTURE.fullmatch(bare):
        return left
    bare = _BULLET.sub("", bare, count=1)
    rows = table.read(bare, number=number)
    return (*left, *(read_line(bare, number=number) if rows is None else rows))
