"""Questions go first: while somebody is answered, documents are worked on one at a time.

On two cores a question and two documents take each other's turns, and the question takes half as long again. So a
worker that is not alone begins no document while a question is asked. One always goes on, however much is asked. Who
waits does so for half a second at most and then takes a document all the same; where that one had waited longer, the
queue is behind, and nobody gives way until it has caught up. A large document has its own lane, and does not count:
others need not wait for it.
"""

from __future__ import annotations

import time
from time import monotonic
from typing import TYPE_CHECKING, Final

from django.conf import settings

from inventory.ingest import queue_sql
from supplychain.exchange import Query, exchange, to_int

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

WAIT_SECONDS: Final = 0.5
"""The longest wait for one document; the next has its own."""
BEHIND_SECONDS: Final = 0.5
"""What waited longer is taken without regard to questions: documents are promised to be in answers within 2 s."""
CALM_SECONDS: Final = 0.1
"""So long none must have been seen: who asks several in a row is not done between two of them."""
RECENT_SECONDS: Final = 2.0
"""Who has seen none for so long does not look for one; each document tells whether one is asked beside it."""
LOOK_SECONDS: Final = 0.02


class Courtesy:
    """What one worker knows of questions that are asked."""

    def __init__(self) -> None:
        self._seen_at = float("-inf")

    def note(self, *, is_asked: bool, at: float) -> None:
        """Remember whether a question was asked at a moment."""
        if is_asked:
            self._seen_at = at

    def note_document(self, *, is_crowded: bool, waited: timedelta, at: float) -> None:
        """Learn from a document that is begun: whether a question is asked that it disturbs, or the queue is behind."""
        if waited.total_seconds() > BEHIND_SECONDS:
            self._seen_at = float("-inf")
        else:
            self.note(is_asked=is_crowded, at=at)

    def is_called_for(self, *, at: float) -> bool:
        """Tell whether a question was seen lately."""
        return at < self._seen_at + RECENT_SECONDS

    def calm_since(self, begun: float) -> float:
        """Return since when none was seen by who began to look at a moment."""
        return max(begun, self._seen_at)


COURTESY: Final = Courtesy()


def give_way(
    look: Callable[[], tuple[bool, bool]] | None = None,
    *,
    courtesy: Courtesy = COURTESY,
    clock: Callable[[], float] = monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Wait while questions are asked and others work on documents, at most WAIT_SECONDS.

    `look` tells whether a question is asked, and whether a document may be begun beside it.
    """
    look, begun = look or _look, clock()
    if not courtesy.is_called_for(at=begun):
        return
    while True:
        is_asked, is_free = look()
        now = clock()
        courtesy.note(is_asked=is_asked, at=now)
        if is_free or now >= courtesy.calm_since(begun) + CALM_SECONDS or now >= begun + WAIT_SECONDS:
            return
        pause(LOOK_SECONDS)


def _look() -> tuple[bool, bool]:
    [[row]] = exchange([Query(queue_sql.LOOK, {"beside": settings.DOCUMENTS_BESIDE_QUESTIONS})])
    is_asked, is_free = map(to_int, row)
    return bool(is_asked), bool(is_free)
