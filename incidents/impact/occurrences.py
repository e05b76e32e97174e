"""Where components stand in documents, as far as this process has shown it: a snapshot and its outline never change.

A question says what it remembers, so that of outlines, which are most of what a page is made of, only those are read
that tell something new.
"""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING, Final

from incidents.impact.remembered import forget_with_the_tables
from inventory.graph.outline import Occurrence, unpack
from inventory.graph.packed import sql_array

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_KEPT = 50_000
_MOST_TOLD = 5_000
"""Of one question: to look through more takes the database longer than to read the outlines."""
Pair = tuple[int, int]
"""A snapshot and a component."""


class Occurrences:
    """What the process remembers; the places of each component, those shown last at the end."""

    def __init__(self) -> None:
        self._by_component: dict[int, dict[int, Occurrence]] = {}
        self._count = 0
        self._lock = threading.Lock()

    def of(self, component_ids: Iterable[int]) -> dict[Pair, Occurrence]:
        """Return where these components were shown, at most _MOST_TOLD places."""
        found: dict[Pair, Occurrence] = {}
        with self._lock:
            for component_id in component_ids:
                places = self._by_component.get(component_id)
                if places is None:
                    continue
                for snapshot_id in islice(reversed(places), _MOST_TOLD - len(found)):
                    found[snapshot_id, component_id] = places[snapshot_id]
        return found

    def put(self, found: Mapping[Pair, Occurrence]) -> None:
        """Remember what was shown, old or new, as the last of all."""
        with self._lock:
            self._add(found)
            if self._count > _KEPT:
                self._forget()
                self._add(found)

    def forget(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._forget()

    def _add(self, found: Mapping[Pair, Occurrence]) -> None:
        for (snapshot_id, component_id), occurrence in found.items():
            places = self._by_component.setdefault(component_id, {})
            self._count += places.pop(snapshot_id, None) is None
            places[snapshot_id] = occurrence

    def _forget(self) -> None:
        self._by_component.clear()
        self._count = 0


OCCURRENCES: Final = Occurrences()
forget_with_the_tables(OCCURRENCES.forget)


class Shown:
    """What one question knows of the places of its components, as the process remembered it when it was asked."""

    def __init__(self, component_ids: Iterable[int]) -> None:
        self._known = OCCURRENCES.of(component_ids)
        self._used: dict[Pair, Occurrence] = {}
        self._unpacked: dict[tuple[bytes, tuple[int, ...]], Sequence[Occurrence]] = {}
        """Every second build changes nothing."""

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters of statements.page_matches."""
        return {
            "shown_snapshots": sql_array([snapshot_id for snapshot_id, _ in self._known]),
            "shown_components": sql_array([component_id for _, component_id in self._known]),
        }

    def find(self, snapshot_id: int, outline: bytes | None, component_ids: Sequence[int]) -> tuple[Occurrence, ...]:
        """Return where these components, in ascending order, stand in a document.

        Its outline is None where the statement was told that all of them are known.
        """
        if outline is None:
            found: Sequence[Occurrence] = [self._known[snapshot_id, component_id] for component_id in component_ids]
        else:
            found = self._unpack(outline, tuple(component_ids))
        self._used.update({(snapshot_id, occurrence.component_id): occurrence for occurrence in found})
        return tuple(found)

    def remember(self) -> None:
        """Let the process remember what was found."""
        OCCURRENCES.put(self._used)

    def _unpack(self, outline: bytes, component_ids: tuple[int, ...]) -> Sequence[Occurrence]:
        found = self._unpacked.get((outline, component_ids))
        if found is None:
            found = self._unpacked[outline, component_ids] = unpack(outline).find(component_ids)
        return found
