"""Lanes: how many large documents are worked on at once. A small one that unpacks to a large one needs one too.

What a document will be once it is unpacked is not known before. So whoever claimed it unpacks as much as is a small
document, and goes on only with a lane: a few bombs never keep all workers busy, and others' documents waiting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from inventory.ingest import queue_sql
from supplychain.exchange import Query, exchange, to_int

if TYPE_CHECKING:
    from inventory.ingest.held import Held


class NoLaneError(Exception):
    """As many large documents are worked on as may be: this one waits, and small ones go on."""


class Lane:
    """Of one document, for the length of its transaction."""

    def __init__(self, held: Held) -> None:
        """Raises NoLaneError when it is known to be large and was given none."""
        if not held.has_lane:
            raise NoLaneError
        self._is_taken = held.is_large

    def need_for(self, size_bytes: int) -> None:
        """Take a lane once a document has grown large; NoLaneError when none is free."""
        if self._is_taken or size_bytes < settings.LARGE_DOCUMENT_BYTES:
            return
        [[[is_taken]]] = exchange([Query(queue_sql.TAKE_LANE, {"lanes": settings.LARGE_DOCUMENTS_AT_ONCE})])
        if not to_int(is_taken):
            raise NoLaneError
        self._is_taken = True
