"""Pages of lists by key: `{"results": […], "next": url|null}`, as cheap on page 1,000 as on page 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from django.core import signing
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.encoding import iri_to_uri

from supplychain.api.parameters import BadParameterError, read_number, read_text

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
PAGE_PARAMETERS = frozenset({"limit", "cursor"})

Row = TypeVar("Row", bound=models.Model)
Key = list[str | int]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows, and the address of the next one (a path with its query) or None."""

    rows: tuple[Row, ...]
    next: str | None


def read_page(queryset: models.QuerySet[Row], *, request: HttpRequest, order: Sequence[str]) -> Page[Row]:
    """Return the page of `queryset` that the request's `limit` and `cursor` ask for, with one query.

    `order` are field names, descending with a leading `-`; together they must be unique, and none may be NULL. Rows
    that are added meanwhile shift nothing. Raises BadParameterError (`bad_parameter`, `bad_cursor`).
    """
    limit = read_limit(request)
    # A cursor belongs to its path and order, so that it cannot be carried to a list where its values mean other things.
    salt = f"supplychain.cursor:{request.path}:{','.join(order)}"
    rows = queryset.order_by(*order)
    if (cursor := read_text(request, "cursor")) is not None:
        rows = rows.filter(_after(_read_cursor(cursor, salt=salt), order=order))
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return Page(tuple(found), next=None)
    shown = tuple(found[:limit])
    return Page(shown, next=_next_address(request, cursor=signing.dumps(_key_of(shown[-1], order=order), salt=salt)))


def read_key(request: HttpRequest, *, length: int) -> Key | None:
    """Return the key of the last row shown, for lists that come from SQL of their own; None on the first page.

    Raises BadParameterError (`bad_cursor`) for a cursor of another list.
    """
    if (cursor := read_text(request, "cursor")) is None:
        return None
    key = _read_cursor(cursor, salt=_key_salt(request))
    if len(key) != length:
        raise BadParameterError("cursor", "does not belong to this list.", code="bad_cursor")
    return key


def address_after(request: HttpRequest, *, key: Sequence[str | int] | None) -> str | None:
    """Return the address of the page after this key, None for None. Whoever gets it can read the key: no row ids."""
    if key is None:
        return None
    return _next_address(request, cursor=signing.dumps(list(key), salt=_key_salt(request)))


def read_limit(request: HttpRequest) -> int:
    """Return the page size asked for, brought within 1 and 500."""
    return max(1, min(read_number(request, "limit", default=DEFAULT_LIMIT), MAX_LIMIT))


def _after(key: Key, *, order: Sequence[str]) -> Q:
    """Return the condition "comes after this key": a row comparison written out, with the bound an index can use."""
    if len(key) != len(order):
        raise BadParameterError("cursor", "does not belong to this list.", code="bad_cursor")
    condition = Q()
    equal = Q()
    for name, value in zip(order, key, strict=True):
        field, beyond = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        condition |= equal & Q(**{f"{field}__{beyond}": value})
        equal &= Q(**{field: value})
    first, beyond = (order[0][1:], "lte") if order[0].startswith("-") else (order[0], "gte")
    return Q(**{f"{first}__{beyond}": key[0]}) & condition


def _key_salt(request: HttpRequest) -> str:
    return f"supplychain.cursor:{request.path}:key"


def _read_cursor(text: str, *, salt: str) -> Key:
    try:
        key: Key = signing.loads(text, salt=salt)
    except signing.BadSignature as error:
        raise BadParameterError("cursor", "does not belong to this list.", code="bad_cursor") from error
    return key


def _key_of(row: models.Model, *, order: Sequence[str]) -> Key:
    return [_plain(_value(row, name.removeprefix("-"))) for name in order]


def _value(row: models.Model, path: str) -> object:
    value: object = row
    for step in path.split("__"):
        value = getattr(value, step)
    return value


def _plain(value: object) -> str | int:
    if isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a list cannot be ordered by {type(value).__name__}")


def _next_address(request: HttpRequest, *, cursor: str) -> str:
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"{iri_to_uri(request.path)}?{query.urlencode()}"
