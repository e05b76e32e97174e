"""Query parameters: read typed, refused when they are unknown, repeated or unreadable."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Protocol

from django.http import QueryDict

from supplychain.errors import DomainError, ErrorDetail

DIGEST_PATTERN = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_TIME_PATTERN = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_MAX_LENGTH = 4_096


class BadParameterError(DomainError):
    """A query parameter cannot be used as it was sent."""

    def __init__(self, name: str, message: str, *, code: str = "bad_parameter") -> None:
        text = f"`{name[:100]}` {message}"
        super().__init__(code, text, details=(ErrorDetail("", code, text),))


class HasQuery(Protocol):
    """Django's and REST framework's requests."""

    @property
    def GET(self) -> QueryDict: ...  # noqa: N802  # Django's name


def reject_unknown_parameters(request: HasQuery, allowed: Collection[str]) -> None:
    """Raise BadParameterError for the first query parameter that the route does not have."""
    for name in request.GET:
        if name not in allowed:
            known = ", ".join(sorted(allowed)) or "none"
            message = f"is not a parameter of this route; it has {known}."
            raise BadParameterError(name, message, code="unknown_parameter")


def read_text(request: HasQuery, name: str) -> str | None:
    """Return a parameter that is given once; None when it is absent or empty."""
    given = request.GET.getlist(name)
    if len(given) > 1:
        raise BadParameterError(name, "is given more than once.", code="repeated_parameter")
    return _usable(given[0], name=name) or None if given else None


def read_texts(request: HasQuery, name: str) -> tuple[str, ...]:
    """Return a parameter that may repeat, without empty and double values, in the order given."""
    return tuple(dict.fromkeys(text for given in request.GET.getlist(name) if (text := _usable(given, name=name))))


def read_time(request: HasQuery, name: str) -> datetime | None:
    """Return a point in time in UTC (RFC 3339, with its offset)."""
    text = read_text(request, name)
    return None if text is None else parse_time(text, name=name)


def read_flag(request: HasQuery, name: str, *, default: bool) -> bool:
    """Return a parameter that is `true` or `false` (also 1 and 0)."""
    text = read_text(request, name)
    if text is None:
        return default
    if text.lower() not in _FLAGS:
        raise BadParameterError(name, "must be `true` or `false`.")
    return _FLAGS[text.lower()]


def read_digest(request: HasQuery, name: str) -> str | None:
    """Return a digest in its canonical spelling; upper case is lowered."""
    text = read_text(request, name)
    if text is None:
        return None
    if not DIGEST_PATTERN.fullmatch(text.lower()):
        raise BadParameterError(name, "must be a digest such as `sha256:` and 64 hex digits.")
    return text.lower()


def read_choice(request: HasQuery, name: str, *, allowed: Collection[str]) -> str | None:
    """Return a parameter that is one of a few words."""
    text = read_text(request, name)
    if text is not None and text not in allowed:
        raise BadParameterError(name, f"must be one of {', '.join(allowed)}.")
    return text


def read_number(request: HasQuery, name: str, *, default: int) -> int:
    """Return a whole number of at most 18 digits, as sent: its bounds are the caller's affair."""
    text = read_text(request, name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise BadParameterError(name, "must be a whole number.")
    return int(text)


def parse_time(text: str, *, name: str) -> datetime:
    """Read an RFC 3339 time; a space before the offset is a `+` that was not percent-encoded.

    Raises BadParameterError.
    """
    restored = re.sub(r" (\d\d:\d\d)$", r"+\1", text)
    if not _TIME_PATTERN.fullmatch(restored):
        raise BadParameterError(name, "must be a time with its offset, such as 2026-01-31T12:00:00Z.")
    try:
        return datetime.fromisoformat(restored.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadParameterError(name, "is not a time that exists.") from error


def _usable(text: str, *, name: str) -> str:
    """Return the text; refuse what PostgreSQL cannot take and what nobody means."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadParameterError(name, "holds a character that is not text.")
    if len(text) > _MAX_LENGTH:
        raise BadParameterError(name, f"is longer than {_MAX_LENGTH} characters.")
    return text
