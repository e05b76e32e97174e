"""What is read of an XML document, as a table: which element becomes which member of a JSON-like value."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final


class Form(enum.IntEnum):
    """What an element becomes."""

    TEXT = 0
    """Its text."""
    OBJECT = 1
    """A dict of its attributes and children."""
    LIST = 2
    """A list of its children."""
    REFERENCE = 3
    """The value of one attribute."""
    STREAMED = 4
    """A dict like OBJECT, handed on when its element ends and kept nowhere."""


class Shape:
    """One kind of element. `children` may be filled in later: shapes hold one another in circles."""

    __slots__ = ("attributes", "children", "form", "only", "stream", "text_key")

    def __init__(
        self,
        form: Form,
        *,
        attributes: Mapping[str, str] | None = None,
        text_key: str = "",
        stream: int = 0,
        only: frozenset[str] | None = None,
    ) -> None:
        """`attributes` leads from their names to those of members; the text goes into the member `text_key`.

        `only`: values to which an element is held; one of which no attribute has such a value is passed over.
        """
        self.form = form
        self.attributes = dict(attributes or {})
        self.text_key = text_key
        self.stream = stream
        self.only = only
        self.children: dict[str, Child] = {}

    def holding(self, **children: Shape | Child) -> Shape:
        """Add children by the element's name and return the shape; a name ends in `_` where Python has the word."""
        for name, child in children.items():
            local = name.rstrip("_")
            self.children[local] = child if isinstance(child, Child) else Child(local, child)
        return self


class Child:
    """An element inside another: the member it becomes, and whether several become one list."""

    __slots__ = ("is_text", "key", "many", "shape", "text_key")

    def __init__(self, key: str, shape: Shape, *, many: bool = False) -> None:
        self.key = key
        self.shape = shape
        self.many = many
        # Asked for every element: kept at hand.
        self.is_text = shape.form is Form.TEXT
        self.text_key = shape.text_key


TEXT: Final = Shape(Form.TEXT)


def record(**children: Shape | Child) -> Shape:
    """Return a shape that becomes a dict of its children."""
    return Shape(Form.OBJECT).holding(**children)


def listing(**children: Shape) -> Shape:
    """Return a shape that becomes a list of its children, whatever their names."""
    return Shape(Form.LIST).holding(**children)


def reference(attribute: str = "ref") -> Shape:
    """Return a shape that becomes the value of its attribute."""
    return Shape(Form.REFERENCE, attributes={attribute: attribute})
