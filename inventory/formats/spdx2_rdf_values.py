"""What properties of SPDX RDF say: of a thing, by its text, by a link or by another thing inside of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from inventory.formats.spdx2_rdf_terms import NOTHING, Shape, Terms, word_of

_FLAGS: Final = {"true": True, "false": False, "1": True, "0": False}


class Thing:
    """A thing being described: a node element."""

    __slots__ = ("address", "kind", "loose", "terms", "value")

    def __init__(self, kind: str, terms: Terms) -> None:
        self.address = ""
        self.kind = kind
        self.terms = terms
        self.value: dict[str, Any] = {}
        self.loose: list[tuple[str, Any]] | None = None
        """Properties of a thing whose type is not told by its element."""


def text_of(value: Any) -> str:
    """Return what is said as a text."""
    if type(value) is Thing:
        return value.address
    return value if type(value) is str else NOTHING.get(value) or str(value)


def node_of(value: Any) -> Any:
    """Return what is inside a property, or the address under which it is described elsewhere."""
    if type(value) is Thing:
        return value.address or value.value
    return value


def _flag(value: Any) -> Any:
    return _FLAGS.get(text_of(value), text_of(value))


def _word(value: Any) -> str:
    return word_of(text_of(value))


def address_of(value: Any) -> str:
    """Return the address of the element that is meant."""
    return value.address if type(value) is Thing else str(value)


ARRAYS: Final = frozenset({Shape.TEXTS, Shape.ELEMENTS})
MAKERS: Final[Mapping[Shape, Callable[[Any], Any]]] = {
    Shape.WORD: _word,
    Shape.FLAG: _flag,
    Shape.NODE: node_of,
    Shape.ELEMENT: address_of,
}
