"""The packages of a long list, looked up in two portions: one is judged while the server looks up the other."""

from __future__ import annotations

from array import array
from functools import partial
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from incidents.impact.candidates import Candidates, by_package
from incidents.impact.columns import marked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from incidents.impact.candidates import ComponentMatch, Placed
    from inventory.graph.one_state import OneState, Statement
    from inventory.graph.packed import Column
    from supplychain.exchange import Meanwhile

MANY_NAMES = 1_000
"""Of fewer, to judge half takes no longer than the round trip that it costs."""


class Packages:
    """All components of the packages asked for, once they have been looked up.

    `tells_cleared`: whether somebody asks why what is cleared is.
    """

    def __init__(self, asked: Iterable[Placed], *, tells_cleared: bool = False) -> None:
        groups = by_package(asked)
        half = len(groups) // 2 if len(groups) > MANY_NAMES else len(groups)
        self.names = [name for name, _ in groups]
        self.ids: Column = array("i")
        self._portions = [
            Candidates(part, tells_cleared=tells_cleared) for part in (groups[:half], groups[half:]) if part
        ]
        self._judged: list[tuple[ComponentMatch, ...]] = []

    def look_up(self, *others: Statement[Any], state: OneState, meanwhile: Meanwhile | None = None) -> list[list[Any]]:
        """Look them up, and return the rows of other statements: a round trip a portion, one where there is none.

        `meanwhile` is done while the server looks up the first.
        """
        if not self.names:
            return state.fetch_together(*others, meanwhile=meanwhile)
        first, *later = self._portions
        spelled: list[Statement[Any]] = []

        def spell() -> Sequence[Any]:
            spelled.extend(portion.statement for portion in later)
            return () if meanwhile is None else meanwhile()

        taken, *found = state.fetch_together(first.statement, *others, meanwhile=spell if later else meanwhile)
        first.take(taken)
        for (before, portion), statement in zip(pairwise(self._portions), spelled, strict=True):
            (taken,) = state.fetch_together(statement, meanwhile=partial(self._judge, before))
            portion.take(taken)
        self.ids = array("i", np.concatenate([portion.ids for portion in self._portions]).tobytes())
        return found

    def matches(self) -> Iterator[ComponentMatch]:
        """Yield the components that are affected or possible: what was not judged yet is judged now."""
        for portion in self._portions[len(self._judged) :]:
            self._judge(portion)
        return chain.from_iterable(self._judged)

    def marks(self) -> bytes:
        """Return a byte for each component up to the last of them: 1 for those that are."""
        ids = np.frombuffer(self.ids, dtype=np.int32)
        return marked(int(ids.max(initial=-1)) + 1, ids).tobytes()

    def cleared(self, component_ids: Collection[int]) -> Iterator[ComponentMatch]:
        """Yield why these components are cleared, where they are. Raises RuntimeError where that was not to be told."""
        for portion in self._portions:
            yield from portion.cleared(component_ids)

    def _judge(self, portion: Candidates) -> Sequence[Any]:
        self._judged.append(tuple(portion.judged()))
        return ()
