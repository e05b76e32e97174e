"""Collects what is wrong with a document that is read all the same: the first of each code, the others counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from inventory.formats.records import ReadWarning, storable

KEPT_PER_CODE = 20


@dataclass(frozen=True, slots=True)
class DefectsState:
    """What was noted of a document up to a place in it."""

    kept: tuple[ReadWarning, ...]
    counts: Mapping[str, int]


class Defects:
    """Warnings of one document, bounded however broken it is.

    Readers say where by the JSON pointer of the format's JSON form; `locate` turns it into a place of another syntax.
    """

    def __init__(self, *, locate: Callable[[str], str] | None = None, kept: int = KEPT_PER_CODE) -> None:
        self._locate = locate
        self._most = kept
        self._kept: list[ReadWarning] = []
        self._counts: dict[str, int] = {}
        self.total = 0

    def add(self, code: str, pointer: str, message: str) -> None:
        """Note one defect; `pointer` is an RFC 6901 JSON pointer ('' is the document)."""
        self.total += 1
        count = self._counts.get(code, 0) + 1
        self._counts[code] = count
        if count <= self._most:
            self._kept.append(ReadWarning(code, storable(self.place(pointer)), storable(message)))

    def place(self, pointer: str) -> str:
        """Say where in the document's own syntax a JSON pointer leads."""
        return pointer if self._locate is None else self._locate(pointer)

    def count(self, code: str) -> int:
        """Say how often a code was noted, kept or not."""
        return self._counts.get(code, 0)

    def state(self) -> DefectsState:
        """Return what was noted so far, to go on from it in another process."""
        return DefectsState(tuple(self._kept), dict(self._counts))

    def restore(self, state: DefectsState) -> None:
        """Go on from there: what was noted since this was made is forgotten."""
        self._kept, self._counts = list(state.kept), dict(state.counts)
        self.total = sum(self._counts.values())

    def warnings(self) -> list[ReadWarning]:
        """List what was kept, then one line for every code of which more were met than kept."""
        more = [
            ReadWarning(code, "", f"{count - self._most} more of these; {count} in all.")
            for code, count in self._counts.items()
            if count > self._most
        ]
        return self._kept + more
