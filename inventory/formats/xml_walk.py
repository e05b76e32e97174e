"""Feeds XML to a handler with expat, in steps. For formats whose elements have no fixed shape: SPDX in XML and RDF.

A document type, and with it every entity, is refused at its first character; nothing is fetched (expat asks nobody, for
no handler of external entities is set).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NoReturn, Protocol
from xml.parsers import expat

from inventory.formats.records import FormatError
from inventory.formats.text import Utf8

_STEP_BYTES: Final = 65_536
_BUFFER_BYTES: Final = 65_536
_LONGEST_TAG: Final = 1 << 20
"""Bytes of one tag or comment: expat reads an unfinished one again with every step."""


class Handler(Protocol):
    """Hears of elements, by namespace and local name in one text, and keeps count of how deep they are."""

    pieces: list[str]
    """Gets the pieces of character data."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Hear that an element begins."""

    def end(self, name: str) -> None:
        """Hear that an element ends."""


def walk(text: Utf8, handler: Handler) -> Iterator[None]:
    """Feed the document to the handler; gives the word to the caller after each step.

    Raises FormatError `bad_xml` and `dtd_forbidden` with the line, and what the handler raises.
    """
    # The encoding was checked before: what the document declares is UTF-8, or nothing.
    parser = expat.ParserCreate("UTF-8", "")
    parser.buffer_text = True
    parser.buffer_size = _BUFFER_BYTES
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse_doctype
    parser.CharacterDataHandler = handler.pieces.append
    parser.StartElementHandler, parser.EndElementHandler = handler.start, handler.end
    view = memoryview(text.data)
    try:
        for start in range(0, len(view), _STEP_BYTES):
            parser.Parse(view[start : start + _STEP_BYTES], False)
            if start - parser.CurrentByteIndex > _LONGEST_TAG:
                raise FormatError("bad_xml", f"A tag or comment is longer than {_LONGEST_TAG} bytes.")
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        message = f"The document is not well-formed XML: {expat.ErrorString(error.code)}."
        raise FormatError("bad_xml", message, pointer=f"line {error.lineno}") from error
    finally:
        # Breaks the circle of parser and handler: the collector rests while documents are read.
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
    yield


def _refuse_doctype(*_given: object) -> NoReturn:
    raise FormatError("dtd_forbidden", "The XML has a DOCTYPE, which is never read. Remove it.")
