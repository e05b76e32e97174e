"""Where artifacts stand in the order of their digests, remembered: an artifact's digest never changes.

Eight bytes an artifact, the beginning of its digest. Where that does not decide, nothing is said, and the database
orders: so what somebody claims of made-up digests costs time, and never the order.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from incidents.impact.columns import ints, longs
from incidents.impact.remembered import follow_generation, forget_with_the_tables, marks_statement
from inventory.graph.one_state import Statement, array_of, one_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from incidents.impact.columns import Ints
    from inventory.graph.one_state import OneState

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
        self._places = np.zeros(1, np.uint64)
        self._lock = threading.Lock()

    def first(self, ties: Sequence[Ints], *, limit: int, state: OneState) -> list[int] | None:
        """Return the first of the artifacts, tie after tie, each in the order of digests; None where that is unclear.

        One round trip where a digest was not read before, none else.
        """
        self._read(ties, state=state)
        places = self._places
        found: list[int] = []
        for tied in ties:
            wanted, mine = limit - len(found) + 1, places[tied]
            least = np.argpartition(mine, wanted - 1)[:wanted] if len(mine) > wanted else np.arange(len(mine))
            ordered = least[np.argsort(mine[least])]
            there = mine[ordered]
            if len(there) and (not there[0] or (there[1:] == there[:-1]).any()):
                return None
            found.extend(tied[ordered].tolist())
        return found[:limit]

    def forget(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._places = np.zeros(1, np.uint64)

    def read_all(self, *, using: str) -> None:
        """Read those of all artifacts, of a million at most, before anybody asks for some: portion by portion."""
        with one_state(using=using) as state:
            (marks,) = state.fetch(marks_statement())
            follow_generation(marks.generation)
            last = 0
            for _ in range(_MOST_PORTIONS):
                (read,) = state.fetch(Statement(_unpack, _READ_NEXT, {"after": last}))
                if not len(read.artifacts):
                    break
                self._keep(read)
                last = int(read.artifacts.max())

    def _read(self, ties: Sequence[Ints], *, state: OneState) -> None:
        places = self._places
        unknown = [tied[(tied >= len(places)) | (places[np.minimum(tied, len(places) - 1)] == 0)] for tied in ties]
        if ids := [artifact for tied in unknown for artifact in tied.tolist()]:
            (read,) = state.fetch(Statement(_unpack, _READ, {"ids": array_of(ids)}))
            self._keep(read)

    def _keep(self, read: _Read) -> None:
        with self._lock:
            short = int(read.artifacts.max(initial=-1)) + 1 - len(self._places)
            if short > 0:
                self._places = np.concatenate((self._places, np.zeros(short, np.uint64)))
            self._places[read.artifacts] = read.places


class _Read(NamedTuple):
    """The one row of _READ: artifacts, and where each stands."""

    artifacts: Ints
    places: NDArray[np.uint64]


def _unpack(artifacts: bytes | None, places: bytes | None) -> _Read:
    return _Read(ints(artifacts), longs(places).view(np.uint64))


DIGESTS = Digests()
forget_with_the_tables(DIGESTS.forget)
