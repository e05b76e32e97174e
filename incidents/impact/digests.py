"""Where artifacts stand in the order of their digests, remembered: an artifact's digest never changes.

Eight bytes an artifact, the beginning of its digest. Where that does not decide, nothing is said, and the database
orders: so what somebody claims of made-up digests costs time, and never the order.
"""

from __future__ import annotations

import heapq
import threading
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from incidents.impact.remembered import follow_generation, forget_with_the_tables, marks_statement
from inventory.graph.one_state import Statement, array_of, one_state
from inventory.graph.packed import column, wide_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.graph.one_state import OneState
    from inventory.graph.packed import Column

_PORTION, _MOST_PORTIONS = 20_000, 50
_PLACE = """
decode(CASE left(a.digest, 7) WHEN 'sha256:' THEN '1' WHEN 'sha384:' THEN '2' WHEN 'sha512:' THEN '3' ELSE '4' END
       || coalesce(substr(a.digest, 8, 15), '000000000000000'), 'hex')"""
"""Eight bytes that order as the text does, without digest last: the algorithm, and fifteen of its digits."""
_PLACES = f"SELECT string_agg(int4send(a.id), ''::bytea), string_agg({_PLACE}, ''::bytea)"
_READ = f"""
{_PLACES} FROM unnest(%(ids)s::int[]) AS asked(id) JOIN inventory_artifact a ON a.id = asked.id
"""
_READ_NEXT = f"""
{_PLACES} FROM (
    SELECT id, digest FROM inventory_artifact WHERE id > %(after)s ORDER BY id LIMIT {_PORTION}) a
"""


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
            ordered = heapq.nsmallest(wanted, zip(map(places.__getitem__, tied), tied, strict=True))
            if ordered and (not ordered[0][0] or any(one[0] == other[0] for one, other in pairwise(ordered))):
                return None
            found.extend(artifact for _, artifact in ordered)
        return found[:limit]

    def forget(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._places = array("Q")

    def read_all(self, *, using: str) -> None:
        """Read those of all artifacts, of a million at most, before anybody asks for some: portion by portion."""
        with one_state(using=using) as state:
            (marks,) = state.fetch(marks_statement())
            follow_generation(marks.generation)
            last = 0
            for _ in range(_MOST_PORTIONS):
                (read,) = state.fetch(Statement(_unpack, _READ_NEXT, {"after": last}))
                if not read.artifacts:
                    break
                self._keep(read)
                last = max(read.artifacts)

    def _read(self, artifacts: Sequence[int], *, state: OneState) -> None:
        places = self._places
        known = len(places)
        unknown = [artifact for artifact in artifacts if artifact >= known or not places[artifact]]
        if unknown:
            (read,) = state.fetch(Statement(_unpack, _READ, {"ids": array_of(unknown)}))
            self._keep(read)

    def _keep(self, read: _Read) -> None:
        with self._lock:
            short = max(read.artifacts, default=-1) + 1 - len(self._places)
            if short > 0:
                self._places = self._places + array("Q", bytes(8 * short))
            places = self._places
            for artifact, place in zip(read.artifacts, read.places, strict=True):
                places[artifact] = place


class _Read(NamedTuple):
    """The one row of _READ: artifacts, and where each stands."""

    artifacts: Column
    places: Column


def _unpack(artifacts: bytes | None, places: bytes | None) -> _Read:
    return _Read(column(artifacts), wide_column(places))


DIGESTS = Digests()
forget_with_the_tables(DIGESTS.forget)
