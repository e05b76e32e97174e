"""The rows of a large kept answer, made of its gist (gists.py) as somebody looks at them: slim (slimming.py)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, overload

from incidents.impact.answer import ArtifactShown, Row
from incidents.response.gists import FIRST_ROWS, STRETCH, unpack_lines
from incidents.response.verdicts import effect_of, runs, status_of
from inventory.formats.collector import collector_paused
from inventory.graph.packed import column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from incidents.impact.answer import Status
    from incidents.response.gists import Gist, Line, Spot

STRETCHES_KEPT: Final = 4
"""Stretches of rows that stay unpacked, the newest read: what is shown stands together."""
STRETCHES_READ: Final = 16
"""Stretches that one statement reads for who goes through all rows."""


class KeptRows(Sequence[Row]):
    """All rows in their order; `read` gives parts of the gist by their numbers, in one statement. Thread-safe."""

    def __init__(self, gist: Gist, read: Callable[[Sequence[int]], Mapping[int, bytes]]) -> None:
        self._gist, self._read = gist, read
        self._stretches: OrderedDict[int, tuple[Row, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._gist)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, place: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(len(self))))
        if not 0 <= place < len(self):
            raise IndexError(place)
        number, within = divmod(place, STRETCH)
        return self._stretch(number)[within]

    def __iter__(self) -> Iterator[Row]:
        """Go through all of them; none is kept."""
        numbers = iter(range(-(-len(self) // STRETCH)))
        while some := list(islice(numbers, STRETCHES_READ)):
            found = self._read([FIRST_ROWS + number for number in some])
            for number in some:
                yield from self._made(number, found[FIRST_ROWS + number])

    def where(self, *, status: Status | None = None, fits: Callable[[Spot], bool] | None = None) -> Sequence[int]:
        """Return the places of the rows that have a status, and run where it `fits`; without reading any."""
        verdicts = self._gist.head.verdicts
        if fits is None:
            places: Sequence[int] = range(len(self))
        else:
            head = self._gist.head
            fitting = {number for number, spot in enumerate(head.spots) if fits(spot)}
            pairs = zip(column(head.spot_rows), column(head.spot_numbers), strict=True)
            places = sorted({place for place, number in pairs if number in fitting})
        if status is None:
            return places
        return [place for place in places if status_of(verdicts[place]) is status]

    @property
    def spots(self) -> Sequence[Spot]:
        """Where any of them run."""
        return self._gist.head.spots

    @property
    def statuses(self) -> set[Status]:
        """What any of them are."""
        return set(map(status_of, set(self._gist.head.verdicts)))

    def _stretch(self, number: int) -> tuple[Row, ...]:
        found = self._stretches.get(number)
        if found is None:
            part = FIRST_ROWS + number
            found = tuple(self._made(number, self._read([part])[part]))
        with self._lock:
            self._stretches[number] = found
            self._stretches.move_to_end(number)
            while len(self._stretches) > STRETCHES_KEPT:
                self._stretches.popitem(last=False)
        return found

    def _made(self, number: int, content: bytes) -> list[Row]:
        with collector_paused():
            return [self._row(place, line) for place, line in enumerate(unpack_lines(content), start=number * STRETCH)]

    def _row(self, place: int, line: Line) -> Row:
        gist = self._gist
        verdict, key, shared = gist.head.verdicts[place], gist.known.keys[place], gist.matches
        return Row(
            ArtifactShown(key if isinstance(key, str) else None, line.names, line.kind),
            status_of(verdict),
            effect_of(verdict),
            runs(verdict),
            tuple([shared.matches[number] for number in line.matches]),
            line.via,
            shared.provenances[line.provenance],
            line.workloads,
            line.vex,
            line.confidence,
        )
