"""Elements of XML as machines write them, known by their tags: one that is tagged like another is read by its texts.

Only what needs no parser is split: no comment, section or instruction, no entity but the five that stand for
characters, no control character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import unescape

from inventory.formats.skeletons import Skeletons, Split, UnknownError

_ENTITIES: Final = {"&quot;": '"', "&apos;": "'"}
_OTHER_ENTITY: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
_IS_CONTROL: Final = bytes(character < 32 and character not in {9, 10} for character in range(256))
_NO_CHARACTERS: Final = ("\ufffe".encode(), "\uffff".encode())
SLOT: Final = "\x01"
"""No character of XML."""
ADDRESS: Final = "@"
_ADDRESSED: Final = r"((?!#)[!#-;=?-~]++)"
"""What is taken for an address: printable ASCII."""
_USED: Final = r"(?!\s)([^<]*+)(?<!\s)"
_UNUSED: Final = r"[^<]*+"
_BLANK: Final = r"[ \t\n]*+"
_STEP_BYTES: Final = 1 << 16
_NO_ANGLES: Final = bytes({*range(256)} - set(b"<>"))


def is_splittable(data: bytes) -> bool:
    """Tell whether every character may stand in XML and stands for itself (a carriage return does not)."""
    steps = (data[start : start + _STEP_BYTES] for start in range(0, len(data), _STEP_BYTES))
    if any(b"\x01" in step.translate(_IS_CONTROL) for step in steps):
        return False
    return data.isascii() or not any(one in data for one in _NO_CHARACTERS)


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
    """Elements below the root of one document, as a syntax of skeletons; attributes must be equal, but for slots.

    A slot is an attribute's value that differs from item to item: who splits an item puts SLOT in its place. Each is a
    piece of its own, ADDRESS, before the tags, in the order of the tags that have one.
    """

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
        """Part an item into its tags and texts; this one has no slots."""
        return self.split_slots(item, [])

    def split_slots(self, item: str, addresses: list[str]) -> Split | None:
        """Part an item whose addresses were taken out."""
        parts = split_tags(item)
        if parts is None:
            return None
        return (*[ADDRESS] * len(addresses), *parts[0]), [*self.meant(addresses), *parts[1]]

    def holds(self, skeleton: tuple[str, ...]) -> Sequence[bool]:
        """Only an element without others in it holds a text; an address is one too."""
        count = skeleton.count(ADDRESS)
        return [True] * count + leaves(skeleton[count:])

    def cuts(self, _skeleton: tuple[str, ...]) -> Mapping[int, int]:
        """There are no quotes around texts."""
        return {}

    def is_bare(self, item: str) -> bool:
        """No entity but the five, and no end of a section; any other `>` in a text means itself."""
        return "]]>" not in item and ("&" not in item or not _OTHER_ENTITY.search(item))

    def meant(self, texts: Sequence[str]) -> Sequence[str]:
        """Put characters in the place of entities."""
        return [unescape(text, _ENTITIES) if "&" in text else text for text in texts]

    def expression(self, skeleton: tuple[str, ...], is_used: Sequence[bool]) -> tuple[str, Sequence[int]]:
        """Match the tags as they are; a text with space around it is left to be split.

        Of texts all but one character is the class that the matcher goes through fastest.
        """
        count, parts = skeleton.count(ADDRESS), list[str]()
        addresses, order = iter(range(count)), list[int]()
        for place, (tag, held) in enumerate(zip(skeleton, self.holds(skeleton), strict=True)):
            if place < count:
                continue
            if SLOT in tag:
                order.append(next(addresses))
            if is_used[place]:
                order.append(place)
            text = _USED if is_used[place] else _UNUSED if held else _BLANK
            parts += ("<", re.escape(tag).replace(SLOT, _ADDRESSED), ">", text)
        return "".join(parts), order

    def read(self, skeleton: tuple[str, ...], texts: Sequence[str]) -> Any:
        """Read a document of one such element; None for what no skeleton tells."""
        count = skeleton.count(ADDRESS)
        tags = skeleton[count:]
        if any(tag.startswith(("!", "?")) for tag in tags) or sum(SLOT in tag for tag in tags) != count:
            return None
        addresses = iter(texts[:count])
        filled = [tag.replace(SLOT, next(addresses)) if SLOT in tag else tag for tag in tags]
        item = "".join(f"<{tag}>{text}" for tag, text in zip(filled, texts[count:], strict=True))
        return self._read_alone(self.enclosed(item.encode(), self._root))

    def enclosed(self, item: bytes, root: bytes) -> bytes:
        """Return a document of this item alone."""
        return b"%b%b</%b>" % (root, item, root[1:-1].split(None, 1)[0])
