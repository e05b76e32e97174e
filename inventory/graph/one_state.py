"""Questions that must all see one state of the database, asked with as few round trips as they allow.

Statements that do not need each other's rows are sent together. The transaction's BEGIN and settings travel with the
first of them, its COMMIT with the last: an exchange costs more than many a statement. The server prepares and plans
each statement once for a connection: where little is found, to plan an answer takes longer than to look for it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar, cast

from django.db import connections

from supplychain.exchange import COMMIT, Query, exchange_typed
from supplychain.exchange import Statement as Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from supplychain.exchange import Meanwhile, Value

Row = TypeVar("Row")
Plans = Literal["generic", "custom"]

ANSWER_SECONDS = 20
_BEGIN: Final = Prepared("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_ROLLBACK: Final = Query(Prepared("ROLLBACK"))
_SETTINGS: Final = Prepared("""
SELECT set_config('statement_timeout', %(timeout)s, true), set_config('work_mem', '64MB', true),
       set_config('plan_cache_mode', %(plans)s, true)
""")
"""Not for ever, and with room to sort a hundred thousand rows."""


@dataclass(frozen=True, slots=True)
class Statement(Generic[Row]):
    """One statement, its parameters by name, and what makes each of its rows from the columns."""

    make: Callable[..., Row]
    sql: str
    parameters: Mapping[str, object]


GENERIC_PLANS: Final = Statement(str, "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)", {})
"""From here on plans are kept, whatever the state began with: what follows hangs on few values."""


@dataclass(frozen=True, slots=True)
class Along(Generic[Row]):
    """A statement that goes with the next exchange; after that, `rows` has what it found."""

    statement: Statement[Row]
    rows: list[Row]


class OneState:
    """A read-only transaction on one connection; made by `one_state`."""

    def __init__(self, using: str, *, seconds: int, plans: Plans) -> None:
        self._using = using
        self._settings = {"timeout": f"{seconds}s", "plans": f"force_{plans}_plan"}
        self._is_open = False
        self._waiting: list[Along[Any]] = []

    def along(self, statement: Statement[Row]) -> Along[Row]:
        """Send a statement along with whatever is asked next, and return where its rows will be."""
        along: Along[Row] = Along(statement, [])
        self._waiting.append(along)
        return along

    def fetch(self, statement: Statement[Row], *, last: bool = False) -> list[Row]:
        """Return the rows of one statement."""
        (rows,) = self.fetch_together(statement, last=last)
        return rows

    def fetch_together(
        self, *statements: Statement[Any], last: bool = False, meanwhile: Meanwhile | None = None
    ) -> list[list[Any]]:
        """Return the rows of each statement, for one round trip. `last` says that nothing else is asked.

        `meanwhile` is done while the server works. The queries that it returns are sent with the same exchange: with
        `last` in a transaction of their own that may write, behind the state's.
        """
        results = self._fetch(statements, (), work=partial(_end, meanwhile) if last else meanwhile)
        self._is_open = not last
        return results

    def _fetch(
        self, statements: Sequence[Statement[Any]], late: Sequence[Statement[Any]], *, work: Meanwhile | None
    ) -> list[list[Any]]:
        opening = self._opening()
        along, self._waiting = self._waiting, []
        asked = [*statements, *(waiting.statement for waiting in along)]
        queries = [_query(statement) for statement in asked]
        self._is_open = True
        results = exchange_typed([*opening, *queries], using=self._using, meanwhile=work)
        made = _made([*asked, *late], results[len(opening) :])
        for waiting, rows in zip(along, made[len(statements) :], strict=False):
            waiting.rows.extend(rows)
        return made[: len(statements)] + made[len(asked) :]

    def fetch_last(
        self, *statements: Statement[Any], meanwhile: Meanwhile | None, early: Callable[[list[list[Any]]], None]
    ) -> None:
        """Ask the last of it, and give the rows of each statement to `early` while the server ends the state.

        `meanwhile` as in `fetch_together`: what it returns is written by the time this returns. Where that fails, so
        does this, whatever was done with the rows.
        """
        opening, self._is_open = self._opening(), True
        queries = [*opening, *(_query(statement) for statement in statements)]

        def made(found: list[list[Any]]) -> None:
            early(_made(statements, found[len(opening) :]))

        exchange_typed(queries, using=self._using, meanwhile=partial(_end, meanwhile), early=made)
        self._is_open = False

    def fetch_then(self, *statements: Statement[Any], then: Callable[[], Sequence[Statement[Any]]]) -> list[list[Any]]:
        """Return the rows of each statement, and behind them of those that `then` returns, for one round trip.

        `then` is done while the server works at the first.
        """
        late: list[Statement[Any]] = []

        def ask() -> list[Query]:
            late.extend(then())
            return [_query(statement) for statement in late]

        return self._fetch(statements, late, work=ask)

    def _opening(self) -> list[Query]:
        return [] if self._is_open else [Query(_BEGIN), Query(_SETTINGS, self._settings)]

    def close(self) -> None:
        """End the transaction, unless its last statement did."""
        if self._is_open:
            self._is_open = False
            exchange_typed([COMMIT], using=self._using)

    def abandon(self) -> None:
        """End the transaction after a failure, unless the connection ended with it."""
        raw = connections[self._using].connection
        if self._is_open and raw is not None and not raw.closed:
            self._is_open = False
            exchange_typed([_ROLLBACK], using=self._using)


@contextmanager
def one_state(*, using: str, seconds: int = ANSWER_SECONDS, plans: Plans = "generic") -> Iterator[OneState]:
    """Read one state of the database `using`, whatever is committed meanwhile; no statement longer than `seconds`.

    `plans` says whether the server keeps to one plan of each statement (`generic`), or makes one for the values
    (`custom`): worth its time where they are many. Raises RuntimeError inside a transaction, whose state this could
    not choose.
    """
    if connections[using].in_atomic_block:
        raise RuntimeError("one_state begins a transaction of its own")
    state = OneState(using, seconds=seconds, plans=plans)
    try:
        yield state
    except BaseException:
        state.abandon()
        raise
    state.close()


def as_read(*columns: Any) -> tuple[Any, ...]:
    """Make a row what it was read as; of thousands of rows none is made anew."""
    return columns


def _made(statements: Sequence[Statement[Any]], found: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [
        list(rows) if statement.make is as_read else [statement.make(*row) for row in rows]
        for statement, rows in zip(statements, found, strict=False)
    ]


def _end(meanwhile: Meanwhile | None) -> list[Query]:
    return [COMMIT] if meanwhile is None else [COMMIT, *meanwhile()]


def _query(statement: Statement[Any]) -> Query:
    return Query(prepared(statement.sql), cast("Mapping[str, Value]", statement.parameters))


@lru_cache(maxsize=256)
def prepared(sql: str) -> Prepared:
    """Return the statement as connections know it."""
    return Prepared(sql)


def array_of(numbers: Iterable[int]) -> str:
    """Return numbers as the text of an SQL array, for a parameter that is cast."""
    return f"{{{','.join(map(str, map(int, numbers)))}}}"
