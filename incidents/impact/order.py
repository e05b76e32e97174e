"""The order of an answer's rows: affected, possible, unknown, cleared; what runs first, most workloads, digest.

Only the rows of a page are put in order for it, out of those that no other can come before: a hundred rows need not the
digests of a hundred thousand. Digests never change, so the rest can be ordered when somebody turns the page.
"""

from __future__ import annotations

import zlib
from array import array
from collections import defaultdict
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

from incidents.impact.digests import DIGESTS
from incidents.impact.explain import PageRow
from inventory.graph.one_state import Statement
from inventory.graph.packed import column, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from inventory.graph.one_state import OneState

_GROUPS = ((0, 1), (2, 3), (8,), (4, 5))
_REMEMBERED = 30_000
"""To put more in order by what is remembered of their digests takes longer than to ask the database."""
_SPARSE = 20
"""Where fewer than one byte in so many is set, to look for each costs less than to pass all of them by."""
_FEW = 0.14
"""To look a row up by its number takes seven times as long as to pass one by in the order of digests."""
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
    """The rows of an answer, not yet in order: the class of each artifact by its number, plus one, and what runs it."""

    statuses: bytes
    workload_counts: Mapping[int, int]

    @classmethod
    def listed(cls, statuses: bytes, workload_counts: Mapping[int, int], *, classes: Iterable[int]) -> Rows:
        """Take the rows of these classes."""
        kept = bytearray(256)
        for row_class in classes:
            kept[row_class + 1] = row_class + 1
        shown = statuses.translate(kept)
        counts = {artifact: count for artifact, count in workload_counts.items() if shown[artifact]}
        return cls(shown, counts)

    @classmethod
    def unpack(cls, statuses: bytes, runs: bytes) -> Rows:
        """Take what `packed` made."""
        numbers = column(zlib.decompress(runs))
        half = len(numbers) // 2
        return cls(zlib.decompress(statuses), dict(zip(numbers[:half], numbers[half:], strict=True)))

    def packed(self) -> tuple[bytes, bytes]:
        """Return statuses and workloads in a few bytes a row."""
        runs = array("i", [*self.workload_counts, *self.workload_counts.values()])
        return zlib.compress(self.statuses, 1), zlib.compress(pack(runs), 1)

    def __len__(self) -> int:
        return len(self.statuses) - self.statuses.count(0)

    def first(self, limit: int, *, state: OneState) -> list[PageRow]:
        """Return the first rows in order; one round trip where their digests are not remembered, or too many."""
        ties: list[Sequence[int]] = []
        count = 0
        for tied in self._ties():
            ties.append(tied)
            count += len(tied)
            if count >= limit:
                break
        first = DIGESTS.first(ties, limit=limit, state=state) if count <= _REMEMBERED else None
        if first is None:
            first = self._ask_first(ties, limit=limit, state=state)
        return [PageRow(artifact, self.statuses[artifact] - 1) for artifact in first]

    def _ask_first(self, ties: Iterable[Sequence[int]], *, limit: int, state: OneState) -> list[int]:
        ids: list[int] = []
        ranks: list[int] = []
        many: bytes = b""
        for rank, tied in enumerate(ties):
            if len(tied) ** 2 > _FEW * limit * len(self.statuses):
                many = self._marks(tied)
            else:
                ids.extend(tied)
                ranks.extend([rank] * len(tied))
        asked = []
        if ids:
            asked.append(Statement(int, _TIED, {"ids": ids, "ranks": ranks, "limit": limit}))
        if many:
            asked.append(Statement(int, _MANY_TIED, {"marks": many, "limit": limit - len(ids)}))
        return [artifact for rows in state.fetch_together(*asked) for artifact in rows]

    def by_digest(self) -> Statement[bytes]:
        """Return the statement that gives all rows by their digests, packed: what `in_order` takes."""
        return Statement(bytes, _BY_DIGEST, {"marks": self.statuses})

    def in_order(self, by_digest: bytes) -> tuple[bytes, bytes]:
        """Return all rows in order: ids packed, and the class of each as a byte."""
        rank_of = {artifact: rank for rank, tied in enumerate(self._ties()) for artifact in tied}
        ordered = sorted(column(by_digest), key=rank_of.__getitem__)
        return pack(array("i", ordered)), bytes(self.statuses[artifact] - 1 for artifact in ordered)

    def _ties(self) -> Iterator[Sequence[int]]:
        """Yield the rows in order, those together among which the digest decides."""
        for group in _GROUPS:
            flags = bytearray(256)
            for row_class in group:
                flags[row_class + 1] = 1
            running: dict[int, list[int]] = defaultdict(list)
            for artifact, count in self.workload_counts.items():
                if flags[self.statuses[artifact]]:
                    running[count].append(artifact)
            for count in sorted(running, reverse=True):
                yield running[count]
            if any(self.statuses.count(row_class + 1) for row_class in group):
                marked = bytearray(self.statuses.translate(flags))
                for artifact in self.workload_counts:
                    marked[artifact] = 0
                if idle := _places(marked):
                    yield idle

    def _marks(self, tied: Iterable[int]) -> bytes:
        marks = bytearray(len(self.statuses))
        for artifact in tied:
            marks[artifact] = 1
        return bytes(marks)


def _places(marked: bytearray) -> list[int]:
    """Return where the bytes that are 1 stand; the others are 0."""
    if marked.count(1) * _SPARSE > len(marked):
        return list(compress(range(len(marked)), marked))
    found: list[int] = []
    place = marked.find(1)
    while place >= 0:
        found.append(place)
        place = marked.find(1, place + 1)
    return found
