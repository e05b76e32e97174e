"""Questions that must all see one state of the database, asked with as few round trips as they allow.

Statements that do not need each other's rows are sent together. The transaction's BEGIN and settings travel with the
first of them, its COMMIT with the last: an exchange costs more than many a statement.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import connection, connections
from psycopg import ClientCursor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Row = TypeVar("Row")

ANSWER_SECONDS = 20
_BEGIN = """
BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET LOCAL work_mem = '64MB';
SET LOCAL statement_timeout = '{seconds}s'
"""
"""With room to sort a hundred thousand rows, and not for ever."""


@dataclass(frozen=True, slots=True)
class Statement(Generic[Row]):
    """One statement, its parameters by name, and what makes each of its rows from the columns."""

    make: Callable[..., Row]
    sql: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Along(Generic[Row]):
    """A statement that goes with the next exchange; after that, `rows` has what it found."""

    statement: Statement[Row]
    rows: list[Row]


class OneState:
    """A read-only transaction on one connection; made by `one_state`."""

    def __init__(self, using: str, *, seconds: int) -> None:
        self._connection: Any = connections[using]
        self._begin = _BEGIN.format(seconds=seconds)
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

    def fetch_together(self, *statements: Statement[Any], last: bool = False) -> list[list[Any]]:
        """Return the rows of each statement, for one round trip. `last` says that nothing else is asked."""
        texts = [] if self._is_open else [self._begin]
        along, self._waiting = self._waiting, []
        asked = [*statements, *(waiting.statement for waiting in along)]
        texts += [self._text(statement) for statement in asked]
        self._is_open = True
        results = _results(self._connection, [*texts, "COMMIT"] if last else texts)
        self._is_open = not last
        made = [[statement.make(*row) for row in rows] for statement, rows in zip(asked, results, strict=True)]
        for waiting in reversed(along):
            waiting.rows.extend(made.pop())
        return made

    def close(self, ending: str) -> None:
        """End the transaction, unless its last statement did."""
        if self._is_open:
            self._is_open = False
            _results(self._connection, [ending])

    def _text(self, statement: Statement[Any]) -> str:
        self._connection.ensure_connection()
        return mogrified(self._connection.connection, statement.sql, statement.parameters)


@contextmanager
def one_state(*, using: str, seconds: int = ANSWER_SECONDS) -> Iterator[OneState]:
    """Read one state of the database `using`, whatever is committed meanwhile; no statement longer than `seconds`.

    Raises RuntimeError inside a transaction, whose state this could not choose.
    """
    if connections[using].in_atomic_block:
        raise RuntimeError("one_state begins a transaction of its own")
    state = OneState(using, seconds=seconds)
    try:
        yield state
    except BaseException:
        state.close("ROLLBACK")
        raise
    state.close("COMMIT")


def array_of(numbers: Iterable[int]) -> str:
    """Return numbers as the text of an SQL array, for a parameter that is cast: a driver's list takes far longer."""
    return f"{{{','.join(map(str, map(int, numbers)))}}}"


def write_together(*statements: tuple[str, Mapping[str, object] | Sequence[object]]) -> None:
    """Run the statements on the default connection in one transaction, for one round trip."""
    connection.ensure_connection()
    _results(connection, [mogrified(connection.connection, *statement) for statement in statements])


def mogrified(driver: Any, sql: str, parameters: Mapping[str, object] | Sequence[object]) -> str:
    """Return the statement with its parameters in place, quoted by the driver, to be sent along with others."""
    text: str = ClientCursor(driver).mogrify(sql, parameters)
    return text


def _results(database: Any, texts: Iterable[str]) -> list[list[tuple[Any, ...]]]:
    """Send all texts at once, and return the rows of those that have any."""
    with database.cursor() as cursor:
        cursor.execute(";\n".join(texts))
        found = [cursor.fetchall()] if cursor.description else []
        while cursor.nextset():
            if cursor.description:
                found.append(cursor.fetchall())
        return found
