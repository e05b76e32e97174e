"""Elements of XML as machines write them, known by their tags: one that is tagged like another is read by its texts.

Only what needs no parser is split: no comment, section or instruction, no entity but the five that stand for
characters, no control character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from xml.sax.saxutils import unescape

from inventory.formats.skeletons import Skeletons, Split, UnknownError

_ENTITIES: Final = {"&quot;": '"', "&apos;": "'"}
_OTHER_ENTITY: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
_CONTROLS: Final = bytes({*range(32)} - {9, 10})
_NO_CHARACTERS: Final = ("\ufffe".encode(), "\uffff".encode())
_NO_ANGLES: Final = bytes({*range(256)} - set(b"<>"))


def is_splittable(data: bytes) -> bool:
    """Tell whether every character may stand in XML and stands for itself (a carriage return does not)."""
    return len(data.translate(None, _CONTROLS)) == len(data) and not any(one in data for one in _NO_CHARACTERS)


def split_tags(item: str) -> tuple[list[str], list[str]] | None:
    """Part an element into its tags, without their brackets, and the text behind each; None for what is not plain."""
    angles = item.encode().translate(None, _NO_ANGLES)
    if angles != b"<>" * (len(angles) >> 1):
        return None
    parts = item.replace(">", "<").split("<")
    texts = [text.strip() for text in parts[2::2]]
    if "&" in item:
        if _OTHER_ENTITY.search(item):
            return None
        texts = [unescape(text, _ENTITIES) for text in texts]
    return parts[1::2], texts


def leaves(tags: Sequence[str]) -> list[bool]:
    """Tell which tags begin an element of which a text is all that can be in it."""
    names = [tag.split(None, 1)[0] if tag.strip() else "" for tag in tags]
    return [following == f"/{name}" for name, following in zip(names, [*tags[1:], ""], strict=True)]


class MarkupItems:
    """Elements right below the root of one document, as a syntax of skeletons; attributes must be equal."""

    def __init__(self, *, read_alone: Callable[[bytes], Any], longest: int) -> None:
        """`read_alone` reads a document of one item; None where that says more than its value, or other."""
        self._read_alone = read_alone
        self._longest = longest
        self._root = b""
        self._known = Skeletons(self)

    def value(self, item: bytes, root: bytes) -> Any:
        """Return the value of an item below this root. Raises UnknownError when it must be walked."""
        if len(item) > self._longest:
            raise UnknownError
        self._root = root
        return self._known.read(item.decode())

    def split(self, item: str) -> Split | None:
        """Part an element into its tags and texts."""
        parts = split_tags(item)
        return None if parts is None else (tuple(parts[0]), parts[1])

    def holds(self, skeleton: tuple[str, ...]) -> Sequence[bool]:
        """Only an element without others in it holds a text."""
        return leaves(skeleton)

    def cuts(self, _skeleton: tuple[str, ...]) -> Sequence[int]:
        """There are no quotes around texts."""
        return ()

    def read(self, skeleton: tuple[str, ...], texts: Sequence[str]) -> Any:
        """Read a document of one such element; None for what no skeleton tells."""
        if any(tag.startswith(("!", "?")) for tag in skeleton):
            return None
        name = self._root[1:-1].split(None, 1)[0]
        item = "".join(f"<{tag}>{text}" for tag, text in zip(skeleton, texts, strict=True))
        return self._read_alone(b"%b%b</%b>" % (self._root, item.encode(), name))
