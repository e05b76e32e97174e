"""JSON bodies, read strictly: no duplicate keys, no NaN, no bottomless nesting, no endless body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.parsers import BaseParser

from supplychain.errors import DomainError


class BadJsonError(DomainError):
    """The body is not the JSON that this route takes."""

    def __init__(self, message: str, *, code: str = "bad_json", status: int = 400) -> None:
        super().__init__(code, message, status=status)


class StrictJsonParser(BaseParser):
    """Reads `application/json` up to DATA_UPLOAD_MAX_MEMORY_SIZE, or up to the view's `max_body_bytes`."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002  # REST framework's signature
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        view = (parser_context or {}).get("view")
        limit: int = getattr(view, "max_body_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        return parse_json(within(stream.read(limit + 1), limit=limit))


def within(body: bytes, *, limit: int) -> bytes:
    """Return what was read of a body, one byte more than the route takes where there is more. Raises BadJsonError."""
    if len(body) > limit:
        message = f"The body is larger than the {limit} bytes this route takes."
        raise BadJsonError(message, code="too_large", status=413)
    return body


def parse_json(body: bytes) -> object:
    """Parse a JSON text (RFC 8259, UTF-8). Raises BadJsonError with the place."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise BadJsonError(f"The body is not UTF-8: byte {error.start}.") from error
    except json.JSONDecodeError as error:
        raise BadJsonError(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise BadJsonError("The body is nested too deep.") from error
    except ValueError as error:  # a number of more than 4,300 digits
        raise BadJsonError("The body holds a number that is out of range.") from error


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadJsonError(f"The body names {twice[:100]!r} twice in one object.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise BadJsonError(f"{name} is not JSON.")
