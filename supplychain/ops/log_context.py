"""What every log line of one piece of work carries: a request's or a document's facts, set once, told by all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NOTHING: Mapping[str, object] = MappingProxyType({})
_fields: ContextVar[Mapping[str, object]] = ContextVar("log_fields", default=_NOTHING)


@contextmanager
def begun() -> Iterator[None]:
    """Begin a piece of work with no fields at all: whatever was told before belongs to something else."""
    token = _fields.set(_NOTHING)
    try:
        yield
    finally:
        _fields.reset(token)


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add these fields to every line inside; what is added inside ends with it."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def add(**fields: object) -> None:
    """Add fields to the lines of the work that is going on."""
    _fields.set({**_fields.get(), **fields})


def current() -> Mapping[str, object]:
    """Return the fields of the work that is going on."""
    return _fields.get()
