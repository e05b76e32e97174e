"""Send several statements to PostgreSQL in one exchange: prepared once, sent together, answered together.

For what is done most or must be quick: upload, application of a document, the incident question. There the number of
times a process waits for the server, and what the server plans anew, is what it costs. Everywhere else Django's cursors
do. A failure is raised as the database error it is, and nothing behind the failed statement is done. Results are
binary: `to_int` and `to_text` read them, or the driver does (`exchange_typed`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import errors, pq
from psycopg.adapt import Transformer

from supplychain.prepared import known_to, note_prepared

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model

_NAMED: Final = re.compile(r"%\((\w+)\)s")
_READ, _READ_OR_WRITE = psycopg.waiting.WAIT_R, psycopg.waiting.WAIT_RW
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_FAILED: Final = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)

_Model = TypeVar("_Model", bound="Model")

Meanwhile = Callable[[], Sequence["Query"]]
"""Work for the time that the server needs; the queries it returns are sent behind those that it needs it for."""
Early = Callable[[list[list["TypedRow"]]], None]
"""What is done with the rows of the first queries while the server works on those that `meanwhile` returned."""
Listener = Callable[[Iterable[str], float], None]
Row = tuple[bytes | None, ...]
TypedRow = tuple[Any, ...]
_Encoded = tuple[list[bytes | None], list[pq.Format]]
Value = bool | int | str | bytes | datetime | Sequence["bool | int | str | bytes | datetime | None"] | None


@dataclass(frozen=True, eq=False)
class Statement:
    """SQL with parameters as `%(name)s`; the server learns their types from casts and columns, never from values."""

    sql: str

    @cached_property
    def name(self) -> bytes:
        """What the server knows it by: the same text is prepared once on a connection."""
        return hashlib.blake2b(self.sql.encode(), digest_size=12).hexdigest().encode()

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names, in the order of their numbers."""
        return tuple(dict.fromkeys(_NAMED.findall(self.sql)))

    @cached_property
    def text(self) -> bytes:
        """The SQL as the server takes it, with numbers for names."""
        places = {name: f"${place}" for place, name in enumerate(self.parameters, 1)}
        return _NAMED.sub(lambda match: places[match[1]], self.sql).replace("%%", "%").encode()


class Query(NamedTuple):
    """A statement and its values; values it has no parameter for are left alone."""

    statement: Statement
    values: Mapping[str, Value] = {}


COMMIT: Final = Query(Statement("COMMIT"))
BEGIN: Final = Query(Statement("BEGIN"))
"""Behind a COMMIT: what follows is another transaction, which Django takes for the one it began."""
_listeners: list[Listener] = []


def exchange(queries: Sequence[Query], *, using: str = "default") -> list[list[Row]]:
    """Send queries together, wait once, and return the rows of each.

    Outside a transaction they are one of their own, committed when this returns. Inside Django's `atomic` they are part
    of it, and the first one begins it.
    """
    return [_rows(result) for result in _asked(queries, connections[using], meanwhile=None)]


def exchange_typed(
    queries: Sequence[Query],
    *,
    using: str = "default",
    meanwhile: Meanwhile | None = None,
    early: Early | None = None,
) -> list[list[TypedRow]]:
    """Do the same for rows of many types: values are what the driver makes of each column, times in UTC.

    `early` has the rows of `queries` as soon as they are there: what follows them is still under way, and may fail.
    Nothing can be asked from there.
    """
    wrapper = connections[using]

    rows: list[list[TypedRow]] = []

    def read(results: Sequence[Any]) -> list[list[TypedRow]]:
        """Read what was not read before: of thousands of rows that takes milliseconds."""
        reader = Transformer(wrapper.connection)
        rows.extend(_typed(result, reader) for result in results[len(rows) :])
        return rows

    return read(
        _asked(queries, wrapper, meanwhile=meanwhile, early=early and (lambda results: early(list(read(results)))))
    )


def converse(raw: psycopg.Connection[Any], queries: Sequence[Query], *, seconds: float) -> list[list[TypedRow]]:
    """Do the same on a connection that Django does not know, within so many seconds; its errors are the driver's.

    Raises psycopg.Error; the connection is closed where it broke or time ran out.
    """
    began = perf_counter()
    try:
        results = _converse(raw, queries, meanwhile=None, seconds=seconds)
    finally:
        _tell(queries, seconds=perf_counter() - began)
    reader = Transformer(raw)
    return [_typed(result, reader) for result in results]


def tell_times_to(listener: Listener) -> None:
    """Let a listener know of each exchange from now on: the SQL that was sent together, and the seconds it took."""
    if listener not in _listeners:
        _listeners.append(listener)


def is_outermost(using: str = "default") -> bool:
    """Tell whether the innermost `atomic` block is the transaction itself: then COMMIT may travel with its queries.

    Django then finds nothing left to commit. Inside another block it is that one's to commit.
    """
    wrapper: BaseDatabaseWrapper = connections[using]
    return wrapper.in_atomic_block and not wrapper.savepoint_ids and len(wrapper.atomic_blocks) == 1


def to_int(value: bytes | None) -> int:
    """Read a smallint, integer or bigint."""
    return int.from_bytes(value or b"", "big", signed=True)


def to_text(value: bytes | None) -> str:
    """Read a text."""
    return (value or b"").decode()


def to_model(model: type[_Model], columns: Mapping[str, Any]) -> _Model:
    """Make a model's row of some of its columns, as JSON has them; the others are read when they are asked for."""
    fields = [field for field in model._meta.concrete_fields if field.column in columns]  # noqa: SLF001  # public API
    values = [field.to_python(columns[str(field.column)]) for field in fields]
    return model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in fields], values)


def _asked(
    queries: Sequence[Query],
    wrapper: BaseDatabaseWrapper,
    *,
    meanwhile: Meanwhile | None,
    early: Callable[[Sequence[Any]], None] | None = None,
) -> list[Any]:
    wrapper.ensure_connection()
    raw: psycopg.Connection[Any] = wrapper.connection

    def logged(sent: Sequence[Query]) -> Sequence[Query]:
        if wrapper.queries_logged:  # what counts statements sees these too
            wrapper.queries_log.extend({"sql": query.statement.sql, "time": "0"} for query in sent)
        return sent

    began = perf_counter()
    try:
        with wrapper.wrap_database_errors:
            return _converse(raw, logged(queries), meanwhile=meanwhile and (lambda: logged(meanwhile())), early=early)
    except BaseException:
        if raw.closed and not wrapper.in_atomic_block:  # whoever asks next gets another one
            wrapper.close()
        raise
    finally:
        _tell(queries, seconds=perf_counter() - began)


def _tell(queries: Sequence[Query], *, seconds: float) -> None:
    for listener in _listeners:
        listener((query.statement.sql for query in queries), seconds)


def _converse(
    raw: psycopg.Connection[Any],
    queries: Sequence[Query],
    *,
    meanwhile: Meanwhile | None,
    early: Callable[[Sequence[Any]], None] | None = None,
    seconds: float | None = None,
) -> list[Any]:
    connection = raw.pgconn
    known = known_to(raw)
    begins = not raw.autocommit and connection.transaction_status == pq.TransactionStatus.IDLE
    sent = [BEGIN, *queries] if begins else queries
    values = [_encoded(query) for query in sent]
    connection.enter_pipeline_mode()
    try:
        prepares = _send(connection, sent, values, known=known)
        first = list(prepares)
        if early is not None:
            connection.send_flush_request()
        if meanwhile is not None:
            if connection.flush():
                raw.wait(_sent(connection))
            late = meanwhile()
            sent_along = known.union(statement.name for statement in prepares if statement is not None)
            prepares += _send(connection, late, map(_encoded, late), known=sent_along)
        connection.pipeline_sync()
        give = early and partial(_give, first, early=early, begins=begins)
        results = raw.wait(_answers(connection, most=len(first), give=give), timeout=seconds)
        connection.exit_pipeline_mode()
    except BaseException:
        raw.close()  # broken, or interrupted between question and answer: nobody may read the rest
        raise
    for statement, result in zip(prepares, results, strict=False):
        if statement is not None and result.status == pq.ExecStatus.COMMAND_OK:
            note_prepared(statement.name, statement.text, parameter_count=len(statement.parameters), on=raw)
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(result, encoding="utf-8")
    return _found(prepares, results)[begins:]


def _found(prepares: Sequence[Statement | None], results: Sequence[Any]) -> list[Any]:
    return [result for statement, result in zip(prepares, results, strict=True) if statement is None]


def _give(
    prepares: Sequence[Statement | None],
    results: Sequence[Any],
    *,
    early: Callable[[Sequence[Any]], None],
    begins: bool,
) -> None:
    if not any(result.status in _FAILED for result in results):
        early(_found(prepares, results)[begins:])


def _send(
    connection: Any, sent: Sequence[Query], values: Iterable[_Encoded], *, known: Collection[bytes]
) -> list[Statement | None]:
    """Send all; return of each result to come the statement that it prepares, None for a query's.

    A statement is prepared just before its turn: BEGIN takes an isolation level only while nothing has been looked at.
    """
    prepares: list[Statement | None] = []
    new: set[bytes] = set()
    for query, (parameters, formats) in zip(sent, values, strict=True):
        statement = query.statement
        if statement.name not in known and statement.name not in new:
            connection.send_prepare(statement.name, statement.text)
            new.add(statement.name)
            prepares.append(statement)
        connection.send_query_prepared(statement.name, parameters, formats, _BINARY)
        prepares.append(None)
    return prepares


def _sent(connection: Any) -> Generator[Any, Any, None]:
    """Wait until all is sent: the server begins when it has a statement whole. A generator for `Connection.wait`."""
    while connection.flush():
        ready = yield _READ_OR_WRITE
        if ready & psycopg.waiting.READY_R:
            connection.consume_input()


def _answers(
    connection: Any, *, most: int = 0, give: Callable[[Sequence[Any]], None] | None = None
) -> Generator[Any, Any, list[Any]]:
    """Wait until the server has answered all that was sent, and `give` the first; a generator for `Connection.wait`."""
    results: list[Any] = []
    unsent = connection.flush()
    while True:
        ready = yield _READ_OR_WRITE if unsent else _READ
        if ready & psycopg.waiting.READY_R:
            connection.consume_input()
        if unsent:
            unsent = connection.flush()
        while not connection.is_busy():
            result = connection.get_result()
            if result is None:  # the end of one statement's results
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                return results
            results.append(result)
            if give is not None and len(results) == most:
                give(results)


def _rows(result: Any) -> list[Row]:
    columns = range(result.nfields)
    return [tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)]


def _typed(result: Any, reader: Any) -> list[TypedRow]:
    reader.set_pgresult(result)
    rows: list[TypedRow] = reader.load_rows(0, result.ntuples, tuple)
    return rows


def _encoded(query: Query) -> _Encoded:
    parameters: list[bytes | None] = []
    formats: list[pq.Format] = []
    for name in query.statement.parameters:
        value = query.values[name]
        formats.append(_BINARY if isinstance(value, bytes) else _TEXT)
        parameters.append(value if value is None or isinstance(value, bytes) else _text(value))
    return parameters, formats


def _text(value: Any) -> bytes:
    text = _array(value) if isinstance(value, list | tuple) else _scalar(value)
    if "\x00" in text:  # libpq takes it for the end, and would keep what is before it
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return text.encode()


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "t" if value else "f"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _array(values: Sequence[Any]) -> str:
    if values and type(values[0]) is int and None not in values:  # thousands of numbers, mostly
        return f"{{{','.join(map(str, values))}}}"
    if values and type(values[0]) is str and (quoted := _quoted(values)) is not None:
        return quoted
    return f"{{{','.join(map(_element, values))}}}"


def _quoted(values: Sequence[Any]) -> str | None:
    """Return an array of texts, all written at once; None where one of them needs more than quotes."""
    try:
        text = '","'.join(values)
    except TypeError:
        return None
    return None if "\\" in text or text.count('"') != 2 * (len(values) - 1) else f'{{"{text}"}}'


def _element(value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    return "NULL" if value is None else _scalar(value)
