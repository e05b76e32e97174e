"""Connections for what a cluster waits for: there at once, or refused at once.

A pool lets whoever asks wait for a connection, for ten seconds where the database is away. Here one thread opens
connections, and tries until it can; who finds the database away is told so and waits for nothing. Whatever is asked
has a second, here and in the server. Only web processes have such connections; elsewhere Django's own is asked.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from supplychain.errors import DomainError
from supplychain.exchange import converse, exchange_typed
from supplychain.prepared import known_to, learn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from supplychain.exchange import Query, TypedRow

logger = logging.getLogger(__name__)
Raw = psycopg.Connection[Any]

SIZE: Final = 6
"""Connections of a process. What is asked on them takes milliseconds."""
ANSWER_SECONDS: Final = 1.0
"""Longer than the server gives a statement: it ends what it works on, and is left only where it says nothing."""
STATEMENT_SECONDS: Final = 0.9
MORE_SECONDS: Final = 0.01
"""How long to wait for one in use before another is opened: that costs the server what ten questions do."""
BUSY_SECONDS: Final = 1.0
"""How long to wait for a connection where all are in use."""
OPEN_SECONDS: Final = 0.15
"""How long to wait for the first one."""
RETRY_SECONDS: Final = 0.25
_OPTIONS: Final = (
    f"-c statement_timeout={round(STATEMENT_SECONDS * 1000)} -c TimeZone=UTC"
    # Few statements, the same each time: to plan one takes ten times as long as to run it.
    " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off"
    # The planner fears thousands of rows where there are ten; to make room for them would cost more than all the rest.
    " -c work_mem=256kB -c enable_hashagg=off -c enable_memoize=off"
)


class DatabaseAwayError(DomainError):
    """The database cannot be asked now: nothing was judged."""

    def __init__(self) -> None:
        message = "The database does not answer: nothing was judged. It is safe to try again."
        super().__init__("database_unavailable", message, status=503)


class UrgentConnections:
    """The connections of one process. Thread-safe."""

    def __init__(self, connect: Callable[[], Raw], *, size: int = SIZE) -> None:
        self._connect = connect
        self._size = size
        self._idle: list[Raw] = []
        self._names: set[bytes] = set()
        self._open = 0
        self._wanted = 0
        self._is_away = False
        self._changed = threading.Condition()
        self._opener: threading.Thread | None = None

    @property
    def is_away(self) -> bool:
        """Whether the database was away when it was last looked for; someone looks until it is there."""
        return self._is_away

    def ask(self, queries: Sequence[Query]) -> list[list[TypedRow]]:
        """Send queries together, as one transaction, and return the rows of each.

        They may be sent twice, where the server ended a connection. Raises DatabaseAwayError.
        """
        for is_last in (False, True):
            raw = self._take()
            try:
                found = converse(raw, queries, seconds=ANSWER_SECONDS)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                began_anew = self._return_failed(raw, error)
                if is_last or not began_anew:
                    raise DatabaseAwayError from error
            except BaseException:
                self._give_back(raw)
                raise
            else:
                self._give_back(raw)
                return found
        raise AssertionError

    def keep_ready(self, count: int) -> None:
        """Open so many connections before anybody asks; those beside the first learn what it knows."""
        with self._changed:
            while self._open + self._wanted < min(count, self._size):
                self._want()

    def close(self) -> None:
        """End all that nobody uses."""
        with self._changed:
            idle, self._idle = self._idle, []
            self._open -= len(idle)
        for raw in idle:
            raw.close()

    def _take(self) -> Raw:
        begun = time.monotonic()
        with self._changed:
            while True:
                if self._is_away:
                    raise DatabaseAwayError
                if self._idle:
                    return self._idle.pop()  # the one used last: its statements are planned
                waited = time.monotonic() - begun
                is_short = self._open + self._wanted < self._size
                if is_short and (not self._open or waited >= MORE_SECONDS):
                    self._want()
                    is_short = False
                patience = BUSY_SECONDS if self._open else OPEN_SECONDS
                if waited >= patience:
                    if not self._open:
                        self._note_away("no connection in time")
                    raise DatabaseAwayError
                self._changed.wait(MORE_SECONDS if is_short else patience - waited)

    def _give_back(self, raw: Raw) -> None:
        with self._changed:
            if raw.closed:
                self._open -= 1
            else:
                self._idle.append(raw)
                self._names |= known_to(raw)
            self._changed.notify()

    def _return_failed(self, raw: Raw, error: psycopg.Error) -> bool:
        """Take back a connection that failed; tell whether another one may do better."""
        if not raw.closed and raw.pgconn.status == psycopg.pq.ConnStatus.OK:
            self._give_back(raw)  # it refused, as one that waits for a lock or for room on the disk: it lives
            logger.warning("an urgent statement was refused", extra={"reason": type(error).__name__})
            return False
        raw.close()
        is_silent = isinstance(error, psycopg.errors._WaitTimeout)  # noqa: SLF001  # nothing public tells it apart
        with self._changed:
            self._open -= 1
            if is_silent:
                self._note_away("no answer in time")
        self.close()  # what ended one has ended those that nobody uses
        return not is_silent

    def _want(self) -> None:
        self._wanted += 1
        if self._opener is None:
            self._opener = threading.Thread(target=self._open_wanted, name="urgent-connections", daemon=True)
            self._opener.start()
        self._changed.notify_all()

    def _note_away(self, reason: str) -> None:
        if not self._is_away:
            logger.warning("the database is away", extra={"reason": reason})
        self._is_away = True
        if not self._wanted:
            self._want()
        self._changed.notify_all()

    def _open_wanted(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
            try:
                raw = self._prepared()
            except psycopg.Error as error:
                with self._changed:
                    self._note_away(type(error).__name__)
                time.sleep(RETRY_SECONDS)
            else:
                with self._changed:
                    self._is_away = False
                    self._wanted -= 1
                    self._open += 1
                    self._idle.append(raw)
                    self._changed.notify_all()

    def _prepared(self) -> Raw:
        """Open a connection; beside others, which can be asked meanwhile, it learns what they know before it is used.

        The first question on a connection takes the server 40 ms, the next ones 2.
        """
        raw = self._connect()
        try:
            if self._open:
                learn(raw, only=self._names)
        except BaseException:
            raw.close()
            raise
        return raw


def connect() -> Raw:
    """Open a connection for what is urgent, to the database that Django uses. Raises psycopg.Error."""
    given: dict[str, Any] = dict(connections[DEFAULT_DB_ALIAS].get_connection_params())
    given["options"] = " ".join(filter(None, (given.get("options"), _OPTIONS)))
    # A host that falls silent while a connection learns would else hold up whoever opens connections for minutes.
    patience = {"connect_timeout": 2, "tcp_user_timeout": 2000}
    raw: Raw = psycopg.Connection.connect(**{**patience, **given, "autocommit": True})
    return raw


_of_process = UrgentConnections(connect)


def is_away() -> bool:
    """Tell whether the database is known to be away: then nothing need be asked."""
    return _of_process.is_away


def check() -> None:
    """Raise DatabaseAwayError where the database is known to be away."""
    if _of_process.is_away:
        raise DatabaseAwayError


def keep_ready(count: int) -> None:
    """Open so many connections before anybody asks; in a web process alone."""
    if settings.PROCESS == "web":
        _of_process.keep_ready(count)


def ask(queries: Sequence[Query]) -> list[list[TypedRow]]:
    """Send queries together, as one transaction, and return the rows of each. They must bear to be sent twice.

    Raises DatabaseAwayError.
    """
    return _of_process.ask(queries) if settings.PROCESS == "web" else exchange_typed(queries)
