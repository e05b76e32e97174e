"""Reads SPDX 2.2 and 2.3 in RDF/XML: a walk over the elements for SPDX's own vocabulary, no triple store.

In RDF one thing may be described in pieces, anywhere, nested or flat; so what is read of each package is kept, small,
until the document ends, and pieces with one address are one thing.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.recognise.markup import RDF_XML
from inventory.formats.records import FormatError
from inventory.formats.skeletons import UnknownError
from inventory.formats.spdx2_elements import SECTIONS, Element
from inventory.formats.spdx2_rdf_items import BEGINS, PackageItems, RelationshipItems
from inventory.formats.spdx2_rdf_terms import (
    NOTHING,
    RDF,
    READ_TYPES,
    SECTION_OF,
    SPDX,
    TYPES,
    Shape,
    Term,
    Terms,
    xpath_below,
)
from inventory.formats.spdx2_rdf_values import ARRAYS, MAKERS, Thing, address_of, node_of, text_of
from inventory.formats.text import Utf8
from inventory.formats.xml_items import is_splittable
from inventory.formats.xml_walk import walk

_DEEPEST: Final = 2_048
"""Elements: one package nested in another that depends on it is four deeper."""
_BASE: Final = "http://www.w3.org/XML/1998/namespacebase"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_ABOUT, _ID, _NODE_ID, _RESOURCE = RDF + "about", RDF + "ID", RDF + "nodeID", RDF + "resource"
_TYPE, _ROOT, _DESCRIPTION = RDF + "type", RDF + "RDF", RDF + "Description"
_RELATED: Final = SPDX + "relationship"
_DOCUMENT, _PACKAGE, _RELATIONSHIP = SPDX + "SpdxDocument", SPDX + "Package", SPDX + "Relationship"
_TEXT, _intern = Shape.TEXT, sys.intern
_ON_THINGS: Final = frozenset({_ABOUT, _ID, _NODE_ID})
_ON_PROPERTIES: Final = frozenset({_RESOURCE, _NODE_ID, _ID, RDF + "datatype"})
_UNTYPED: Final[Terms] = {}


class SpdxRdf:
    """An RDF/XML document as a stream of elements; raises what `walk` does, `too_deep` and `bad_rdf`."""

    media_type = RDF_XML
    look_at_strings = False

    def __init__(self, text: Utf8, *, limits: Limits, keep: bool) -> None:
        self.head: dict[str, Any] = {}
        self.defects = Defects(locate=self.locate)
        self.is_long = False
        self.pieces: list[str] = []
        self._text = text
        self._limits = limits
        self._base = self._namespace = ""
        self._types = TYPES if keep else READ_TYPES
        self._open: list[Thing] = []
        self._properties: list[str] = []
        self._said: list[str | Thing | None] = []
        """What each open property says: a link, a thing inside of it, or None for its text."""
        self._is_in_thing = False
        self._things: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in (_DOCUMENT, *SECTION_OF)}
        self._blank: dict[str, dict[str, Any]] = {}
        self._loose: list[Thing] = []
        self._relations: list[tuple[str, Any]] = []
        self._places: dict[str, array[int]] = {"packages": array("i"), "relationships": array("i")}
        self._seen = {_PACKAGE: 0, _RELATIONSHIP: 0, _DESCRIPTION: 0}
        self._items = PackageItems(read_alone=self._read_alone, longest=limits.string_bytes)
        self._relationships = RelationshipItems(read_alone=self._read_relation, longest=limits.string_bytes)
        self.takes = not keep and is_splittable(text.data)
        """Packages and relationships may be taken by their skeletons."""
        self.begins = BEGINS

    def __iter__(self) -> Iterator[Element]:
        for _ in walk(self._text, self, items=self if self.takes else None):
            if len(self._things[_PACKAGE]) > self._limits.components:
                message = f"The document has more than {self._limits.components} packages."
                raise FormatError("too_many_components", message, pointer="/packages")
        for thing in self._loose:
            if not self._settle(thing):  # nothing tells what it is, but it may be related to something
                self._relations += [
                    (thing.address, node_of(said)) for name, said in thing.loose or () if name == _RELATED
                ]
        self._fill_head()
        for kind, section in SECTION_OF.items():
            things = self._things[kind]
            for address in [*things]:  # each is let go of; the first key of a dict would be found ever more slowly
                yield Element(section, self._finished(address, things.pop(address)))
        for owner, said in self._relations:
            relation = said if isinstance(said, dict) else self._blank.get(said, {})
            target = relation.get("relatedSpdxElement")
            named = {"spdxElementId": self._name(owner), "relatedSpdxElement": self._name(target) if target else None}
            yield Element("relationships", {**relation, **named})

    def is_between(self) -> bool:
        """Tell whether the root alone is open, or a package right below it."""
        return len(self._properties) == 1 and (not self._open or self._open[-1].kind == _PACKAGE)

    def take(self, item: bytes, root: bytes) -> bool:
        """Take a package or relationship that is written like one before; see Items of `walk`."""
        is_package = item.startswith(b"<spdx:Package")
        if is_package is bool(self._open):
            return False
        try:
            found = (self._items if is_package else self._relationships).value(item, root)
        except UnknownError:
            return False
        return self._take_package(found) if is_package else self._take_relation(self._open[-1].address, found)

    def _take_package(self, found: dict[str, Any]) -> bool:
        address = _intern(found["address"])
        if address in self._things[_PACKAGE]:
            return False
        self._seen[_PACKAGE] += 1
        self._things[_PACKAGE][address] = found["value"]
        self._places["packages"].append(self._seen[_PACKAGE])
        return all(self._take_relation(address, said) for said in found["relations"])

    def _take_relation(self, owner: str, said: dict[str, Any]) -> bool:
        self._seen[_RELATIONSHIP] += 1
        self._add_relation(owner, said)
        return True

    def _read_alone(self, document: bytes) -> dict[str, Any] | None:
        """Read a document of one package with its relationships; None where it holds more."""
        alone = SpdxRdf(Utf8(document, bom_stripped=False), limits=self._limits, keep=False)
        list(walk(alone._text, alone))
        things = [(kind, *one) for kind, known in alone._things.items() for one in known.items()]
        seen = (1, len(alone._relations), 0)
        if len(things) != 1 or alone._blank or alone._loose or tuple(alone._seen.values()) != seen:
            return None
        kind, address, value = things[0]
        said = [said for owner, said in alone._relations if owner == address and isinstance(said, dict)]
        if kind != _PACKAGE or len(said) != seen[1]:
            return None
        return {"address": address, "value": value, "relations": said}

    def _read_relation(self, document: bytes) -> dict[str, Any] | None:
        """Read a document of a package with one relationship; None where it holds more."""
        found = self._read_alone(document)
        if found is None or found["value"] or len(found["relations"]) != 1:
            return None
        said: dict[str, Any] = found["relations"][0]
        return said

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin a thing or a property: they alternate."""
        self.pieces.clear()
        if self._is_in_thing:
            self._properties.append(name)
            self._said.append(self._link(name, attributes) if attributes else None)
            self._is_in_thing = False
        elif self._properties or name != _ROOT:
            self._begin(name, attributes)
        else:
            self._base = attributes.get(_BASE, "")
            self._properties.append(name)
            self._said.append(None)

    def end(self, _name: str) -> None:
        """End a thing or a property; a property that ends is said of the thing around it."""
        if self._is_in_thing:
            ended = self._open.pop()
            if ended.loose is not None and not self._settle(ended):
                self._loose.append(ended)
            self._is_in_thing = False
            return
        name, said = self._properties.pop(), self._said.pop()
        opened = self._open
        if not opened:
            return
        self._is_in_thing = True
        thing = opened[-1]
        term = thing.terms.get(name)
        if term is not None:
            if said is None:
                text, value = self._read_text(), thing.value
                if term.shape is _TEXT and term.name not in value:  # most are of this kind
                    value[term.name] = text
                    return
                said = text
            self._put(thing, term, said)
        elif thing.loose is not None:
            thing.loose.append((name, self._read_text() if said is None else said))

    def _read_text(self) -> str:
        pieces = self.pieces
        text = pieces[0].strip() if len(pieces) == 1 else "".join(pieces).strip()
        if len(text) > self._limits.string_bytes:
            self.is_long = True
        return text

    def _begin(self, kind: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise FormatError("too_deep", f"Things are nested deeper than {_DEEPEST} levels.")
        thing = Thing(kind, self._types.get(kind, _UNTYPED))
        if kind in self._seen:
            self._seen[kind] += 1
        if kind == _DESCRIPTION:
            thing.loose = []
        if attributes:
            thing.address = self._address_among(attributes)
        if thing.address or kind in self._things:
            self._know(thing)
        if attributes:
            for name, value in attributes.items():
                self._put_attribute(thing, name, value)
        if self._said:
            self._said[-1] = thing
        self._open.append(thing)
        self._is_in_thing = True

    def _put_attribute(self, thing: Thing, name: str, value: str) -> None:
        """Take over a property that is written as an attribute."""
        if thing.loose is not None and name not in _ON_THINGS:
            thing.loose.append((name, value))
        elif name in thing.terms:
            self._put(thing, thing.terms[name], value)

    def _address_among(self, attributes: dict[str, str]) -> str:
        if _ABOUT in attributes:
            return self._address(attributes[_ABOUT])
        if _ID in attributes:
            return self._address("#" + attributes[_ID])
        return "_:" + attributes[_NODE_ID] if _NODE_ID in attributes else ""

    def _link(self, name: str, attributes: dict[str, str]) -> str | None:
        """Return what a property says by its attributes; refuse what would be lost."""
        said = attributes.get(_RESOURCE)
        if said is not None and len(attributes) == 1:
            return self._address(said) if said[:1] == "#" else _intern(said)
        for attribute, value in attributes.items():
            if attribute == _RESOURCE:
                said = self._address(value)
            elif attribute == _NODE_ID:
                said = "_:" + value
            elif attribute not in _ON_PROPERTIES and not attribute.startswith(_XML):
                message = f"The attribute {attribute[:100]!r} of {name[:100]!r} is not read; write an element for it."
                raise FormatError("bad_rdf", message)
        return said

    def _know(self, thing: Thing) -> None:
        """Enter a thing under its address; one that is known gets what is said of it in another place."""
        kind, number = thing.kind, self._seen.get(thing.kind, 0)
        known = self._things.get(kind)
        if known is None:
            if thing.address and thing.terms is not _UNTYPED:
                thing.value = self._blank.setdefault(thing.address, thing.value)
            return
        thing.address = thing.address or f"_:{kind} {number}"
        if thing.address in known:
            thing.value = known[thing.address]
            return
        known[thing.address] = thing.value
        if kind == _PACKAGE:
            described = -self._seen[_DESCRIPTION] if thing.loose is not None else number
            self._places["packages"].append(described)

    def _settle(self, thing: Thing) -> bool:
        """Find the type of a thing that is only described, and take over what is said of it; False when it has none."""
        loose = thing.loose or []
        kinds = [str(value) for name, value in loose if name == _TYPE and value in TYPES]
        kinds += [kind for kind, known in self._things.items() if thing.address in known]
        if not kinds:
            return False
        thing.kind, thing.terms = kinds[0], self._types[kinds[0]]
        self._know(thing)
        thing.loose = None
        for name, value in loose:
            if name in thing.terms:
                self._put(thing, thing.terms[name], value)
        return True

    def _put(self, thing: Thing, term: Term, value: Any) -> None:
        """Take over one property. Of one that may stand once the first counts."""
        member, shape = term
        values = thing.value
        if shape is _TEXT:
            if member not in values:
                values[member] = text_of(value)
        elif shape is Shape.NODES:
            values.setdefault(member, []).append(node_of(value))
        elif shape is Shape.RELATIONS:
            self._relate(thing, value)
        elif shape in ARRAYS:
            values.setdefault(member, []).append(text_of(value) if shape is Shape.TEXTS else address_of(value))
        else:
            values.setdefault(member, MAKERS[shape](value))

    def _relate(self, thing: Thing, value: Any) -> None:
        self._add_relation(thing.address, node_of(value))

    def _add_relation(self, owner: str, said: Any) -> None:
        self._relations.append((owner, said))
        self._places["relationships"].append(self._seen[_RELATIONSHIP])
        if len(self._relations) > self._limits.edges:
            raise FormatError("too_many_edges", f"The document states more than {self._limits.edges} relationships.")

    def _fill_head(self) -> None:
        documents = self._things[_DOCUMENT]
        for address, value in documents.items():
            self._namespace = address.rpartition("#")[0]
            creation = value.get("creationInfo")
            if isinstance(creation, str):
                value["creationInfo"] = self._blank.get(creation, {})
            if "documentDescribes" in value:
                value["documentDescribes"] = [self._name(one) for one in value["documentDescribes"]]
            self.head.update({"SPDXID": self._name(address), "documentNamespace": self._namespace, **value})
            return
        message = "The document has no spdx:SpdxDocument that says which version it is."
        raise FormatError("unsupported_version", message)

    def _finished(self, address: str, value: dict[str, Any]) -> dict[str, Any]:
        """Return a package or file in its JSON form, with what is described apart from it."""
        if not address.startswith("_:" + SPDX):
            value["SPDXID"] = self._name(address)
        for member in ("checksums", "externalRefs", "annotations"):
            if member in value:
                value[member] = [self._blank.get(one, {}) if isinstance(one, str) else one for one in value[member]]
        return value

    def _address(self, text: str) -> str:
        return sys.intern(self._base.partition("#")[0] + text if text.startswith("#") else text)

    def _name(self, address: str) -> str:
        """Return how the JSON form names an element: the fragment of its address, or a reference elsewhere."""
        if address in NOTHING:
            return NOTHING[address]
        namespace, sharp, fragment = address.rpartition("#")
        name = unquote(fragment) if "%" in fragment else fragment
        if not sharp or namespace == self._namespace or name.startswith("DocumentRef-"):
            return name
        return f"DocumentRef-{namespace}:{name}"

    def locate(self, pointer: str) -> str:
        """Return the XPath of a JSON pointer (`/packages/2/name` is `(//spdx:Package)[3]/spdx:name`)."""
        number = pointer[10:]
        if pointer[:10] == "/packages/" and number.isdecimal():  # asked of each package
            found = self._places["packages"][int(number)]
            return f"(//spdx:Package)[{found}]" if found > 0 else f"(//rdf:Description)[{-found}]"
        if not pointer.startswith("/"):
            return pointer
        section, *steps = pointer.split("/")[1:]
        if section not in SECTIONS:
            return "//spdx:SpdxDocument" + xpath_below([section, *steps])
        if not steps:
            return "/rdf:RDF"
        index, places = int(steps[0]), self._places.get(section)
        found = places[index] if places is not None and index < len(places) else index + 1
        element = "rdf:Description" if found < 0 else f"spdx:{section[:-1].capitalize()}"
        return f"(//{element})[{abs(found)}]" + xpath_below(steps[1:])


def open_rdf(text: Utf8, *, limits: Limits, keep: bool) -> SpdxRdf:
    """Open a document of this syntax."""
    return SpdxRdf(text, limits=limits, keep=keep)
