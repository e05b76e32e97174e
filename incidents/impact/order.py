"""The order of an answer's rows: affected, possible, unknown, cleared; what runs first, most workloads, digest.

Only the rows of a page are put in order for it, out of those that no other can come before: a hundred rows need not the
digests of a hundred thousand. Digests never change, so the rest can be ordered when somebody turns the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import zstandard

from incidents.impact.columns import ints, looked_up, marked, octets
from incidents.impact.digests import DIGESTS
from incidents.impact.explain import PageRow
from inventory.graph.one_state import Statement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from incidents.impact.columns import Ints, Longs, Octets
    from inventory.graph.one_state import OneState

_LEVEL = 1
_GROUPS = ((0, 1), (2, 3), (8,), (4, 5))
_TIED = """
SELECT a.id FROM unnest(%(ids)s::int[], %(ranks)s::int[]) AS tied(id, rank) JOIN inventory_artifact a ON a.id = tied.id
ORDER BY tied.rank, a.digest NULLS LAST, a.id LIMIT %(limit)s
"""
_MANY_TIED = """
SELECT a.id FROM inventory_artifact a
WHERE a.id < octet_length(%(marks)s::bytea) AND get_byte(%(marks)s::bytea, a.id) > 0
ORDER BY a.digest NULLS LAST, a.id LIMIT %(limit)s
"""
_BY_DIGEST = """
SELECT string_agg(int4send(a.id), ''::bytea ORDER BY a.digest NULLS LAST, a.id) FROM inventory_artifact a
WHERE a.id < octet_length(%(marks)s::bytea) AND get_byte(%(marks)s::bytea, a.id) > 0
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an answer, not yet in order: the class of each artifact by its number, plus one, and what runs it.

    `workload_counts` has the artifacts that run, and how many workloads run each of them.
    """

    statuses: Octets
    workload_counts: tuple[Ints, Longs]

    @classmethod
    def listed(cls, statuses: Octets, workload_counts: tuple[Ints, Longs], *, classes: Collection[int]) -> Rows:
        """Take the rows of these classes."""
        kept = np.zeros(256, np.uint8)
        for row_class in classes:
            kept[row_class + 1] = row_class + 1
        shown = looked_up(kept, statuses)
        running, counts = workload_counts
        is_shown = shown[running] > 0
        return cls(shown, (running[is_shown], counts[is_shown]))

    @classmethod
    def unpack(cls, statuses: bytes, runs: bytes) -> Rows:
        """Take what `packed` made."""
        running, counts = ints(zstandard.decompress(runs)).reshape(2, -1)
        return cls(octets(zstandard.decompress(statuses)), (running, counts.astype(np.int64)))

    def packed(self) -> tuple[bytes, bytes]:
        """Return statuses and workloads in a few bytes a row."""
        runs = np.concatenate(self.workload_counts).astype(">i4")
        return zstandard.compress(self.statuses.tobytes(), _LEVEL), zstandard.compress(runs.tobytes(), _LEVEL)

    def __len__(self) -> int:
        return int(np.count_nonzero(self.statuses))

    def first(self, limit: int, *, state: OneState) -> list[PageRow]:
        """Return the first rows in order; one round trip where their digests are not remembered, or do not decide."""
        ties: list[Ints] = []
        count = 0
        for tied in self._ties():
            ties.append(tied)
            count += len(tied)
            if count >= limit:
                break
        first = DIGESTS.first(ties, limit=limit, state=state)
        if first is None:
            first = self._ask_first(ties, limit=limit, state=state)
        return [PageRow(artifact, row) for artifact, row in zip(first, self._classes(first), strict=True)]

    def _ask_first(self, ties: Sequence[Ints], *, limit: int, state: OneState) -> list[int]:
        *few, last = ties
        ids = np.concatenate([*few, np.zeros(0, np.int32)]).tolist()
        ranks = [rank for rank, tied in enumerate(few) for _ in range(len(tied))]
        many = marked(len(self.statuses), last).tobytes()
        asked = [
            Statement(int, _TIED, {"ids": ids, "ranks": ranks, "limit": limit}),
            Statement(int, _MANY_TIED, {"marks": many, "limit": limit - len(ids)}),
        ]
        return [artifact for rows in state.fetch_together(*asked) for artifact in rows]

    def by_digest(self) -> Statement[bytes]:
        """Return the statement that gives all rows by their digests, packed: what `in_order` takes."""
        return Statement(bytes, _BY_DIGEST, {"marks": self.statuses.tobytes()})

    def in_order(self, by_digest: bytes) -> tuple[bytes, bytes]:
        """Return all rows in order: ids packed, and the class of each as a byte."""
        ranks = np.zeros(len(self.statuses), np.int32)
        for rank, tied in enumerate(self._ties()):
            ranks[tied] = rank
        given = ints(by_digest)
        ordered = given[np.argsort(ranks[given], kind="stable")]
        return ordered.astype(">i4").tobytes(), (self.statuses[ordered] - np.uint8(1)).tobytes()

    def _classes(self, artifacts: Sequence[int]) -> list[int]:
        found: list[int] = (self.statuses[np.array(artifacts, dtype=np.int32)] - np.uint8(1)).tolist()
        return found

    def _ties(self) -> Iterator[Ints]:
        """Yield the rows in order, those together among which the digest decides."""
        running, counts = self.workload_counts
        of_running = self.statuses[running]
        idle: tuple[Ints, Octets] | None = None
        for group in _GROUPS:
            is_group = marked(256, [row_class + 1 for row_class in group])
            mine = is_group[of_running]
            for count in np.unique(counts[mine])[::-1]:
                yield running[mine & (counts == count)]
            artifacts, statuses = idle = idle or self._idle()  # most pages are full before
            tied = artifacts[looked_up(is_group, statuses)]
            if len(tied):
                yield tied

    def _idle(self) -> tuple[Ints, Octets]:
        """Return the rows that nothing runs, and their statuses."""
        is_idle = self.statuses != 0
        is_idle[self.workload_counts[0]] = False
        idle = np.flatnonzero(is_idle).astype(np.int32)
        return idle, self.statuses[idle]
