"""Which artifacts the snapshots of all tracks are about, kept in the process: an answer reads what has changed since.

To read it for each question of what is everywhere costs more than all else that the question asks. What a reader's
state of the database holds is what an earlier one held, with the blocks that were changed since, or by what ran at its
time: a block tells which transaction changed it (SubjectBlock.changed_in). It is of all teams: what is asked of it are
stretches of tracks, and those are the asker's own.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np

from incidents.impact.columns import ints, points_of
from incidents.impact.remembered import forget_with_the_tables
from incidents.impact.statements import PACK
from inventory.graph.one_state import Statement
from inventory.models.presence import BLOCK_SHIFT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from incidents.impact.columns import Flags, Ints, Longs
    from inventory.graph.one_state import OneState

_CHANGED: Final = f"""
SELECT pg_postmaster_start_time()::text, pg_snapshot_xmin(now.snapshot)::text::bigint,
       pg_snapshot_xmax(now.snapshot)::text::bigint,
       CASE WHEN pg_is_in_recovery() THEN -1 ELSE (SELECT count(*) FROM pg_snapshot_xip(now.snapshot)) END, changed.*
FROM (SELECT pg_current_snapshot() AS snapshot) now
CROSS JOIN (
    SELECT {PACK.format("track_id")}, {PACK.format("block")}, {PACK.format("octet_length(seqs) / 4")},
           string_agg(seqs, ''::bytea), string_agg(artifacts, ''::bytea)
    FROM (
        SELECT b.track_id, b.block, b.seqs, b.artifacts FROM inventory_subjectblock b
        WHERE b.changed_in >= %(since)s::bigint AND (%(since)s::bigint = 0
            OR b.changed_in < (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint))
        ORDER BY b.track_id, b.block
    ) block
) changed
"""
"""What was changed by `since` or a later transaction; all of it since 0. One row, packed.

A restored database brings numbers of another count of transactions: what none can have been yet says nothing. And a
server that crashed gives numbers again that it had given to what never ended: so its start is told.
"""


class Snapshot(NamedTuple):
    """Which transactions a state of one server has: all before `oldest`, none from `next` on.

    `running`: how many between them it has not; -1 where that is not told, by a standby.
    """

    oldest: int
    next: int
    running: int

    def may_be_after(self, other: Snapshot) -> bool:
        """Say whether it may have been taken after another of the same server, whose states follow each other."""
        if self.next != other.next:
            return self.next > other.next
        if self.running < 0:
            return (self.oldest, other.oldest) != (self.next, other.next)
        return self.running < other.running


@dataclass(frozen=True)
class Subjects:
    """`at` holds where each is, as columns.points_of makes it; an artifact may be there several times."""

    at: Longs
    artifacts: Ints

    def with_blocks(self, changed: Changed) -> Subjects:
        """Return the same with these blocks instead of what there was of them."""
        if not len(changed.tracks):
            return self
        begin = points_of(changed.tracks, changed.blocks.astype(np.int64) << BLOCK_SHIFT)
        edges = np.zeros(len(self.at) + 1, np.int32)
        np.add.at(edges, self.at.searchsorted(begin), 1)
        np.subtract.at(edges, self.at.searchsorted(begin + (1 << BLOCK_SHIFT)), 1)
        kept = np.cumsum(edges[:-1]) == 0
        at = np.concatenate((self.at[kept], changed.at))
        order = np.argsort(at, kind="stable")
        return Subjects(at[order], np.concatenate((self.artifacts[kept], changed.artifacts))[order])

    @cached_property
    def greatest(self) -> int:
        """The greatest number of an artifact."""
        return int(self.artifacts.max(initial=0))

    @cached_property
    def repeated(self) -> Flags:
        """Return for each whether its artifact is there more than once."""
        times = np.bincount(self.artifacts, minlength=1)
        repeated: Flags = times[self.artifacts] > 1
        return repeated


NO_SUBJECTS: Final = Subjects(np.zeros(0, np.int64), np.zeros(0, np.int32))


@dataclass(frozen=True, slots=True)
class Changed:
    """The row of _CHANGED: blocks, in the order of track and block, and the state that they are read in."""

    started: str
    snapshot: Snapshot
    tracks: Ints
    blocks: Ints
    at: Longs
    artifacts: Ints

    @classmethod
    def unpack(cls, started: str, oldest: int, following: int, running: int, *columns: bytes | None) -> Self:
        tracks, blocks, counts, seqs, artifacts = map(ints, columns)
        at = points_of(np.repeat(tracks, counts), seqs)
        return cls(started, Snapshot(oldest, following, running), tracks, blocks, at, artifacts)


class _State(NamedTuple):
    """What a state of the server called `using` held. `generation` says which tables, and since when it runs."""

    using: str
    generation: str
    snapshot: Snapshot
    subjects: Subjects


class KeptSubjects:
    """The latest state that this process has read of each server."""

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._states.clear()

    def ask(self, *, using: str) -> AskedSubjects:
        """Return what is to be asked with the first exchange of a state."""
        return AskedSubjects(self, self._states.get(using), using=using)

    def keep(self, state: _State) -> None:
        """Keep a state, unless a later one is there."""
        with self._lock:
            known = self._states.get(state.using)
            if known is None or known.generation != state.generation or state.snapshot.may_be_after(known.snapshot):
                self._states[state.using] = state


SUBJECTS: Final = KeptSubjects()
forget_with_the_tables(SUBJECTS.forget)


class AskedSubjects:
    """The subjects in the state that one answer reads."""

    def __init__(self, kept: KeptSubjects, base: _State | None, *, using: str) -> None:
        self._kept, self._base, self._using = kept, base, using
        self.statement = _statement(since=0 if base is None else base.snapshot.oldest)

    def reader(self, rows: Sequence[Changed], *, generation: str, state: OneState) -> Callable[[], Subjects]:
        """Return what gives the subjects once the next exchange is over; `rows` are what the statement found.

        That brings all of them where what is kept is of other tables, or of a later state than this.
        """
        base, (changed,) = self._base, rows
        generation = f"{generation} {changed.started}"
        if base is None or (base.generation == generation and not base.snapshot.may_be_after(changed.snapshot)):
            subjects = self._taken(base, changed, generation=generation)
            return lambda: subjects
        again = state.along(_statement(since=0))
        return lambda: self._taken(None, again.rows[0], generation=generation)

    def _taken(self, base: _State | None, changed: Changed, *, generation: str) -> Subjects:
        subjects = (NO_SUBJECTS if base is None else base.subjects).with_blocks(changed)
        if base is None or subjects is not base.subjects or changed.snapshot.oldest > base.snapshot.oldest:
            self._kept.keep(_State(self._using, generation, changed.snapshot, subjects))
        return subjects


def _statement(*, since: int) -> Statement[Changed]:
    return Statement(Changed.unpack, _CHANGED, {"since": since})
