"""JSON pointers (RFC 6901): where in a document a fact or a defect is."""

from __future__ import annotations

import re
from typing import Final

PLACES: Final = tuple(f"/components/{number}" for number in range(5_000))
"""The pointers of a document's components, made once for all documents."""
NUMBER_OF_PLACE: Final = {place: number for number, place in enumerate(PLACES)}

_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


def join(pointer: str, *steps: str | int) -> str:
    """Append member names and array indexes to a pointer."""
    return pointer + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def from_path(path: str) -> str:
    """Turn a decoder's path (`$.a[0].b`) into a pointer (`/a/0/b`); what follows an unnamed member is left out."""
    steps: list[str] = []
    for match in _STEP.finditer(path.removeprefix("$")):
        step = match[1] or match[2]
        if step == "...":
            break
        steps.append(step)
    return join("", *steps)
