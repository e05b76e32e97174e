"""Reads SPDX 2.2 and 2.3 XML: the JSON form, its members as elements, an array as elements of one name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.recognise.markup import XML
from inventory.formats.records import FormatError
from inventory.formats.skeletons import UnknownError
from inventory.formats.spdx2_elements import SECTIONS, Element
from inventory.formats.text import Utf8
from inventory.formats.xml_items import MarkupItems, is_splittable
from inventory.formats.xml_walk import walk

_ARRAYS: Final = frozenset(
    {*SECTIONS, "annotations", "attributionTexts", "checksums", "creators", "crossRefs", "documentDescribes",
     "externalDocumentRefs", "externalRefs", "fileContributors", "fileDependencies", "fileTypes", "hasFiles",
     "hasExtractedLicensingInfos", "licenseInfoFromFiles", "licenseInfoInFiles", "licenseInfoInSnippets",
     "packageVerificationCodeExcludedFiles", "ranges", "seeAlsos"}
)  # fmt: skip
"""Members that are arrays in the JSON form, wherever they stand."""
_BEGINS: Final = re.compile(rb"<(packages|files|relationships)>")
_FLAGS: Final = {"filesAnalyzed": {"true": True, "false": False}}


class SpdxXml:
    """An XML document as a stream of elements; raises what `walk` does, `too_deep` and `wrong_shape`.

    An element that may stand once counts where it stands first.
    """

    media_type = XML
    look_at_strings = False

    def __init__(self, text: Utf8, *, limits: Limits, keep: bool) -> None:
        self.head: dict[str, Any] = {}
        self.defects = Defects(locate=self.locate)
        self.is_long = False
        self.pieces: list[str] = []
        self._text = text
        self._limits = limits
        self._typed = keep
        self._root = ""
        self._open: list[tuple[str, dict[str, Any]]] = []
        self._ready: list[Element] = []
        self._counts = dict.fromkeys(SECTIONS, 0)
        self._items = MarkupItems(read_alone=self._read_alone, longest=limits.string_bytes)
        self.begins = _BEGINS
        self.takes = not keep and is_splittable(text.data)
        """Elements may be taken by their skeletons."""

    def __iter__(self) -> Iterator[Element]:
        for _ in walk(self._text, self, items=self if self.takes else None):
            yield from self._take_ready()

    def is_between(self) -> bool:
        """Tell whether the root alone is open."""
        return len(self._open) == 1

    def take(self, item: bytes, root: bytes) -> bool:
        """Take an element of a section that is written like one before; see Items of `walk`."""
        try:
            found = self._items.value(item, root)
        except UnknownError:
            return False
        self._counts[found["section"]] += 1
        self._ready.append(Element(**found))
        return True

    def _read_alone(self, document: bytes) -> dict[str, Any] | None:
        """Read a document of one element and nothing else."""
        alone = SpdxXml(Utf8(document, bom_stripped=False), limits=self._limits, keep=False)
        found = [element for _ in walk(alone._text, alone) for element in alone._take_ready()]
        if len(found) != 1 or alone.head or alone.defects.total:
            return None
        return found[0]._asdict()

    def _take_ready(self) -> list[Element]:
        ready, self._ready = self._ready, []
        return ready

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        """Begin an element; attributes have no meaning in this form."""
        if len(self._open) >= self._limits.depth:
            raise FormatError("too_deep", f"Elements are nested deeper than {self._limits.depth} levels.")
        if not self._open:
            self._root = name
        self._open.append((name, {} if self._open else self.head))
        self.pieces.clear()

    def end(self, _name: str) -> None:
        """End an element: it is a set of members when it held some, else a text."""
        name, members = self._open.pop()
        text = "".join(self.pieces)
        self.pieces.clear()
        if not self._open:
            return
        value: object = members
        if not members:
            value = text.strip()
            if len(text) > self._limits.string_bytes:
                self.is_long = True
            if self._typed and name in _FLAGS:
                value = _FLAGS[name].get(text.strip(), value)
        if len(self._open) == 1 and name in SECTIONS:
            self._counts[name] += 1
            self._ready.append(Element(name, value))
        else:
            self._put(self._open[-1][1], name, value)

    def _put(self, holder: dict[str, Any], name: str, value: object) -> None:
        if name in _ARRAYS:
            holder.setdefault(name, []).append(value)
        elif name in holder:
            place = "/".join(["", *(one for one, _ in self._open), name])
            message = "This element may stand once and stands twice; the first one counts."
            self.defects.add("duplicate_key", place, message)
        else:
            holder[name] = value

    def locate(self, pointer: str) -> str:
        """Return the XPath of a JSON pointer (`/packages/2/name` is `/Document/packages[3]/name`)."""
        if not pointer or pointer.startswith((f"/{self._root}/", "line ")):
            return pointer
        steps = [self._root]
        for step in pointer.split("/")[1:]:
            if step.isdecimal():
                steps[-1] += f"[{int(step) + 1}]"
            else:
                steps.append(step)
        return "/" + "/".join(steps)


def open_xml(text: Utf8, *, limits: Limits, keep: bool) -> SpdxXml:
    """Open a document of this syntax."""
    return SpdxXml(text, limits=limits, keep=keep)
