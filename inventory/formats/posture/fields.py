"""Members of posture documents: what has the wrong type is told and counts as not said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.pointers import join
from inventory.formats.records import FormatError
from inventory.formats.strict_json import Json, bad_string, parse_text
from inventory.formats.text import Utf8
from inventory.formats.timestamps import parse_timestamp

LONGEST_NAME: Final = 255
LONGEST_TEXT: Final = 4_000
LONGEST_PATH: Final = 1_024


def parse_posture(text: Utf8, *, limits: Limits) -> Json:
    """Parse a posture document strictly. Raises FormatError, also for a string that no database takes."""
    body = parse_text(text, limits=limits)
    unfit = bad_string(body, limits=limits)
    if unfit is not None:
        raise FormatError(unfit.code, "The document holds a string that cannot be stored.", pointer=unfit.pointer)
    return body


class Members:
    """The members of one object, asked for by name; `pointer` is where it is."""

    def __init__(self, value: Mapping[str, Json], *, pointer: str, defects: Defects) -> None:
        self._value = value
        self._defects = defects
        self.pointer = pointer

    def has(self, name: str) -> bool:
        """Tell whether a member is there, and not null."""
        return self._value.get(name) is not None

    def text(self, name: str, *, longest: int = LONGEST_NAME) -> str:
        """Return a string cut to `longest` characters, '' where there is none."""
        value = self._value.get(name)
        if value is not None and not isinstance(value, str):
            self._wrong(name, "a string")
        return value.strip()[:longest] if isinstance(value, str) else ""

    def number(self, name: str) -> float | None:
        """Return a number; None where there is none."""
        value = self._value.get(name)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        self._wrong(name, "a number")
        return None

    def whole(self, name: str) -> int | None:
        """Return a whole number of at most nine digits; None where there is none."""
        value = self.number(name)
        if value is None or (value == int(value) and abs(value) < 10**9):
            return None if value is None else int(value)
        self._wrong(name, "a whole number")
        return None

    def flag(self, name: str) -> bool | None:
        """Return a boolean; None where there is none."""
        value = self._value.get(name)
        if value is None or isinstance(value, bool):
            return value
        self._wrong(name, "true or false")
        return None

    def inner(self, name: str) -> Members | None:
        """Return a member that is an object; None where there is none."""
        value = self._value.get(name)
        if isinstance(value, dict):
            return Members(value, pointer=join(self.pointer, name), defects=self._defects)
        if value is not None:
            self._wrong(name, "an object")
        return None

    def items(self, name: str) -> Iterator[tuple[Json, str]]:
        """Give the items of an array with their pointers; nothing where there is none."""
        value = self._value.get(name)
        if isinstance(value, list):
            place = join(self.pointer, name)
            yield from ((item, join(place, index)) for index, item in enumerate(value))
        elif value is not None:
            self._wrong(name, "an array")

    def objects(self, name: str) -> Iterator[Members]:
        """Give the objects of an array; what is none is told."""
        for item, pointer in self.items(name):
            if isinstance(item, dict):
                yield Members(item, pointer=pointer, defects=self._defects)
            else:
                self._defects.add("wrong_type", pointer, "It must be an object.")

    def texts(self, name: str, *, longest: int = LONGEST_NAME) -> tuple[str, ...]:
        """Return the strings of an array; what is none is told."""
        found = []
        for item, pointer in self.items(name):
            if isinstance(item, str):
                found.append(item[:longest])
            else:
                self._defects.add("wrong_type", pointer, "It must be a string.")
        return tuple(found)

    def time(self, name: str) -> datetime | None:
        """Return a time, or the beginning of a day (UTC); None and a warning where the text names neither."""
        text = self.text(name)
        found = parse_timestamp(text) or _day(text)
        if text and found is None:
            self._defects.add("bad_timestamp", join(self.pointer, name), f"{text[:60]!r} names no instant.")
        return found

    def _wrong(self, name: str, wanted: str) -> None:
        self._defects.add("wrong_type", join(self.pointer, name), f"{name} must be {wanted}; taken as absent.")


def _day(text: str) -> datetime | None:
    if len(text) != len("2026-01-01"):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
