"""Reads XML in one pass, into JSON-like values by a table of shapes. No tree of the document is ever held.

Elements of other namespaces, and those no shape names, are passed over.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Final, Protocol

from inventory.formats.json_parts import SURROGATE_MARK
from inventory.formats.limits import Limits
from inventory.formats.records import FormatError
from inventory.formats.text import Utf8
from inventory.formats.xml_shapes import Child, Form, Shape
from inventory.formats.xml_walk import Items, walk

_SEPARATOR: Final = " "
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
        self.pieces: list[str] = []
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
        self._skipped = 0
        self._kept = 0
        self._references = 0
        self._is_dubious = False

    def read(self, text: Utf8, *, items: Items | None = None) -> dict[str, Any]:
        """Return what is not streamed; `items` takes what needs no parser, and hands it to `emit`.

        Raises FormatError: `unknown_format`, `bad_xml`, `dtd_forbidden`, `too_deep`, `too_many_values`,
        `too_many_edges`, and what the listener raises.
        """
        document: list[dict[str, Any]] = self._holder
        for _ in walk(text, self, items=items, separator=_SEPARATOR):
            pass
        if not document:
            raise FormatError("unknown_format", "The outermost element is of another namespace.")
        return document[0]

    def is_within(self, shape: Shape, *, depth: int) -> bool:
        """Tell whether an element of this shape is the innermost that is open, at this depth."""
        is_innermost = self._children is shape.children and not self._skipped and self._leaf is None
        return is_innermost and len(self._frames) == depth

    def add(self, stream: int, value: dict[str, Any]) -> None:
        """Take a streamed element as it was read, for who reads it without its parser."""
        self._listener.opened(stream)
        self.emit(stream, value)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
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
            self.pieces.clear()
        else:
            self._open(child, child.shape, attributes)

    def _open(self, child: Child, shape: Shape, attributes: dict[str, str]) -> None:
        if shape.only is not None and shape.only.isdisjoint(attributes.values()):
            self._skipped = 1
        elif shape.text_key:
            self._leaf = child
            self._leaf_value = _members(shape, attributes)
            self.pieces.clear()
        elif shape.form is Form.REFERENCE:
            self._refer(child, attributes)
        else:
            self._hold(child, attributes)

    def _hold(self, child: Child, attributes: dict[str, str]) -> None:
        """Begin an element that holds others."""
        frames, shape = self._frames, child.shape
        if len(frames) >= self._limits.depth:
            raise _too_deep(self._limits)
        frames.append((self._children, self._holder, child))
        self._holder = [] if shape.form is Form.LIST else _members(shape, attributes)
        self._children = shape.children
        if shape.form is Form.STREAMED:
            self._listener.opened(shape.stream)

    def _refer(self, child: Child, attributes: dict[str, str]) -> None:
        """Keep references once each: a graph names every component several times."""
        self._references += 1
        if self._references > self._limits.edges:
            raise FormatError("too_many_edges", f"The document holds more than {self._limits.edges} references.")
        values = list(_members(child.shape, attributes).values())
        self._attach(child, sys.intern(values[0]) if values else None)
        self._skipped = 1

    def end(self, _name: str) -> None:
        """End an element."""
        if self._skipped:
            self._skipped -= 1
            if not self._skipped:
                self.pieces.clear()
            return
        child = self._leaf
        if child is not None:
            self._leaf = None
            pieces = self.pieces
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
            self.emit(child.shape.stream, value)
        else:
            self._attach(child, value)

    def emit(self, stream: int, value: dict[str, Any]) -> None:
        """Hand on a streamed element that has ended."""
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


def _members(shape: Shape, attributes: dict[str, str]) -> dict[str, Any]:
    """Return the attributes that the shape names."""
    if not attributes:
        return {}
    known = shape.attributes
    return {known[key]: value for key, value in attributes.items() if key in known}


def _too_deep(limits: Limits) -> FormatError:
    return FormatError("too_deep", f"Elements are nested deeper than {limits.depth} levels.")
