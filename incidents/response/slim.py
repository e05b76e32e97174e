"""Large kept answers as pages and actions need them: each row with all that matched, and a few of the places.

An answer to a list of thousands of lines has hundreds of thousands of matches, most of them the same in every artifact:
what matched is held once, and where it stands in which document only for the first of each row. They are kept by this
process, the newest read, since an answer never changes. What is sent to others is read whole (runs.read).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from incidents.response import runs
from incidents.response.slimming import Slimming

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from incidents.impact.answer import Header, Row
    from incidents.models import QueryRun

LARGE: Final = 2_000
"""Matches from which on an answer is worth keeping."""
MOST_KEPT: Final = 1_000_000
"""Matches of all kept answers together: 100 to 200 bytes each with all that belongs to them."""

Key = tuple[int, str]


class SlimAnswer:
    """A header and slim rows. What is derived from them once is kept beside them, under its name."""

    def __init__(self, header: Header, rows: tuple[Row, ...]) -> None:
        self.header, self.rows = header, rows
        self.weight = sum(len(row.matches) for row in rows)
        self.derived: dict[str, object] = {}


class _Kept:
    """The answers read last, by their run and the digest of what is stored. Thread-safe."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Key, SlimAnswer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> SlimAnswer | None:
        with self._lock:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
            return found

    def add(self, key: Key, answer: SlimAnswer) -> None:
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > 1 and sum(one.weight for one in self._answers.values()) > MOST_KEPT:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._answers.clear()


_kept = _Kept()
forget_all = _kept.clear


def read_slim(run: QueryRun) -> SlimAnswer:
    """Return a stored answer; no statement where this process keeps it. Raises DamagedRunError."""
    known = _kept.get((run.pk, run.content_digest))
    return known if known is not None else remember(run, *runs.read_pages(run))


def remember(run: QueryRun, header: Header, pages: Iterable[Sequence[Row]]) -> SlimAnswer:
    """Keep an answer, where it is large, for those who look at it next: as it was read, or as it was just given."""
    slimming = Slimming()
    answer = SlimAnswer(header, tuple(row for rows in pages for row in slimming.of(rows)))
    if answer.weight >= LARGE:
        _kept.add((run.pk, run.content_digest), answer)
    return answer
