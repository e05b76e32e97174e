"""The pages of an answer: the first keeps the order of all rows for an hour, later ones slice it, so nothing shifts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from incidents.impact.answer import Header
from incidents.impact.explain import PageRow
from incidents.models import ImpactPage
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from incidents.impact.question import Question
    from supplychain.access.actors import Actor

LIFETIME = timedelta(hours=1)


class CursorExpiredError(DomainError):
    """The answer that a cursor continues is gone, or was another question, or another asker's."""

    def __init__(self) -> None:
        super().__init__("cursor_expired", "This answer is no longer kept (an hour): ask again.", status=410)


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A later page: the answer's header as it was, and the rows to fill in."""

    header: Header
    rows: tuple[PageRow, ...]
    next: str | None
    answer_hash: str


def keep(
    rows: Sequence[PageRow], *, question: Question, header: Header, answer_hash: str, actor: Actor, at: datetime
) -> str | None:
    """Keep the order of an answer's rows and return the cursor of its second page; None when one page holds all."""
    if len(rows) <= question.limit:
        return None
    ImpactPage.objects.filter(expires_at__lt=at).delete()
    kept = ImpactPage.objects.create(
        asker=actor.label,
        question_hash=question.hash,
        answer_hash=answer_hash,
        data_as_of=header.data_as_of,
        artifacts=[row.artifact_id for row in rows],
        statuses=bytes(row.row_class for row in rows),
        header=msgspec.to_builtins(header),
        expires_at=at + LIFETIME,
    )
    return _cursor(kept, question.limit)


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
    if kept is None or not 0 < start < len(kept.artifacts):
        raise CursorExpiredError
    end = start + question.limit
    pairs = zip(kept.artifacts[start:end], bytes(kept.statuses)[start:end], strict=True)
    return KeptPage(
        header=msgspec.convert(kept.header, Header),
        rows=tuple(PageRow(artifact_id, row_class) for artifact_id, row_class in pairs),
        next=_cursor(kept, end) if end < len(kept.artifacts) else None,
        answer_hash=kept.answer_hash,
    )


def _cursor(kept: ImpactPage, start: int) -> str:
    return f"{kept.public_id}.{start}"
