"""The pages of an answer: the first keeps its rows for an hour, later ones slice them in order, so nothing shifts.

They are put in order when the second page is asked for: most answers are read no further than the first.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, starmap
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import zstandard
from msgspec import Struct

from incidents.impact.answer import Header, IndicatorAnswer
from incidents.impact.explain import PageRow
from incidents.impact.order import Rows
from incidents.impact.question import LISTED_BUILDS
from incidents.models import ImpactPage
from inventory.graph.packed import column, pack
from inventory.graph.statements import fetch
from supplychain.errors import DomainError
from supplychain.exchange import Query, Statement
from supplychain.ids import uuid7

if TYPE_CHECKING:
    from datetime import datetime

    from incidents.impact.question import Question
    from inventory.graph.packed import Column
    from supplychain.access.actors import Actor
    from supplychain.exchange import Value

LIFETIME = timedelta(hours=1)
_KEEP = Statement("""
WITH gone AS (DELETE FROM incidents_impactpage WHERE expires_at < %(at)s)
INSERT INTO incidents_impactpage
    (public_id, asker, question_hash, answer_hash, data_as_of, statuses, runs, artifacts, classes, header, expires_at)
VALUES (%(public_id)s, %(asker)s, %(question_hash)s, %(answer_hash)s, %(data_as_of)s, %(statuses)s, %(runs)s, '', '',
        %(header)s::jsonb, %(expires_at)s)
""")


class CursorExpiredError(DomainError):
    """The answer that a cursor continues is gone, or was another question, or another asker's."""

    def __init__(self) -> None:
        super().__init__("cursor_expired", "This answer is no longer kept (an hour): ask again.", status=410)


@dataclass(frozen=True, slots=True)
class Kept:
    """A query that keeps an answer, to be sent along with others, and where its second page begins."""

    query: Query
    cursor: str


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A later page: the answer's header as it was, and the rows to fill in."""

    header: Header
    rows: tuple[PageRow, ...]
    next: str | None
    answer_hash: str


def keep(
    rows: Rows, *, question: Question, header: Header, answer_hash: str, actor: Actor, at: datetime
) -> Kept | None:
    """Return the query that keeps an answer's rows, and its second page's cursor; None when one page holds all."""
    if len(rows) <= question.limit:
        return None
    public_id = uuid7()
    statuses, runs = rows.packed()
    values: dict[str, Value] = {
        "public_id": str(public_id),
        "asker": _asker(actor),
        "question_hash": question.hash,
        "answer_hash": answer_hash,
        "data_as_of": header.data_as_of,
        "statuses": statuses,
        "runs": runs,
        "header": msgspec.json.encode(_Stored(_without_question(header), _packed_counts(header))).decode(),
        "at": at,
        "expires_at": at + LIFETIME,
    }
    return Kept(Query(_KEEP, values), cursor=_cursor(public_id, question.limit))


def load(cursor: str, *, question: Question, actor: Actor, at: datetime) -> KeptPage:
    """Return the page a cursor stands for; raises CursorExpiredError."""
    name, _, start_text = cursor.partition(".")
    try:
        public_id, start = UUID(name), int(start_text)
    except ValueError as error:
        raise CursorExpiredError from error
    kept = ImpactPage.objects.filter(
        public_id=public_id, asker=_asker(actor), question_hash=question.hash, expires_at__gte=at
    ).first()
    if kept is None or "line_counts" not in kept.header:  # gone, or kept by an earlier release
        raise CursorExpiredError
    ids, classes = _in_order(kept)
    if not 0 < start < len(ids):
        raise CursorExpiredError
    end = start + question.limit
    pairs = zip(ids[start:end], classes[start:end], strict=True)
    stored = msgspec.convert(kept.header, _Stored)
    return KeptPage(
        header=_with_question(stored, question=question),
        rows=tuple(PageRow(artifact_id, row_class) for artifact_id, row_class in pairs),
        next=_cursor(kept.public_id, end) if end < len(ids) else None,
        answer_hash=kept.answer_hash,
    )


class _Stored(Struct, frozen=True):
    """A header as it is kept, and the counts of its indicators apart, in a few bytes each."""

    header: Header
    line_counts: bytes


def _without_question(header: Header) -> Header:
    """Leave away the indicators, which the next page is asked with again, and the builds that incidents alone list."""
    builds = header.builds and replace(header.builds, runs=header.builds.runs[:LISTED_BUILDS])
    return replace(header, asked=replace(header.asked, indicators=()), builds=builds)


def _packed_counts(header: Header) -> bytes:
    counts = ((one.artifact_count, one.running_artifact_count, one.workload_count) for one in header.asked.indicators)
    return zstandard.compress(pack(array("i", chain.from_iterable(counts))), 1)


def _with_question(stored: _Stored, *, question: Question) -> Header:
    counts = column(zstandard.decompress(stored.line_counts))
    columns = zip(question.as_asked, counts[0::3], counts[1::3], counts[2::3], strict=True)
    indicators = tuple(starmap(IndicatorAnswer, columns))
    return replace(stored.header, asked=replace(stored.header.asked, indicators=indicators))


def _in_order(kept: ImpactPage) -> tuple[Column, bytes]:
    """Return the rows of an answer in order, and keep the order the first time."""
    if not kept.artifacts:
        rows = Rows.unpack(bytes(kept.statuses), bytes(kept.runs))
        statement = rows.by_digest()
        (by_digest,) = fetch(statement.make, statement.sql, statement.parameters)
        kept.artifacts, kept.classes = rows.in_order(by_digest)
        kept.save(update_fields=["artifacts", "classes"])
    return column(bytes(kept.artifacts)), bytes(kept.classes)


def _asker(actor: Actor) -> str:
    """Return who may continue, with the teams they see: who has left a team reads no further in what they saw of it."""
    teams = "all" if actor.team_ids is None else sorted(actor.team_ids)
    return hashlib.sha256(f"{actor.label} {teams}".encode()).hexdigest()


def _cursor(public_id: UUID, start: int) -> str:
    return f"{public_id}.{start}"
