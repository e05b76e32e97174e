"""Ask an incident's question and keep the whole answer, as it was given: what we knew then."""

from __future__ import annotations

import hashlib
import logging
import zlib
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING

import msgspec

from incidents.impact.answer import Header, Row
from incidents.models import Occasion, QueryRun, QueryRunPage
from incidents.response.gists import StoredPage
from incidents.response.slimming import Slimming
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from psycopg.abc import Buffer

    from incidents.impact.question import Question
    from incidents.models import Incident
    from supplychain.access.actors import Actor

logger = logging.getLogger(__name__)

PAGE_ROWS = 500
"""Rows that are shown together over HTTP."""
STORED_ROWS = 100
"""Rows that are stored together: a page of the site unpacks few of them."""
ASKED_ROWS = 5_000
"""Rows that are asked for together: what the indicators mean is looked up again for each time.

Of more than these none is held whole: they are packed as they come.
"""
_WRITTEN_PAGES = 200
"""Pages that are written together: all of a long answer would be in memory several times."""
_LEVEL = 1
"""Matches repeat each other, so this is small already; to make it smaller took longer than to ask."""
MOST_BUILDS = 20_000
"""Runs of builds that an answer keeps; beyond that their number alone is known."""
_CANONICAL = msgspec.json.Encoder(order="sorted")
_ROWS = msgspec.json.Decoder(tuple[Row, ...])


@dataclass(frozen=True, slots=True)
class Answered:
    """A question's whole answer, not stored yet."""

    question: Question
    header: Header
    pages: tuple[tuple[Row, ...], ...]
    answer_hash: str
    seconds: float
    packed: tuple[bytes, ...] = ()
    """The pages as they are stored, where there were too many to hold them whole: then these are slim."""

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(row for page in self.pages for row in page)


@dataclass(frozen=True, slots=True)
class Stored:
    """A run that was just stored, and what its pages are."""

    run: QueryRun
    pages: tuple[StoredPage, ...]


class DamagedRunError(DomainError):
    """What is stored of an answer is not what was stored."""

    def __init__(self, run: QueryRun) -> None:
        message = f"Answer {run.number} of this incident is not what was stored: see the log and the backup."
        super().__init__("run_damaged", message, status=500)


def ask(question: Question, *, actor: Actor, at: datetime, audited: bool = True) -> Answered:
    """Answer a question with all its rows. It stores nothing but what asking stores: not inside a transaction."""
    from incidents.impact.assess import assess  # noqa: PLC0415  NumPy: 25 MB, in the workers that ask

    began = perf_counter()
    question = replace(question, build_limit=MOST_BUILDS)
    impact = assess(replace(question, limit=ASKED_ROWS, cursor=None), actor=actor, at=at, audited=audited)
    first, pages, cursor = impact, _paged(impact.rows), impact.next
    if cursor is None:
        return Answered(question, first.header, pages, first.hash, perf_counter() - began)
    slimming = Slimming()
    packed = [_packed(rows) for rows in pages]
    slim = [tuple(slimming.of(rows)) for rows in pages]
    while cursor is not None:
        impact = assess(replace(question, limit=ASKED_ROWS, cursor=cursor), actor=actor, at=at)
        cursor = impact.next
        for rows in _paged(impact.rows):
            packed.append(_packed(rows))
            slim.append(tuple(slimming.of(rows)))
    return Answered(question, first.header, tuple(slim), first.hash, perf_counter() - began, tuple(packed))


def _paged(rows: tuple[Row, ...]) -> tuple[tuple[Row, ...], ...]:
    return tuple(rows[start : start + STORED_ROWS] for start in range(0, max(len(rows), 1), STORED_ROWS))


def _packed(rows: tuple[Row, ...]) -> bytes:
    return zlib.compress(msgspec.json.encode(rows), _LEVEL)


def keep(
    answered: Answered,
    *,
    incident: Incident,
    given: Mapping[str, object],
    occasion: Occasion,
    actor: Actor,
    at: datetime,
) -> Stored:
    """Store an answer as the incident's next run, in the caller's transaction, which holds the incident's row."""
    incident.run_count += 1
    packed = list(answered.packed) or [_packed(rows) for rows in answered.pages]
    stored = [
        StoredPage(len(rows), hashlib.sha256(data).digest()) for data, rows in zip(packed, answered.pages, strict=True)
    ]
    header = msgspec.to_builtins(answered.header)
    run = QueryRun.objects.create(
        incident=incident,
        number=incident.run_count,
        occasion=occasion,
        asked_by=actor.label,
        asked_at=at,
        took_ms=round(answered.seconds * 1000),
        question=dict(given),
        question_hash=answered.question.hash,
        answer_hash=answered.answer_hash,
        data_as_of=answered.header.data_as_of,
        header=header,
        row_count=sum(len(rows) for rows in answered.pages),
        content_digest=_digest_over(header, stored),
    )
    QueryRunPage.objects.bulk_create(
        (
            QueryRunPage(run=run, number=number, rows=data, row_count=len(rows))
            for number, (data, rows) in enumerate(zip(packed, answered.pages, strict=True))
        ),
        batch_size=_WRITTEN_PAGES,
    )
    return Stored(run, tuple(stored))


def read(run: QueryRun) -> tuple[Header, tuple[Row, ...]]:
    """Return a stored answer: its header and all its rows, in their order. Raises DamagedRunError."""
    header, pages = read_pages(run)
    return header, tuple(row for rows in pages for row in rows)


def read_pages(run: QueryRun) -> tuple[Header, Iterator[tuple[Row, ...]]]:
    """Return a stored answer: its header, and its rows page by page as they are taken. Raises DamagedRunError."""
    header, _, pages = read_stored(run)
    return header, pages


def read_stored(run: QueryRun) -> tuple[Header, tuple[StoredPage, ...], Iterator[tuple[Row, ...]]]:
    """Return the same, and what its stored pages are. One statement. Raises DamagedRunError."""
    found = list(run.pages.order_by("number").values_list("row_count", "rows"))
    stored = tuple(StoredPage(count, hashlib.sha256(data).digest()) for count, data in found)
    return read_header(run, stored), stored, (_unpacked(data) for _, data in found)


def read_header(run: QueryRun, stored: Sequence[StoredPage]) -> Header:
    """Return the header of a stored answer that has these pages. Raises DamagedRunError where it has others."""
    if _digest_over(run.header, stored) != run.content_digest:
        raise damaged(run)
    return msgspec.convert(run.header, Header)


def read_some(run: QueryRun, numbers: Iterable[int], stored: Sequence[StoredPage]) -> dict[int, tuple[Row, ...]]:
    """Return some of the stored pages. One statement. Raises DamagedRunError."""
    found = {}
    for number, data in run.pages.filter(number__in=sorted(numbers)).values_list("number", "rows"):
        if hashlib.sha256(data).digest() != stored[number].digest:
            raise damaged(run)
        found[number] = _unpacked(data)
    return found


def damaged(run: QueryRun) -> DamagedRunError:
    """Say so in the log, and return what to raise."""
    logger.error("a stored answer is damaged", extra={"incident": str(run.incident.public_id), "run": run.number})
    return DamagedRunError(run)


def _unpacked(data: Buffer) -> tuple[Row, ...]:
    return _ROWS.decode(zlib.decompress(data))


def _digest_over(header: object, stored: Iterable[StoredPage]) -> str:
    parts = [hashlib.sha256(_CANONICAL.encode(header)).digest(), *(page.digest for page in stored)]
    return f"sha256:{hashlib.sha256(b''.join(parts)).hexdigest()}"
