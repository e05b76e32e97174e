"""Large kept answers as pages and actions need them: each row with all that matched, and not where it stands.

An answer to a list of thousands of lines has millions of matches, most of them the same in every artifact. So what
pages need is stored besides, in columns (gists.py), and kept by this process, the newest read, since an answer never
changes. Rows are made of it as they are looked at, and those that are shown are read whole, out of the stored pages.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import msgspec
from django.db import transaction

from incidents.models import QueryRunGist
from incidents.response import gists
from incidents.response.basis import Answer
from incidents.response.differences import Known, about
from incidents.response.gists import Gist
from incidents.response.kept_rows import KeptRows
from incidents.response.runs import damaged, read_header, read_some, read_stored
from incidents.response.slimming import Slimming

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from incidents.impact.answer import Header, Row
    from incidents.models import QueryRun
    from incidents.response.gists import Since, StoredPage
    from incidents.response.runs import Answered, Stored

LARGE: Final = 2_000
"""Matches from which on an answer is worth keeping."""
MOST_KEPT: Final = 500_000
"""Rows of all kept answers together: 400 to 500 bytes each with all that belongs to them."""
_OF_THE_ANSWER: Final = 25_000
"""Rows that weigh as much as what is kept of any long list: its lines, its actions, what its rows name."""
_AT_ONCE: Final = 20
"""Parts that are written together: all of them would be in memory several times."""
_TEXT_OF_A_ROW: Final = 300
"""Characters of what was drawn of an answer that weigh as much as a row."""

Key = tuple[int, str]


class SlimAnswer:
    """A header and its rows, slim where there is a gist. What is derived from them once is kept beside, by name."""

    def __init__(self, run: QueryRun, header: Header, rows: Sequence[Row], *, gist: Gist | None = None) -> None:
        self.header, self.rows, self.gist = header, rows, gist
        self.derived: dict[str, object] = {}
        self._run = run

    @property
    def weight(self) -> int:
        """What it takes of MOST_KEPT, with what was drawn of it so far."""
        drawn = sum(len(one) for one in list(self.derived.values()) if isinstance(one, str))
        return len(self.rows) + _OF_THE_ANSWER + drawn // _TEXT_OF_A_ROW

    @property
    def is_slim(self) -> bool:
        return self.gist is not None

    @cached_property
    def known(self) -> Known:
        """Which rows it has, and what they are."""
        return Known.of(self.rows) if self.gist is None else self.gist.known

    def whole(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return rows of it, or what was made of them, with all that is told of each match. One statement at most.

        Raises DamagedRunError.
        """
        if self.gist is None or not rows:
            return tuple(rows)
        places = [_within(self.known.places[about(row)], self._starts) for row in rows]
        found = read_some(self._run, {page for page, _ in places}, self.gist.head.pages)
        return tuple(
            msgspec.structs.replace(row, matches=found[page][place].matches)
            for row, (page, place) in zip(rows, places, strict=True)
        )

    @cached_property
    def _starts(self) -> Sequence[int]:
        """The place of the first row of each stored page."""
        pages = () if self.gist is None else self.gist.head.pages
        return list(accumulate((page.row_count for page in pages[:-1]), initial=0))


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
    known = _kept.get(_key(run))
    if known is not None:
        return known
    return _of_gist(run) or _of_pages(run)


def is_large(pages: Iterable[Sequence[Row]]) -> bool:
    """Say whether an answer has so many matches that it gets a gist."""
    return sum(len(row.matches) for rows in pages for row in rows) >= LARGE


def keep_slim(stored: Stored, answered: Answered, *, since: Since | None) -> SlimAnswer:
    """Store the gist of a large answer that was just stored, and keep it for those who look at it next.

    `since` is how it differs from the answer before.
    """
    if not is_large(answered.pages):
        return SlimAnswer(stored.run, answered.header, answered.rows)
    rows = answered.rows if answered.packed else _slim(answered.pages)
    return _with_gist(stored.run, answered.header, rows, pages=stored.pages, since=since)


def _with_gist(
    run: QueryRun, header: Header, rows: tuple[Row, ...], *, pages: Sequence[StoredPage], since: Since | None = None
) -> SlimAnswer:
    from incidents.response.packing import pack_gist  # noqa: PLC0415  NumPy: 25 MB, in the processes that asked

    indicators = tuple(one.asked for one in header.asked.indicators)
    parts = pack_gist(Answer(run.number, run.answer_hash, rows, indicators), pages=pages, since=since)
    with transaction.atomic():
        QueryRunGist.objects.bulk_create(
            (
                QueryRunGist(run=run, shape=gists.SHAPE, part=part, content=content, digest=_digest(run, part, content))
                for part, content in parts.items()
            ),
            ignore_conflicts=True,  # somebody else has looked at it, and made the same
            batch_size=_AT_ONCE,
        )
    return _known(run, header, Gist({part: content for part, content in parts.items() if part < gists.FIRST_ROWS}))


def _known(run: QueryRun, header: Header, gist: Gist) -> SlimAnswer:
    answer = SlimAnswer(run, header, KeptRows(gist, lambda parts: _read_parts(run, parts)), gist=gist)
    _kept.add(_key(run), answer)
    return answer


def _of_gist(run: QueryRun) -> SlimAnswer | None:
    parts = _read_parts(run, range(gists.FIRST_ROWS))
    if not parts:
        return None
    gist = Gist(parts)
    return _known(run, read_header(run, gist.head.pages), gist)


def _read_parts(run: QueryRun, parts: Sequence[int]) -> dict[int, bytes]:
    """Return parts of a gist of this release's shape. One statement. Raises DamagedRunError."""
    stored = QueryRunGist.objects.filter(run=run, shape=gists.SHAPE, part__in=parts)
    found = {}
    for part, content, digest in stored.values_list("part", "content", "digest"):
        found[part] = bytes(content)
        if _digest(run, part, found[part]) != digest:
            raise damaged(run)
    return found


def _digest(run: QueryRun, part: int, content: bytes) -> str:
    return gists.digest_of(content, part=part, content_digest=run.content_digest)


def _of_pages(run: QueryRun) -> SlimAnswer:
    """Read a small answer; of a large one that another release stored, make a gist of this release's shape."""
    header, stored, pages = read_stored(run)
    slimming, count = Slimming(), 0
    slim: list[tuple[Row, ...]] = []
    whole: list[tuple[Row, ...]] | None = []
    for rows in pages:
        count += sum(len(row.matches) for row in rows)
        slim.append(tuple(slimming.of(rows)))
        whole = None if whole is None or count >= LARGE else [*whole, rows]
    if whole is not None:
        return SlimAnswer(run, header, tuple(row for rows in whole for row in rows))
    return _with_gist(run, header, tuple(row for rows in slim for row in rows), pages=stored)


def _slim(pages: Iterable[Sequence[Row]]) -> tuple[Row, ...]:
    slimming = Slimming()
    return tuple(row for rows in pages for row in slimming.of(rows))


def _key(run: QueryRun) -> Key:
    return run.pk, run.content_digest
