"""Send several statements to PostgreSQL in one exchange: prepared once, sent together, answered together.

For the two paths every document takes, the upload and its application: there the number of times a process waits for
the server is what a document costs. Everywhere else Django's cursors do. A failure is raised as the database error it
is, and nothing behind the failed statement is done. Results are binary: `to_int` and `to_text` read them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import errors, pq

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model

_NAMED: Final = re.compile(r"%\((\w+)\)s")
_READ, _READ_OR_WRITE = psycopg.waiting.WAIT_R, psycopg.waiting.WAIT_RW
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY

_Model = TypeVar("_Model", bound="Model")

Row = tuple[bytes | None, ...]
Value = bool | int | str | bytes | datetime | Sequence[int] | Sequence[str] | Sequence[bool] | None


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
_BEGIN: Final = Statement("BEGIN")
_prepared: WeakKeyDictionary[psycopg.Connection[Any], set[bytes]] = WeakKeyDictionary()


def exchange(queries: Sequence[Query], *, using: str = "default") -> list[list[Row]]:
    """Send queries together, wait once, and return the rows of each.

    Outside a transaction they are one of their own, committed when this returns. Inside Django's `atomic` they are part
    of it, and the first one begins it.
    """
    wrapper = connections[using]
    wrapper.ensure_connection()
    raw: psycopg.Connection[Any] = wrapper.connection
    if wrapper.queries_logged:  # what counts statements sees these too
        wrapper.queries_log.extend({"sql": query.statement.sql, "time": "0"} for query in queries)
    with wrapper.wrap_database_errors:
        return _converse(raw, queries)


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


def _converse(raw: psycopg.Connection[Any], queries: Sequence[Query]) -> list[list[Row]]:
    connection = raw.pgconn
    known = _prepared.setdefault(raw, set())
    begins = not raw.autocommit and connection.transaction_status == pq.TransactionStatus.IDLE
    sent = [Query(_BEGIN), *queries] if begins else queries
    new = {query.statement.name: query.statement for query in sent if query.statement.name not in known}
    values = [_encoded(query) for query in sent]
    connection.enter_pipeline_mode()
    try:
        for statement in new.values():
            connection.send_prepare(statement.name, statement.text)
        for query, (parameters, formats) in zip(sent, values, strict=True):
            connection.send_query_prepared(query.statement.name, parameters, formats, _BINARY)
        connection.pipeline_sync()
        results = raw.wait(_answers(connection))
        connection.exit_pipeline_mode()
    except BaseException:
        raw.close()  # broken, or interrupted between question and answer: nobody may read the rest
        raise
    known.update(name for name, result in zip(new, results, strict=False) if result.status == pq.ExecStatus.COMMAND_OK)
    for result in results:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(result, encoding="utf-8")
    return [_rows(result) for result in results[len(new) + begins :]]


def _answers(connection: Any) -> Generator[Any, Any, list[Any]]:
    """Wait until the server has answered all that was sent; a generator for `Connection.wait`."""
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


def _rows(result: Any) -> list[Row]:
    columns = range(result.nfields)
    return [tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)]


def _encoded(query: Query) -> tuple[list[bytes | None], list[pq.Format]]:
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
    if value is None:
        return "NULL"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _array(values: Sequence[Any]) -> str:
    if values and isinstance(values[0], str):
        quoted = '","'.join(value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
        return f'{{"{quoted}"}}'
    return "{" + ",".join(map(_scalar, values)) + "}"
