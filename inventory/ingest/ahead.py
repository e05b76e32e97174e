"""Add the components of a large document to what all teams share while the rest of it is still read.

The server adds one portion while the next is read: of a document of 100,000 new components either takes seconds. What
was added so is known to the process when the document is applied (upsert.py), which adds whatever is missing all the
same. A document that turns out to be none leaves components behind that no team has, as one that fails does.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Self

from django.db import connections

from inventory.ingest import identifiers, upsert
from supplychain.exchange import exchange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future
    from types import TracebackType

    from django.db.backends.base.base import BaseDatabaseWrapper

    from inventory.formats.records import ComponentRecord
    from inventory.ingest.upsert import Adding
    from supplychain.exchange import Row


class Ahead:
    """Hears the components of one document, portion by portion; at most one portion is being added.

    While it is, the interning connection belongs to a thread that does nothing but wait for it.
    """

    def __init__(self) -> None:
        self._has_heard = False
        self._waiting: ThreadPoolExecutor | None = None
        self._under_way: tuple[Adding, Future[list[list[Row]]]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._leave()

    def hear(self, components: Sequence[ComponentRecord]) -> None:
        """Begin to add what is new of a portion, once the one before is added. Raises what that one failed with."""
        if not self._has_heard:
            # The document needs the room: some 40 MB of 500. What is forgotten so, the tracks still tell.
            identifiers.forget_all()
            self._has_heard = True
        self._finish()
        adding = upsert.look_for(components)
        if not adding.queries:
            return
        if self._waiting is None:
            self._waiting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="interning")
            connections[upsert.ALIAS].inc_thread_sharing()
        self._under_way = adding, self._waiting.submit(_exchange_as, connections[upsert.ALIAS], adding)

    def _finish(self) -> None:
        if self._under_way is not None:
            adding, answers = self._under_way
            upsert.note_added(adding, answers=answers.result())
            self._under_way = None

    def _leave(self) -> None:
        """Wait for what is still under way, whatever came of it: until then the connection is nobody else's."""
        if self._waiting is not None:
            if self._under_way is not None:
                wait([self._under_way[1]])
            self._waiting.shutdown()
            connections[upsert.ALIAS].dec_thread_sharing()


def _exchange_as(connection: BaseDatabaseWrapper, adding: Adding) -> list[list[Row]]:
    """Send the queries on another thread's connection: Django looks one up by thread."""
    connections[upsert.ALIAS] = connection
    try:
        return exchange(adding.queries, using=upsert.ALIAS)
    finally:
        del connections[upsert.ALIAS]
