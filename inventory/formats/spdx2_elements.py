"""SPDX 2.x in a syntax that is read from beginning to end: a stream of elements in the names of the JSON form.

Tag-value, YAML, XML and RDF each give their elements one by one, so that memory follows one package and not the
document, and say where in their own syntax a JSON pointer leads.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.lined import LinedArray, LinedObject, line_of
from inventory.formats.records import FormatError, SbomRecord
from inventory.formats.spdx2 import note_oddities
from inventory.formats.spdx2_assembly import Parts, assemble, check_version
from inventory.formats.spdx2_packages import PackageReader
from inventory.formats.spdx2_relations import Relation, relation_of
from inventory.formats.text import Utf8

SECTIONS: Final = ("packages", "files", "snippets", "relationships", "annotations", "revieweds")
"""Arrays whose items are given one by one; all else of a document is in its head."""


class Element(NamedTuple):
    """One item of a section."""

    section: str
    value: object


class Elements(Protocol):
    """One document: iterated once, it gives its elements and fills `head`.

    `is_long` tells that a string above the limit was met, `look_at_strings` that one may hold a NUL. Iteration raises
    FormatError when the text is not of its syntax.
    """

    @property
    def media_type(self) -> str: ...
    @property
    def head(self) -> Mapping[str, Any]: ...
    @property
    def defects(self) -> Defects: ...
    @property
    def is_long(self) -> bool: ...
    @property
    def look_at_strings(self) -> bool: ...
    def __iter__(self) -> Iterator[Element]: ...
    def locate(self, pointer: str) -> str: ...


class LinedElements:
    """What tag-value and YAML have in common: places are lines.

    `values` keeps the elements of each section when `keep` says so, else the last of each.
    """

    def __init__(self, text: Utf8, *, limits: Limits, keep: bool) -> None:
        self.text = text
        self.limits = limits
        self.keep = keep
        self.head = LinedObject(1)
        self.defects = Defects(locate=self.locate)
        self.is_long = False
        self.values: dict[str, LinedArray] = {section: LinedArray() for section in SECTIONS}
        self._lines: dict[str, array[int]] = {section: array("I") for section in SECTIONS}

    def element(self, section: str, value: object, *, line: int) -> Element:
        """Note where an element stands, and return it."""
        values = self.values[section]
        if not self.keep:
            values.clear()
        values.append(value)
        self._lines[section].append(line)
        return Element(section, value)

    def lined(self, _section: str, value: object) -> object:
        """Return an element so that it knows its lines; this one was read so."""
        return value

    def locate(self, pointer: str) -> str:
        """Return `line N` for a JSON pointer, as near as is known; '' for the document."""
        number = pointer[10:]
        if pointer[:10] == "/packages/" and number.isdecimal():  # asked of each package
            return f"line {self._lines['packages'][int(number)]}"
        section, *steps = pointer.split("/")[1:] or [""]
        if not steps or section not in SECTIONS:
            found = line_of(self.head, pointer.split("/")[1:], line=0)
            return f"line {found}" if found else ""
        index, lines = int(steps[0]), self._lines[section]
        if index >= len(lines):
            return ""
        values = self.values[section]
        offset = 0 if self.keep else len(lines) - len(values)
        value = self.lined(section, values[index - offset]) if index >= offset else None
        return f"line {line_of(value, steps[1:], line=lines[index])}"


class Opener(Protocol):
    """Opens a document of one syntax; `keep` for the schema, which wants all of it at once."""

    def __call__(self, text: Utf8, *, limits: Limits, keep: bool) -> Elements: ...


def read_elements(text: Utf8, opener: Opener, *, limits: Limits) -> SbomRecord:
    """Read a document of one syntax.

    One bad package is rejected and counted. Raises FormatError for the document: `unsupported_version`,
    `too_many_components`, `too_many_edges`, and what its syntax raises; the pointer is a place in that syntax.
    """
    elements = opener(text, limits=limits, keep=False)
    try:
        return _read(text, elements, opener, limits=limits)
    except FormatError as error:
        raise FormatError(error.code, error.message, pointer=_placed(error.pointer, elements)) from error


def _read(text: Utf8, elements: Elements, opener: Opener, *, limits: Limits) -> SbomRecord:
    defects = elements.defects
    reader = PackageReader(limits=limits, defects=defects, look_at_strings=elements.look_at_strings)
    relations: list[Relation] = []
    counts = dict.fromkeys(SECTIONS, 0)
    others: set[str] = set()
    for section, value in elements:
        if section == "packages":
            reader.take(value, is_long=elements.is_long)
        elif section == "relationships":
            pointer = f"/relationships/{counts[section]}"
            found = relation_of(value, pointer=pointer, defects=defects)
            relations.extend([found] if found is not None else [])
        elif section == "annotations":
            reader.annotate(value)
        elif isinstance(value, dict) and isinstance(value.get("SPDXID"), str):
            others.add(value["SPDXID"])
        counts[section] += 1
    version = check_version(elements.head.get("spdxVersion"))
    note_oddities(text, elements.head, wrapper="", defects=defects)
    parts = Parts(
        version=version,
        head=elements.head,
        packages=reader,
        relations=relations,
        other_refs=frozenset(others),
        files=_files_again(text, opener, limits=limits),
        media_type=elements.media_type,
    )
    return assemble(parts, limits=limits, defects=defects)


def _files_again(text: Utf8, opener: Opener, *, limits: Limits) -> Callable[[], list[object]]:
    """Read the files of a document that is about one of them: a second time, because few are."""

    def files() -> list[object]:
        elements = opener(text, limits=limits, keep=False)
        return [value for section, value in elements if section == "files"]

    return files


def _placed(pointer: str, elements: Elements) -> str:
    return elements.locate(pointer) if pointer.startswith("/") else pointer
