"""Values that know on which line of a text they stand: how tag-value and YAML documents say where a defect is."""

from __future__ import annotations

from typing import Any


class LinedObject(dict[str, Any]):
    """An object of the JSON model, with the line of itself and of each member (counted from 1)."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def put(self, name: str, value: object, line: int) -> None:
        """Set a member, and where it stands."""
        self[name] = value
        self.lines[name] = line

    def append(self, name: str, value: object, line: int) -> None:
        """Append to a member that is an array, and note where the item stands."""
        array = self.get(name)
        if array is None:
            array = LinedArray()
            self.put(name, array, line)
        array.append(value)
        array.lines.append(line)


class LinedArray(list[Any]):
    """An array of the JSON model, with the line of each item."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


def line_of(value: object, steps: list[str], *, line: int) -> int:
    """Follow the steps of a JSON pointer as far as they lead; return the line of the last thing met."""
    for step in steps:
        if isinstance(value, LinedObject):
            line, value = value.lines.get(step, line), value.get(step)
        elif isinstance(value, LinedArray) and step.isdecimal() and int(step) < len(value):
            index = int(step)
            line, value = value.lines[index], value[index]
        else:
            break
    return line
