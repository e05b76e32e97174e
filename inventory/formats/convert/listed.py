"""What the listings of container runtimes have in common: JSON objects, alone, in an array or one a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from inventory.formats.limits import Limits
from inventory.formats.records import FormatError
from inventory.formats.strict_json import Json, parse
from inventory.formats.timestamps import parse_timestamp

Members = Mapping[str, Json]
Record: TypeAlias = dict[str, str]

_NEVER: Final = "0001-01-01T"
"""How Go writes a time that is not set."""


def objects_in(data: bytes, *, limits: Limits) -> Iterator[Members]:
    """Yield the objects of a listing. Raises FormatError `wrong_shape` for what is none, and those of JSON."""
    try:
        parsed = [parse(data, limits=limits)]
    except FormatError as error:
        if error.code != "trailing_data":
            raise
        parsed = [parse(line, limits=limits) for line in data.splitlines() if line.strip()]
    for value in parsed:
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                raise FormatError("wrong_shape", "The listing must hold objects: one, an array, or one a line.")
            yield item


def made(**members: str) -> Record:
    """Make a record of the members that say something."""
    return {name: value for name, value in members.items() if value}


def members_of(value: Json) -> Members:
    return value if isinstance(value, dict) else {}


def text(members: Members, *path: str) -> str:
    """Return a string below some names, '' where there is none."""
    for name in path[:-1]:
        members = members_of(members.get(name))
    value = members.get(path[-1])
    return value.strip() if isinstance(value, str) else ""


def instant(members: Members, *path: str) -> str:
    """Return a time as written when it names an instant."""
    value = text(members, *path)
    return value if not value.startswith(_NEVER) and parse_timestamp(value) is not None else ""
