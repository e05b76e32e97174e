"""What that which runs holds, kept in the process: a long list asks of all of it whether anything there is cleared.

A point of a track never holds anything else than what it held first: its SBOM is evidence. So each point is read once.
The database would look through tens of thousands of pages of it for every list.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.impact.columns import expanded, ints, longs
from incidents.impact.remembered import follow_generation, forget_with_the_tables, marks_statement
from inventory.graph.one_state import Statement, array_of, one_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from incidents.impact.columns import Flags, Ints, Longs

MOST_READ: Final = 500
"""So many points are read beside a question: some 30 ms."""
_MOST_KEPT: Final = 20_000_000
"""Four bytes each, in each process that is asked."""
_READ: Final = """
SELECT r.track_id, r.seq, (
    SELECT string_agg(int4send(p.component_id), ''::bytea) FROM inventory_presence p
    WHERE p.track_id = r.track_id AND p.from_seq <= r.seq AND p.to_seq > r.seq)
FROM unnest(%(tracks)s::int[], %(seqs)s::int[]) AS r(track_id, seq) ORDER BY 1, 2
"""
_RUNNING: Final = """
SELECT string_agg(int8send(point), ''::bytea ORDER BY point)
FROM (SELECT DISTINCT track_id::bigint << 32 | seq AS point FROM inventory_running) running
"""
_Row = tuple[int, int, bytes | None]


@dataclass(frozen=True)
class Contents:
    """The components of points of tracks (columns.points_of), which are in order: one point's after the other's."""

    at: Longs
    lengths: Longs
    components: Ints

    def missing(self, at: Longs) -> Longs:
        """Return which of these points are not among them; both are in order."""
        return at[~self._is_known(at)]

    def with_rows(self, rows: Sequence[_Row]) -> Contents:
        """Return the same with the rows of _READ."""
        at = np.array([track << 32 | seq for track, seq, _ in rows], dtype=np.int64)
        lengths = np.array([len(held or b"") // 4 for _, _, held in rows], dtype=np.int64)
        components = ints(b"".join(held or b"" for _, _, held in rows))
        both = Contents(
            np.concatenate((self.at, at)),
            np.concatenate((self.lengths, lengths)),
            np.concatenate((self.components, components)),
        )
        return both.taken(np.unique(both.at, return_index=True)[1])

    def only(self, at: Longs) -> Contents:
        """Return those of these points."""
        return self.taken(np.flatnonzero(np.isin(self.at, at)))

    def holding(self, at: Longs, *, wanted: Flags) -> Flags:
        """Say of each of these points, all of which are known, whether it holds a component whose flag is set."""
        is_wanted = np.zeros(max(len(wanted), self.greatest + 1), np.bool_)
        is_wanted[: len(wanted)] = wanted
        holds = np.zeros(len(self.at), np.bool_)
        starts = np.cumsum(self.lengths) - self.lengths
        some = self.lengths > 0  # of what is empty `reduceat` would take another's
        if some.any():
            holds[some] = np.logical_or.reduceat(is_wanted[self.components], starts[some])
        return holds[self.at.searchsorted(at)]

    @cached_property
    def greatest(self) -> int:
        """The greatest number of a component."""
        return int(self.components.max(initial=0))

    def _is_known(self, at: Longs) -> Flags:
        if not len(self.at):
            return np.zeros(len(at), np.bool_)
        known: Flags = self.at[np.minimum(self.at.searchsorted(at), len(self.at) - 1)] == at
        return known

    def taken(self, places: Longs) -> Contents:
        """Return the points at these places of it, in the order of the places."""
        ends = np.cumsum(self.lengths)[places]
        there = expanded(ends - self.lengths[places], ends)
        return Contents(self.at[places], self.lengths[places], self.components[there])


_NOTHING: Final = Contents(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int32))


class KeptContents:
    """The points that this process has read."""

    def __init__(self) -> None:
        self._contents = _NOTHING
        self._too_many: int | None = None
        self._lock = threading.Lock()

    def may_hold(self, at: Longs) -> bool:
        """Say whether so many points were not too many yet."""
        return self._too_many is None or len(at) < self._too_many

    @property
    def contents(self) -> Contents:
        return self._contents

    def forget(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._contents, self._too_many = _NOTHING, None

    def read_all(self, *, using: str) -> None:
        """Read what runs now, before anybody asks about it: portion by portion, as much as is kept."""
        with one_state(using=using) as state:
            (marks,) = state.fetch(marks_statement())
            follow_generation(marks.generation)
            (at,) = state.fetch(Statement(longs, _RUNNING, {}))
            while len(missing := self._contents.missing(at)) and self.may_hold(at):
                self.keep(state.fetch(contents_statement(missing[:MOST_READ])), among=at)

    def keep(self, rows: Sequence[_Row], *, among: Longs) -> Contents:
        """Keep what was read, and return all of it; where that is too much, what is not `among` these points goes."""
        with self._lock:
            contents = self._contents.with_rows(rows)
            if len(contents.components) > _MOST_KEPT:
                contents = contents.only(among)
            if len(contents.components) > _MOST_KEPT:
                self._contents, self._too_many = _NOTHING, len(contents.at)
            else:
                self._contents = contents
            return contents


CONTENTS: Final = KeptContents()
forget_with_the_tables(CONTENTS.forget)


def contents_statement(at: Longs) -> Statement[_Row]:
    """Return the statement that reads what points hold."""
    parameters = {"tracks": array_of((at >> 32).tolist()), "seqs": array_of((at & 0x7FFFFFFF).tolist())}
    return Statement(lambda *row: row, _READ, parameters)
