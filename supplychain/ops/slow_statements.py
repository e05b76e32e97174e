"""Which statements are slow: their shape, without a value in it, and the place of ours that sent them."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from time import perf_counter
from types import FrameType
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

MAX_SHAPES = 100
"""Of one process between two reports; more than these are not told."""
MAX_SHAPE_LENGTH = 4000
_OURS = ("supplychain.", "inventory.", "incidents.")
_NOT_A_PLACE = (
    *(__name__, "supplychain.ops.", "supplychain.exchange", "supplychain.web.", "supplychain.routing"),
    "supplychain.access.sessions",
)
_LITERALS = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_LISTS = re.compile(r"(%s|\?)(?:\s*,\s*(?:%s|\?))+")
_ROWS = re.compile(r"(\([^()]*(?:%s|\?)[^()]*\))(?:\s*,\s*\1)+")


@dataclass(slots=True)
class Slow:
    """What one shape cost since the last report."""

    shape: str
    place: str
    count: int
    total_seconds: float
    worst_seconds: float
    worst_at: datetime


_seen: dict[tuple[str, str], Slow] = {}
_lock = Lock()


def watch(*, connection: BaseDatabaseWrapper, **_signal: object) -> None:
    """Time every statement of a connection; the receiver of `connection_created`."""
    if _timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(_timed)


def tell(statements: Iterable[str], seconds: float) -> None:
    """Note statements that were sent together, if they were slow: as one, since nobody knows which of them it was."""
    if seconds * 1000 >= settings.SLOW_QUERY_MILLISECONDS:
        _note(";\n".join(statements), seconds=seconds)


def take() -> list[Slow]:
    """Return what was slow since the last call, and forget it."""
    with _lock:
        taken = list(_seen.values())
        _seen.clear()
    return taken


def shape_of(sql: str) -> str:
    """Return a statement without its values: literals and numbers as `?`, lists and rows of them once."""
    text = _LITERALS.sub("?", " ".join(sql.split()))
    return _ROWS.sub(r"\1, …", _LISTS.sub(r"\1, …", text))[:MAX_SHAPE_LENGTH]


def identity(slow: Slow) -> bytes:
    """Return the key under which all processes add up the same shape from the same place."""
    return hashlib.sha256(f"{slow.place}\n{slow.shape}".encode()).digest()


def _timed(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001  # Django calls it so
    began = perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        seconds = perf_counter() - began
        if seconds * 1000 >= settings.SLOW_QUERY_MILLISECONDS:
            _note(str(sql), seconds=seconds)


def _note(sql: str, *, seconds: float) -> None:
    shape, place, now = shape_of(sql), _place(), datetime.now(UTC)
    with _lock:
        slow = _seen.get((shape, place))
        if slow is None:
            if len(_seen) < MAX_SHAPES:
                _seen[shape, place] = Slow(shape, place, 1, seconds, seconds, now)
            return
        slow.count += 1
        slow.total_seconds += seconds
        if seconds > slow.worst_seconds:
            slow.worst_seconds, slow.worst_at = seconds, now


def _place() -> str:
    """Return the nearest function of ours that asked, as `module:function`."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  # what the traceback module reads too, without its cost
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(_OURS) and not module.startswith(_NOT_A_PLACE):
            return f"{module}:{frame.f_code.co_name}"[:255]
        frame = frame.f_back
    return ""
