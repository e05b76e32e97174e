"""A pasted text, line by line: what says nothing, what is a table or a lock file, and what is one thing each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.indicators import Indicator
from incidents.pasted.items import MAX_LINE_LENGTH, read_common, read_line
from incidents.pasted.locks import LockReader
from incidents.pasted.packages import read_plain_purl
from incidents.pasted.tables import TableReader
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_INDICATORS = 20_000
MAX_TEXT_BYTES = 2 * 1024 * 1024

_COMMENT = re.compile(r"#|//|--\s|;|<!--|\*\s*$|-+\s*$|=+\s*$")
_TRAILING_COMMENT = re.compile(r"\s(?:#|//)(?:\s.*)?$")
_BULLET = re.compile(r"(?:[-*+\u2022\u2013]|\d{1,4}[.)])\s+")
_STRUCTURE = re.compile(r"[\[\]{}(),;`]+|```\w*|---|\.\.\.")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_INVISIBLE = re.compile("[\u00a0\u2007\u202f\u3000]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text asks for. Ignored lines are blank, comments, headings of tables, and the rest of lock files."""

    indicators: tuple[Indicator, ...]
    ignored_line_count: int


def read_text(text: str) -> Reading:
    """Read what a responder pastes. Raises DomainError (question_too_large); a line nobody can read is an indicator.

    Every line is counted as ignored or has an indicator with its number. Source: docs/api.md, What a line may be.
    """
    if len(text.encode(errors="surrogatepass")) > MAX_TEXT_BYTES:
        raise _too_large(f"The text is larger than {MAX_TEXT_BYTES // 1024} KiB.")
    table, lock = TableReader(), LockReader()
    found: list[Indicator] = []
    lines = _lines(text)
    for number, raw in enumerate(lines, start=1):
        if lock.is_idle and (plain := read_plain_purl(raw, number=number)) is not None:
            found.append(plain)
        elif line := _without_comment(raw):
            found += _read(line, number=number, table=table, lock=lock)
        if len(found) > MAX_INDICATORS:
            raise _too_large(f"The text asks for more than {MAX_INDICATORS} things.")
    found += lock.leave("")
    return Reading(tuple(found), len(lines) - len({indicator.line for indicator in found}))


def parse_text(text: str) -> tuple[Indicator, ...]:
    """Return only the indicators of a text; raises like `read_text`."""
    return read_text(text).indicators


def _lines(text: str) -> Sequence[str]:
    if not text.isascii() or "\x00" in text:
        text = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text.removeprefix("\ufeff"))
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


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


def _too_large(message: str) -> DomainError:
    return DomainError("question_too_large", message)
