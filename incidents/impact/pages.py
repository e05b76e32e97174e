"""The pages of an answer: the first keeps the order of all rows for an hour, later ones slice it, so nothing shifts."""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from incidents.impact.answer import Header
from incidents.impact.explain import PageRow
from incidents.models import ImpactPage
from supplychain.errors import DomainError
from supplychain.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from incidents.impact.question import Question
    from supplychain.access.actors import Actor

LIFETIME = timedelta(hours=1)
_KEEP = """
WITH gone AS (DELETE FROM incidents_impactpage WHERE expires_at < %(at)s)
INSERT INTO incidents_impactpage
    (public_id, asker, question_hash, answer_hash, data_as_of, artifacts, classes, header, expires_at)
VALUES (%(public_id)s, %(asker)s, %(question_hash)s, %(answer_hash)s, %(data_as_of)s, %(artifacts)s, %(classes)s,
        %(header)s::jsonb, %(expires_at)s)
"""


class CursorExpiredError(DomainError):
    """The answer that a cursor continues is gone, or was another question, or another asker's."""

    def __init__(self) -> None:
        super().__init__("cursor_expired", "This answer is no longer kept (an hour): ask again.", status=410)


@dataclass(frozen=True, slots=True)
class RowOrder:
    """The rows of an answer in order, packed: a hundred thousand artifact ids, and the class of each as a byte."""

    ids: array[int]
    classes: bytes

    @classmethod
    def unpack(cls, ids: bytes, classes: bytes) -> RowOrder:
        """Take big-endian int32 ids and classes as they are stored and as the answer's statement returns them."""
        column = array("i", ids)
        if sys.byteorder == "little":
            column.byteswap()
        return cls(column, bytes(classes))

    def packed_ids(self) -> bytes:
        """Return the ids as `unpack` takes them."""
        column = array("i", self.ids)
        if sys.byteorder == "little":
            column.byteswap()
        return column.tobytes()

    def page(self, start: int, end: int) -> tuple[PageRow, ...]:
        pairs = zip(self.ids[start:end], self.classes[start:end], strict=True)
        return tuple(PageRow(artifact_id, row_class) for artifact_id, row_class in pairs)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Kept:
    """A statement that keeps an answer, to be sent along with others, and where its second page begins."""

    sql: str
    parameters: Mapping[str, object]
    cursor: str


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A later page: the answer's header as it was, and the rows to fill in."""

    header: Header
    rows: tuple[PageRow, ...]
    next: str | None
    answer_hash: str


def keep(
    order: RowOrder, *, question: Question, header: Header, answer_hash: str, actor: Actor, at: datetime
) -> Kept | None:
    """Return the statement that keeps an answer's rows, and its second page's cursor; None when one page holds all."""
    if len(order) <= question.limit:
        return None
    public_id = uuid7()
    values = {
        "public_id": public_id,
        "asker": actor.label,
        "question_hash": question.hash,
        "answer_hash": answer_hash,
        "data_as_of": header.data_as_of,
        "artifacts": order.packed_ids(),
        "classes": order.classes,
        "header": msgspec.json.encode(header).decode(),
        "at": at,
        "expires_at": at + LIFETIME,
    }
    return Kept(_KEEP, values, cursor=_cursor(public_id, question.limit))


def load(cursor: str, *, question: Question, actor: Actor, at: datetime) -> KeptPage:
    """Return the page a cursor stands for; raises CursorExpiredError."""
    name, _, start_text = cursor.partition(".")
    try:
        public_id, start = UUID(name), int(start_text)
    except ValueError as error:
        raise CursorExpiredError from error
    kept = ImpactPage.objects.filter(
        public_id=public_id, asker=actor.label, question_hash=question.hash, expires_at__gte=at
    ).first()
    if kept is None:
        raise CursorExpiredError
    order = RowOrder.unpack(bytes(kept.artifacts), bytes(kept.classes))
    if not 0 < start < len(order):
        raise CursorExpiredError
    end = start + question.limit
    return KeptPage(
        header=msgspec.convert(kept.header, Header),
        rows=order.page(start, end),
        next=_cursor(kept.public_id, end) if end < len(order) else None,
        answer_hash=kept.answer_hash,
    )


def _cursor(public_id: UUID, start: int) -> str:
    return f"{public_id}.{start}"
