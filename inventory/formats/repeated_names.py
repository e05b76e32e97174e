"""Names that stand twice in one object of a JSON SBOM: parsers keep one of the values, and not all the same one.

Ours keeps the last. Whoever hides something behind a second `purl` is told by its place. The names of a component are
listed once more for that, which costs the same for each; lists of small objects are looked through only where a name
occurs more often in them than there are objects to have it.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from inventory.formats import json_parts, strict_json
from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.pointers import join
from inventory.formats.records import FormatError


class _Name(str):
    """A member name that is equal to itself alone, so that a repeated one does not overwrite the first."""

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__


Repeated = Sequence[tuple[str, msgspec.Raw]]
"""All members of an object, in which a name occurs twice."""

_OBJECT: Final = msgspec.json.Decoder(dict[_Name, msgspec.Raw], dec_hook=operator.call)


def note_repeated(item: msgspec.Raw, *, pointer: str, defects: Defects) -> Repeated:
    """Warn of each name that an object has twice, and return its members if there is one; else nothing.

    `item` is an object that was decoded before.
    """
    members = _OBJECT.decode(item)
    names = [*map(str, members)]
    if len({*names}) == len(names):
        return ()
    for name, count in Counter(names).items():
        if count > 1:
            message = f"The name {name[:100]!r} stands {count} times in one object; the last one counts."
            defects.add("duplicate_key", join(pointer, name), message)
    return [*zip(names, members.values(), strict=True)]


def note_repeated_inside(
    item: msgspec.Raw, name: str, *, token: bytes, most: int, pointer: str, defects: Defects
) -> None:
    """Warn of what the objects of one list in an object have twice.

    `token` is a quoted name that each of them has, and `most` how many there are: with no more of it, nothing is told.
    """
    if bytes(item).count(token) > most:
        for member, raw in _OBJECT.decode(item).items():
            if str(member) == name:
                note_repeated_in(raw, (token,), pointer=join(pointer, name), defects=defects)


def note_repeated_in(raw: msgspec.Raw | None, tokens: Sequence[bytes], *, pointer: str, defects: Defects) -> None:
    """Warn of what the objects of a list have twice, if one of the quoted names occurs more often than they do."""
    if raw is None or json_parts.first_byte(raw) != "[":
        return
    data = bytes(raw)
    most = data.count(b"{")
    if all(data.count(token) <= most for token in tokens):
        return
    for index, item in enumerate(json_parts.array_items(raw, pointer=pointer)):
        if json_parts.first_byte(item) == "{":
            note_repeated(item, pointer=f"{pointer}/{index}", defects=defects)


def note_repeated_below(raw: msgspec.Raw | None, *, pointer: str, limits: Limits, defects: Defects) -> None:
    """Warn of the first name that stands twice in an object anywhere in a value. Parses it once more."""
    if raw is None or json_parts.first_byte(raw) not in "[{":
        return
    try:
        strict_json.parse(bytes(raw), limits=limits)
    except FormatError as error:
        # All else that may be wrong is told by who reads the value.
        if error.code == "duplicate_key":
            defects.add(error.code, pointer + error.pointer, f"{error.message} The last one counts.")
