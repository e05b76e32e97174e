"""What a CycloneDX document lists beside its components and a question must still find: services, and ancestors.

Both are records behind the components, not counted among them. A service is a node between others: what it depends on
came in through it. An ancestor is what a component was made from (a fork, a rebuild): whatever is wrong with it may be
wrong here, unless it was mended, so it is never sure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from inventory.formats.cyclonedx_components import ComponentReader
from inventory.formats.cyclonedx_parts import ComponentPart
from inventory.formats.defects import Defects
from inventory.formats.known_components import Memory
from inventory.formats.limits import Limits
from inventory.formats.pointers import join
from inventory.formats.records import ComponentRecord, FormatError, Scope

SERVICE: Final = "service"
_TEXTS: Final = ("name", "version", "group", "type", "purl", "bom-ref", "cpe")


class Related:
    """Appends services and ancestors to the records of one document."""

    def __init__(
        self, records: list[ComponentRecord], *, limits: Limits, defects: Defects, place: Callable[[str], str]
    ) -> None:
        """`place` turns a JSON pointer into the place that the document's syntax has for it."""
        self.service_count = 0
        self.ancestor_count = 0
        self._records = records
        self._limits = limits
        self._defects = defects
        self._place = place
        self._reader = ComponentReader(limits=limits, defects=defects, look_at_strings=False, memory=Memory())

    def add_services(self, services: object) -> None:
        """Append the services of a document, nested ones included. Raises FormatError `too_many_components`."""
        level: list[tuple[object, str, int | None]] = [(services, "/services", None)]
        while level:
            below: list[tuple[object, str, int | None]] = []
            for items, pointer, parent in level:
                for index, item in enumerate(items if isinstance(items, list) else ()):
                    place = f"{pointer}/{index}"
                    found = self._add(item, pointer=place, parent=parent)
                    if found is not None:
                        self.service_count += 1
                        self._records[found].type = SERVICE
                        self._records[found].scope = Scope.PROVIDED
                    if isinstance(item, dict):
                        below.append((item.get("services"), place + "/services", parent if found is None else found))
            level = below

    def add_ancestors(self, pedigree: object, *, of: int, pointer: str) -> None:
        """Append what a component was made from; one that was patched is itself less sure than it says.

        `pointer` is that of the component. Raises FormatError `too_many_components`.
        """
        if not isinstance(pedigree, dict):
            return
        component = self._records[of]
        component.is_unsure = component.is_unsure or bool(pedigree.get("patches"))
        ancestors = pedigree.get("ancestors")
        for index, item in enumerate(ancestors if isinstance(ancestors, list) else ()):
            found = self._add(item, pointer=join(pointer, "pedigree", "ancestors", index), parent=of)
            if found is not None:
                self.ancestor_count += 1
                self._records[found].scope = component.scope
                self._records[found].is_unsure = True

    def _add(self, item: object, *, pointer: str, parent: int | None) -> int | None:
        if len(self._records) >= self._limits.components:
            message = f"The document has more than {self._limits.components} components, services and ancestors."
            raise FormatError("too_many_components", message, pointer=self._place(pointer))
        if not isinstance(item, dict):
            self._defects.add("wrong_shape", pointer, "This must be an object; it was not read.")
            return None
        texts = _texts(item)
        get = texts.get
        part = ComponentPart(
            get("name"), get("version"), get("group"), get("type"), get("purl"), get("bom-ref"), get("cpe")
        )
        record = self._reader.read_part(part, dubious=texts, pointer=self._place(pointer), parent=parent)
        if record is None:
            return None
        self._records.append(record)
        return len(self._records) - 1


def _texts(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: item[name] for name in _TEXTS if isinstance(item.get(name), str)}
