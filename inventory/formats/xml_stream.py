"""Reads XML in one pass with expat, into JSON-like values by a table of shapes. No tree of the document is ever held.

A document type, and with it every entity, is refused at its first character; nothing is fetched (expat asks nobody, for
no handler of external entities is set). Elements of other namespaces, and those no shape names, are passed over.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Final, NoReturn, Protocol
from xml.parsers import expat

from inventory.formats.json_parts import SURROGATE_MARK
from inventory.formats.limits import Limits
from inventory.formats.records import FormatError
from inventory.formats.text import Utf8
from inventory.formats.xml_shapes import Child, Form, Shape

_SEPARATOR: Final = " "
_BUFFER_BYTES: Final = 65_536
_STEP_BYTES: Final = 1 << 20
_LONGEST_TAG: Final = 1 << 20
"""Bytes of one tag or comment: expat reads an unfinished one again with every step."""
_MOST_VALUES: Final = 1_000_000
"""Values kept at once besides streamed ones: of one component, or of all that is no component."""
_MOST_NAMES: Final = 10_000


class Listener(Protocol):
    """Who gets what streams by, and hears of oddities."""

    def opened(self, stream: int) -> None:
        """Hear that a streamed element begins; those it holds come before its end."""

    def closed(self, stream: int, value: dict[str, Any], *, is_dubious: bool) -> None:
        """Get a streamed element; `is_dubious` when a text of it may be one that cannot be kept."""

    def repeated(self, name: str) -> None:
        """Hear of an element that stands twice where one may; the first one counts."""

    def unknown(self, name: str) -> None:
        """Hear of an element of the format's namespace right below the root that no shape names."""


class Silent:
    """A listener of a document of which nothing is wanted but that it can be read."""

    def opened(self, stream: int) -> None:
        """Do nothing."""

    def closed(self, stream: int, value: dict[str, Any], *, is_dubious: bool) -> None:
        """Do nothing."""

    def repeated(self, name: str) -> None:
        """Do nothing."""

    def unknown(self, name: str) -> None:
        """Do nothing."""


class XmlStream:
    """One document being read. Its handlers are called for every element, so they spare every step they can."""

    def __init__(self, root: Shape, *, namespaces: re.Pattern[str], limits: Limits, listener: Listener) -> None:
        """Elements count whose namespace matches `namespaces` whole; their names are then known by the local part."""
        self._limits = limits
        self._longest = limits.string_bytes
        self._listener = listener
        self._names = _Names(namespaces)
        self._frames: list[_Frame] = []
        self._holder: Any = []
        self._children: dict[str, Child] = {}
        self._root = Child("", root)
        self._leaf: Child | None = None
        self._leaf_value: Any = None
        self._pieces: list[str] = []
        self._skipped = 0
        self._kept = 0
        self._references = 0
        self._is_dubious = False
        self._parser = self._make_parser()

    def read(self, text: Utf8) -> dict[str, Any]:
        """Return what is not streamed.

        Raises FormatError: `bad_xml`, `dtd_forbidden`, `too_deep`, `too_many_values`, `too_many_edges`, and what the
        listener raises.
        """
        document: list[dict[str, Any]] = self._holder
        view = memoryview(text.data)
        try:
            for start in range(0, len(view), _STEP_BYTES):
                self._parser.Parse(view[start : start + _STEP_BYTES], False)
                if start - self._parser.CurrentByteIndex > _LONGEST_TAG:
                    raise FormatError("bad_xml", f"A tag or comment is longer than {_LONGEST_TAG} bytes.")
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise FormatError("bad_xml", f"The document is not well-formed XML: {error}.") from error
        finally:
            self._let_go()
        return document[0]

    def _make_parser(self) -> expat.XMLParserType:
        # The encoding was checked before: what the document declares is UTF-8, or nothing.
        parser = expat.ParserCreate("UTF-8", _SEPARATOR)
        parser.buffer_text = True
        parser.buffer_size = _BUFFER_BYTES
        parser.ordered_attributes = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.EntityDeclHandler = _refuse_doctype
        parser.CharacterDataHandler = self._pieces.append
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        return parser

    def _let_go(self) -> None:
        """Break the circle of the parser and this object: the collector rests while documents are read."""
        self._parser.StartElementHandler = self._parser.EndElementHandler = None
        self._parser.CharacterDataHandler = None

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._skipped:
            self._skipped += 1
            if self._skipped + len(self._frames) > self._limits.depth:
                raise _too_deep(self._limits)
            return
        local = self._names[name]
        child = self._children.get(local)
        if child is None or self._leaf is not None:
            if self._frames or local != self._names.root:
                self._pass_over(local)
                return
            child = self._root
        if child.is_text:
            self._leaf = child
            self._pieces.clear()
        else:
            self._open(child, child.shape, attributes)

    def _open(self, child: Child, shape: Shape, attributes: list[str]) -> None:
        if shape.text_key:
            if shape.only is not None and (len(attributes) < 2 or attributes[1] not in shape.only):
                self._skipped = 1
                return
            self._leaf = child
            self._leaf_value = _members(shape, attributes)
            self._pieces.clear()
        elif shape.form is Form.REFERENCE:
            self._refer(child, attributes)
        else:
            self._hold(child, attributes)

    def _hold(self, child: Child, attributes: list[str]) -> None:
        """Begin an element that holds others."""
        frames, shape = self._frames, child.shape
        if len(frames) >= self._limits.depth:
            raise _too_deep(self._limits)
        frames.append((self._children, self._holder, child))
        self._holder = [] if shape.form is Form.LIST else _members(shape, attributes)
        self._children = shape.children
        if shape.form is Form.STREAMED:
            self._listener.opened(shape.stream)

    def _refer(self, child: Child, attributes: list[str]) -> None:
        """Keep references once each: a graph names every component several times."""
        self._references += 1
        if self._references > self._limits.edges:
            raise FormatError("too_many_edges", f"The document holds more than {self._limits.edges} references.")
        values = list(_members(child.shape, attributes).values())
        self._attach(child, sys.intern(values[0]) if values else None)
        self._skipped = 1

    def _end(self, _name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            if not self._skipped:
                self._pieces.clear()
            return
        child = self._leaf
        if child is not None:
            self._leaf = None
            pieces = self._pieces
            text = (pieces[0] if len(pieces) == 1 else "".join(pieces)).strip()
            if len(text) > self._longest or (not text.isascii() and SURROGATE_MARK in text):
                self._is_dubious = True
            if child.text_key:
                self._leaf_value[child.text_key] = text
                self._attach(child, self._leaf_value)
            elif child.key not in self._holder and not child.many and type(self._holder) is dict:
                self._holder[child.key] = text  # what most elements are
            else:
                self._attach(child, text)
            return
        value = self._holder
        self._children, self._holder, child = self._frames.pop()
        if child.shape.form is Form.STREAMED:
            self._emit(child.shape.stream, value)
        else:
            self._attach(child, value)

    def _emit(self, stream: int, value: dict[str, Any]) -> None:
        self._kept = 0
        self._listener.closed(stream, value, is_dubious=self._is_dubious)
        self._is_dubious = False

    def _attach(self, child: Child, value: Any) -> None:
        holder = self._holder
        if type(holder) is list:
            holder.append(value)
        elif child.many:
            holder.setdefault(child.key, []).append(value)
        else:
            if child.key in holder:
                self._listener.repeated(child.key)
            else:
                holder[child.key] = value
            return
        self._kept += 1
        if self._kept > _MOST_VALUES:
            message = f"One component, or the document without its components, holds more than {_MOST_VALUES} values."
            raise FormatError("too_many_values", message)

    def _pass_over(self, local: str) -> None:
        if local and len(self._frames) == 1:
            self._listener.unknown(local)
        self._skipped = 1


_Frame = tuple[dict[str, Child], Any, Child]
"""Of an element that holds the open one: what it may hold, what it became so far, and the element itself."""


class _Names(dict[str, str]):
    """The local name of each element of the format's namespaces, '' for any other."""

    def __init__(self, namespaces: re.Pattern[str]) -> None:
        super().__init__()
        self.root = ""
        self._namespaces = namespaces

    def __missing__(self, name: str) -> str:
        namespace, _, local = name.rpartition(_SEPARATOR)
        known = local if self._namespaces.fullmatch(namespace) else ""
        self.root = self.root or local
        if len(self) < _MOST_NAMES:
            self[name] = known
        return known


def _members(shape: Shape, attributes: list[str]) -> dict[str, Any]:
    """Return the attributes that the shape names."""
    if not attributes:
        return {}
    known = shape.attributes
    return {known[key]: value for key, value in zip(attributes[::2], attributes[1::2], strict=True) if key in known}


def _too_deep(limits: Limits) -> FormatError:
    return FormatError("too_deep", f"Elements are nested deeper than {limits.depth} levels.")


def _refuse_doctype(*_given: object) -> NoReturn:
    raise FormatError("dtd_forbidden", "The XML has a DOCTYPE, which is never read. Remove it.")
