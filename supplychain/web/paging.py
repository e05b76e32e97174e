"""Lists on pages: the same cursors as the API's, with a way back to the first page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from supplychain.api.pagination import DEFAULT_LIMIT, address_after, read_key
from supplychain.api.parameters import BadParameterError

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGE_SIZE = DEFAULT_LIMIT

Row_co = TypeVar("Row_co", covariant=True)
Row = TypeVar("Row")
Key = TypeVar("Key")


class SliceLike(Protocol[Row_co]):
    """A part of an ordered list, with the key of its last row when more follows."""

    @property
    def rows(self) -> tuple[Row_co, ...]: ...

    @property
    def next(self) -> object | None: ...


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """What a list's template shows: the rows, and the addresses of the next and the first page ('' for none)."""

    rows: tuple[Row, ...]
    next: str = ""
    first: str = ""


def listing(request: HttpRequest, part: SliceLike[Row]) -> Listing[Row]:
    """Return the rows with the addresses of the next page and, on a later one, of the first."""
    key = None if part.next is None else _values(part.next)
    return Listing(part.rows, next=address_after(request, key=key) or "", first=first_address(request))


def first_address(request: HttpRequest) -> str:
    """Return where the list begins, '' on its first page."""
    query = request.GET.copy()
    if not query.pop("cursor", None):
        return ""
    return f"{request.path}?{query.urlencode()}" if query else request.path


def read_place(request: HttpRequest, make: Callable[..., Key]) -> Key | None:
    """Return the place to go on from, as `make` builds it; None at the beginning. Raises BadParameterError."""
    length = len(fields(make)) if isinstance(make, type) and is_dataclass(make) else 1
    key = read_key(request, length=length)
    try:
        return None if key is None else make(*key)
    except (TypeError, ValueError) as error:
        raise BadParameterError("cursor", "does not belong to this list.", code="bad_cursor") from error


def _values(key: object) -> list[str | int]:
    values = astuple(key) if is_dataclass(key) and not isinstance(key, type) else (key,)
    return [value if isinstance(value, int) else str(value) for value in values]
