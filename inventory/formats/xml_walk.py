"""Feeds XML to a handler with expat, in steps: all that reads XML here reads it through this.

A document type, and with it every entity, is refused at its first character; nothing is fetched (expat asks nobody, for
no handler of external entities is set).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NoReturn, Protocol
from xml.parsers import expat

from inventory.formats.records import FormatError
from inventory.formats.text import Utf8

_STEP_BYTES: Final = 65_536
_BUFFER_BYTES: Final = 65_536
_LONGEST_TAG: Final = 1 << 20
"""Bytes of one tag or comment: expat reads an unfinished one again with every step."""
_BLANK: Final = re.compile(rb"[ \t\n]*+")
_ROOT_TAG: Final = re.compile(rb"<([^\s/<>]+)[^<>]*+>")


class Handler(Protocol):
    """Hears of elements, by namespace, separator and local name in one text; keeps count of how deep they are."""

    pieces: list[str]
    """Gets the pieces of character data."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Hear that an element begins."""

    def end(self, name: str) -> None:
        """Hear that an element ends."""


class Items(Protocol):
    """Takes whole elements near the root that need no parser."""

    @property
    def begins(self) -> re.Pattern[bytes]:
        """Finds where one begins; its first group is the name of the element."""

    def is_between(self) -> bool:
        """Tell whether an item may begin here."""

    def take(self, item: bytes, root: bytes) -> bool:
        """Take an item; False when it must be walked. `root` is the tag of the root, for who wants to read it alone."""


def walk(text: Utf8, handler: Handler, *, items: Items | None = None, separator: str = "") -> Iterator[None]:
    """Feed the document to the handler; gives the word to the caller after each step.

    Raises FormatError `bad_xml` and `dtd_forbidden` with the line, and what the handler raises.
    """
    walker = _Walker(text.data, handler, separator)
    try:
        yield from walker.steps() if items is None else walker.past(items)
        walker.finish()
    except expat.ExpatError as error:
        message = f"The document is not well-formed XML: {expat.ErrorString(error.code)}."
        raise FormatError("bad_xml", message, pointer=f"line {error.lineno}") from error
    finally:
        walker.let_go()
    yield


class _Walker:
    """One document on its way through the parser; `_place` is how far it came, `_fed` counts what the parser got."""

    def __init__(self, data: bytes, handler: Handler, separator: str) -> None:
        self._data = data
        self._view = memoryview(data)
        self._place = self._fed = self._taken = 0
        self._is_in_section = self._is_renamed = False
        self._root = b""
        self._handler = handler
        # The encoding was checked before: what the document declares is UTF-8, or nothing.
        parser = self._parser = expat.ParserCreate("UTF-8", separator)
        parser.buffer_text = True
        parser.buffer_size = _BUFFER_BYTES
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse_doctype
        parser.CharacterDataHandler = handler.pieces.append
        parser.StartElementHandler, parser.EndElementHandler = handler.start, handler.end

    def steps(self) -> Iterator[None]:
        """Feed all that is left, step by step."""
        while self._place < len(self._view):
            self._feed(min(self._place + _STEP_BYTES, len(self._view)))
            yield

    def past(self, items: Items) -> Iterator[None]:
        """Feed all but what is taken as an item."""
        parser, data, search = self._parser, self._data, items.begins.search
        parser.StartCdataSectionHandler = parser.EndCdataSectionHandler = self._note_section
        parser.StartElementHandler = self._note_root
        while self._place < len(data):
            stop = min(self._place + _STEP_BYTES, len(data))
            found = search(data, self._place, stop)
            begin = stop if found is None else found.start()
            self._feed(begin)
            if found is not None and self._is_at_item(items):
                yield from self._row(items)
            if self._place == begin < stop:  # no item; not again for each that a comment holds: each reads it again
                self._feed(stop)
            yield

    def _is_at_item(self, items: Items) -> bool:
        """Tell whether all that was fed is finished, and an item may begin."""
        if self._is_in_section or self._is_renamed:
            return False
        return self._parser.CurrentByteIndex == self._fed and items.is_between()

    def _row(self, items: Items) -> Iterator[None]:
        """Take items that follow one another; walk one that is not taken."""
        data, match, blank = self._data, items.begins.match, _BLANK.match
        while (found := match(data, blank(data, self._place).end())) is not None:  # type: ignore[union-attr]  # empty
            closing = b"</%b>" % found[1]
            end = data.find(closing, found.end(), found.start() + _STEP_BYTES) + len(closing)
            if end < found.end():  # not here, or longer than a step: what it holds may be taken
                return
            if items.take(data[found.start() : end], self._root):
                self._place = end
            else:
                self._feed(end)
                if not items.is_between():
                    return
            yield

    def _feed(self, end: int) -> None:
        """Feed up to here; of what was taken before, the line feeds, so that lines are told right."""
        if self._taken < self._place:
            passed = b"\n" * self._data.count(b"\n", self._taken, self._place)
            self._parser.Parse(passed, False)
            self._fed += len(passed)
        self._parser.Parse(self._view[self._place : end], False)
        self._fed += end - self._place
        self._place = self._taken = end
        if self._fed - self._parser.CurrentByteIndex > _LONGEST_TAG + _STEP_BYTES:
            raise FormatError("bad_xml", f"A tag or comment is longer than {_LONGEST_TAG} bytes.")

    def _note_root(self, name: str, attributes: dict[str, str]) -> None:
        """Keep the tag of the root, by which an item can be read alone."""
        self._parser.StartElementHandler = self._handler.start
        self._parser.StartNamespaceDeclHandler = self._note_namespace
        tag = _ROOT_TAG.match(self._data, self._parser.CurrentByteIndex)
        self._root = tag[0] if tag is not None else b""
        self._handler.start(name, attributes)

    def _note_namespace(self, _prefix: str | None, _uri: str | None) -> None:
        """Take nothing more: below this, names may mean something else than right below the root."""
        self._is_renamed = True

    def _note_section(self) -> None:
        self._is_in_section = not self._is_in_section

    def finish(self) -> None:
        """Tell the parser that this is the end."""
        self._parser.Parse(b"", True)

    def let_go(self) -> None:
        """Break the circle of parser and handler: the collector rests while documents are read."""
        parser = self._parser
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
        parser.StartCdataSectionHandler = parser.EndCdataSectionHandler = parser.StartNamespaceDeclHandler = None


def _refuse_doctype(*_given: object) -> NoReturn:
    raise FormatError("dtd_forbidden", "The XML has a DOCTYPE, which is never read. Remove it.")
