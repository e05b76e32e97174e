"""Where artifacts stand in the order of their digests, remembered: an artifact's digest never changes.

Eight bytes an artifact, the beginning of its digest. Where that does not decide, nothing is said, and the database
orders: so what somebody claims of made-up digests costs time, and never the order.
"""

from __future__ import annotations

import heapq
import threading
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING

from incidents.impact.remembered import forget_with_the_tables
from inventory.graph.one_state import Statement, array_of
from inventory.graph.packed import column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inventory.graph.one_state import OneState
    from inventory.graph.packed import Column

_READ = """
SELECT string_agg(int4send(a.id), ''::bytea), string_agg(coalesce(a.digest, ''), ',')
FROM unnest(%(ids)s::int[]) AS asked(id) JOIN inventory_artifact a ON a.id = asked.id
"""
_ALGORITHMS = {"sha256": 1, "sha384": 2, "sha512": 3}
_NO_DIGEST = 4 << 60
_HEX_KEPT = 15


class Digests:
    """The beginnings of the digests that this process has read."""

    def __init__(self) -> None:
        self._places = array("Q")
        self._lock = threading.Lock()

    def first(self, ties: Sequence[Sequence[int]], *, limit: int, state: OneState) -> list[int] | None:
        """Return the first of the artifacts, tie after tie, each in the order of digests; None where that is unclear.

        One round trip where a digest was not read before, none else.
        """
        self._read([artifact for tied in ties for artifact in tied], state=state)
        places = self._places
        found: list[int] = []
        for tied in ties:
            wanted = limit - len(found) + 1
            ordered = heapq.nsmallest(wanted, ((places[artifact], artifact) for artifact in tied))
            if ordered and (not ordered[0][0] or any(one[0] == other[0] for one, other in pairwise(ordered))):
                return None
            found.extend(artifact for _, artifact in ordered)
        return found[:limit]

    def forget(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._places = array("Q")

    def _read(self, artifacts: Sequence[int], *, state: OneState) -> None:
        places = self._places
        known = len(places)
        unknown = [artifact for artifact in artifacts if artifact >= known or not places[artifact]]
        if unknown:
            for ids, digests in state.fetch(Statement(_unpack, _READ, {"ids": array_of(unknown)})):
                self._keep(ids, digests)

    def _keep(self, artifacts: Column, digests: Iterable[str]) -> None:
        with self._lock:
            short = max(artifacts, default=-1) + 1 - len(self._places)
            if short > 0:
                self._places = self._places + array("Q", bytes(8 * short))
            for artifact, digest in zip(artifacts, digests, strict=True):
                self._places[artifact] = _place(digest)


def _unpack(ids: bytes | None, digests: str | None) -> tuple[Column, list[str]]:
    return column(ids), [] if digests is None else digests.split(",")


def _place(digest: str) -> int:
    """Return a number that orders as the text does, without digest last."""
    if not digest:
        return _NO_DIGEST
    algorithm, _, value = digest.partition(":")
    return _ALGORITHMS[algorithm] << 60 | int(value[:_HEX_KEPT], 16)


DIGESTS = Digests()
forget_with_the_tables(DIGESTS.forget)
