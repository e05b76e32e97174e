"""Large kept answers as pages and actions need them: each row with all that matched, and not where it stands.

An answer to a list of thousands of lines has hundreds of thousands of matches, most of them the same in every artifact:
what matched is held once. So they are stored besides (gists.py), and kept by this process, the newest read, since an
answer never changes. The rows that are shown are read whole, out of the stored pages that have them.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import msgspec

from incidents.models import QueryRunGist
from incidents.response import gists
from incidents.response.basis import Answer
from incidents.response.derived import derive
from incidents.response.differences import about
from incidents.response.exposed import ids_of
from incidents.response.reach import reach_of
from incidents.response.runs import damaged, read_header, read_some, read_stored
from incidents.response.slimming import Slimming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from incidents.impact.answer import Header, Row
    from incidents.models import QueryRun
    from incidents.response.gists import Gist, StoredPage
    from incidents.response.runs import Answered, Stored

LARGE: Final = 2_000
"""Matches from which on an answer is worth keeping."""
MOST_KEPT: Final = 1_000_000
"""Matches of all kept answers together: 100 to 200 bytes each with all that belongs to them."""
_TEXT_OF_A_MATCH: Final = 150
"""Characters of what was drawn of an answer that weigh as much as a match."""

Key = tuple[int, str]


class SlimAnswer:
    """A header and its rows, slim where `is_slim`. What is derived from them once is kept beside them, by name."""

    def __init__(
        self,
        run: QueryRun,
        header: Header,
        rows: tuple[Row, ...],
        pages: tuple[StoredPage, ...],
        *,
        is_slim: bool,
        gist: Gist | None = None,
    ) -> None:
        self.header, self.rows, self.is_slim, self.gist = header, rows, is_slim, gist
        self._matches = sum(len(row.matches) for row in rows)
        self.derived: dict[str, object] = {}
        self._run, self._pages = run, pages

    @property
    def weight(self) -> int:
        """What it takes of MOST_KEPT, with what was drawn of it so far."""
        drawn = sum(len(one) for one in list(self.derived.values()) if isinstance(one, str))
        return self._matches + drawn // _TEXT_OF_A_MATCH

    def whole(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return rows of it, or what was made of them, with all that is told of each match. One statement at most.

        Raises DamagedRunError.
        """
        if not self.is_slim or not rows:
            return tuple(rows)
        places = [_within(self._places[about(row)], self._starts) for row in rows]
        found = read_some(self._run, {page for page, _ in places}, self._pages)
        return tuple(
            msgspec.structs.replace(row, matches=found[page][place].matches)
            for row, (page, place) in zip(rows, places, strict=True)
        )

    @cached_property
    def _places(self) -> Mapping[object, int]:
        return {about(row): place for place, row in enumerate(self.rows)}

    @cached_property
    def _starts(self) -> Sequence[int]:
        """The place of the first row of each stored page."""
        return list(accumulate((page.row_count for page in self._pages[:-1]), initial=0))


def _within(place: int, starts: Sequence[int]) -> tuple[int, int]:
    """Return the stored page of a row, and its place there."""
    page = bisect_right(starts, place) - 1
    return page, place - starts[page]


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
    if known is not None:
        return known
    return _of_gist(run) or _of_pages(run)


def keep_slim(stored: Stored, answered: Answered) -> None:
    """Store the gist of a large answer that was just stored, and keep it for those who look at it next."""
    if sum(len(row.matches) for rows in answered.pages for row in rows) < LARGE:
        return
    rows = _slim(answered.pages)
    run, indicators = stored.run, tuple(one.asked for one in answered.header.asked.indicators)
    basis = Answer(run.number, run.answer_hash, rows, indicators)
    derived = gists.Derived(derive(basis).values(), ids_of(basis), reach_of(rows))
    content = gists.pack(rows, stored.pages, derived)
    digest = gists.digest_of(content, content_digest=run.content_digest)
    QueryRunGist.objects.create(run=run, shape=gists.SHAPE, content=content, digest=digest)
    _kept.add(_key(run), SlimAnswer(run, answered.header, rows, stored.pages, is_slim=True))


def _of_gist(run: QueryRun) -> SlimAnswer | None:
    found = QueryRunGist.objects.filter(run=run, shape=gists.SHAPE).values_list("content", "digest").first()
    if found is None:
        return None
    content, digest = bytes(found[0]), found[1]
    if gists.digest_of(content, content_digest=run.content_digest) != digest:
        raise damaged(run)
    gist = gists.unpack(content)
    answer = SlimAnswer(run, read_header(run, gist.pages), gist.rows, gist.pages, is_slim=True, gist=gist)
    _kept.add(_key(run), answer)
    return answer


def _of_pages(run: QueryRun) -> SlimAnswer:
    """Read a small answer, or one that another release stored without a gist of this shape."""
    header, stored, pages = read_stored(run)
    whole = list(pages)
    if sum(len(row.matches) for rows in whole for row in rows) < LARGE:
        return SlimAnswer(run, header, tuple(row for rows in whole for row in rows), stored, is_slim=False)
    answer = SlimAnswer(run, header, _slim(whole), stored, is_slim=True)
    _kept.add(_key(run), answer)
    return answer


def _slim(pages: Iterable[Sequence[Row]]) -> tuple[Row, ...]:
    slimming = Slimming()
    return tuple(row for rows in pages for row in slimming.of(rows))


def _key(run: QueryRun) -> Key:
    return run.pk, run.content_digest
