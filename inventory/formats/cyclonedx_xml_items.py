"""Components of CycloneDX XML as machines write them, flat: known by their tags, but for the bom-ref."""

from __future__ import annotations

import re
from typing import Any, Final

from inventory.formats import cyclonedx_xml_shapes as shapes
from inventory.formats.json_parts import SURROGATE_MARK
from inventory.formats.limits import Limits
from inventory.formats.skeletons import Split, UnknownError
from inventory.formats.text import Utf8
from inventory.formats.xml_items import SLOT, MarkupItems
from inventory.formats.xml_stream import Silent, XmlStream

_SURROGATE: Final = SURROGATE_MARK.encode()
_REFERENCE: Final = re.compile(r"<component[^<>]* bom-ref=\"((?!#)[!#-;=?-~]++)(?=\")")


class ComponentItems(MarkupItems):
    """Components of the list right below the root; one that holds others is no element of tags and texts alone."""

    def split(self, item: str) -> Split | None:
        """Part a component into its reference, tags and texts."""
        found = _REFERENCE.match(item)
        if found is None:
            return self.split_slots(item, [])
        return self.split_slots(item[: found.start(1)] + SLOT + item[found.end(1) :], [found[1]])

    def enclosed(self, item: bytes, root: bytes) -> bytes:
        """Return a document that lists this component alone."""
        return super().enclosed(b"<components>%b</components>" % item, root)


class ListedComponents:
    """Takes the components right below the root that are written like one before (the Items of `walk`)."""

    begins = re.compile(rb"<(component)[ >]")

    def __init__(self, stream: XmlStream, *, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._items = ComponentItems(read_alone=self._read_alone, longest=limits.string_bytes)

    def is_between(self) -> bool:
        """Tell whether the list is the innermost element that is open."""
        return self._stream.is_within(shapes.COMPONENTS, depth=2)

    def take(self, item: bytes, root: bytes) -> bool:
        """Take a component; False when it must be walked."""
        if _SURROGATE in item:
            return False
        try:
            value = self._items.value(item, root)
        except UnknownError:
            return False
        self._stream.add(shapes.DOCUMENT, value)
        return True

    def _read_alone(self, document: bytes) -> dict[str, Any] | None:
        """Read a document of one component; None where it holds more, or something to warn of."""
        alone = _Alone()
        stream = XmlStream(shapes.BOM, namespaces=shapes.NAMESPACES, limits=self._limits, listener=alone)
        stream.read(Utf8(document, bom_stripped=False))
        return alone.values[0] if len(alone.values) == 1 and not alone.is_odd else None


class _Alone(Silent):
    """Hears of one component."""

    def __init__(self) -> None:
        self.values: list[dict[str, Any]] = []
        self.is_odd = False

    def closed(self, stream: int, value: dict[str, Any], *, is_dubious: bool) -> None:
        """Keep a component."""
        self.values.append(value)
        self.is_odd = self.is_odd or is_dubious or stream != shapes.DOCUMENT

    def repeated(self, _name: str) -> None:
        """Note what is to be warned of."""
        self.is_odd = True
