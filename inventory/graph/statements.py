"""How the read side asks the database: typed rows, escaped patterns, and a limit on how long a question may take."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import connection, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Row = TypeVar("Row")
Key = TypeVar("Key")

READ_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row, Key]):
    """A part of an ordered list, and the key of its last row when more follows (None: this is the end)."""

    rows: tuple[Row, ...]
    next: Key | None


def slice_of(rows: list[Row], *, limit: int, key: Callable[[Row], Key]) -> Slice[Row, Key]:
    """Cut what a statement found with LIMIT limit + 1."""
    shown = tuple(rows[:limit])
    return Slice(shown, next=key(shown[-1]) if len(rows) > limit else None)


def fetch(make: Callable[..., Row], sql: str, parameters: Mapping[str, object]) -> list[Row]:
    """Run one statement and make each of its rows, the columns being the positional arguments of `make`."""
    values: dict[str, Any] = {**parameters}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [make(*row) for row in cursor.fetchall()]


def escape_like(text: str) -> str:
    r"""Return the text as a literal part of a LIKE pattern: `%`, `_` and `\` stand for themselves."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def containing(text: str) -> str:
    """Return the LIKE pattern of values that contain the text; compare it with UPPER(column)."""
    return f"%{escape_like(text.upper())}%"


@contextmanager
def bounded(*, seconds: float = READ_SECONDS) -> Iterator[None]:
    """Cancel any statement inside that runs longer: the interface answers 504 `query_timeout`."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(round(seconds * 1000))])
        yield
