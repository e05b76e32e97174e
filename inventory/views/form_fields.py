"""Fields of the forms by which people decide about trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supplychain.api.parameters import BadParameterError, parse_time

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

MAX_NOTE: Final = 2_000
_MINUTES: Final = len("2026-01-01T00:00")


def read_note(request: HttpRequest, name: str = "note", *, longest: int = MAX_NOTE) -> str:
    """Return a text of the form, '' where it is empty. Raises BadParameterError."""
    text = request.POST.get(name, "").strip()
    if len(text) > longest or "\0" in text:
        raise BadParameterError(name, f"holds at most {longest:,} characters, and no NUL.")
    return text


def read_needed(request: HttpRequest, name: str, *, longest: int = MAX_NOTE) -> str:
    """Return a text that must be there. Raises BadParameterError."""
    text = read_note(request, name, longest=longest)
    if not text:
        raise BadParameterError(name, "must not be empty.")
    return text


def read_instant(request: HttpRequest, name: str) -> datetime | None:
    """Read what a browser's date and time field sends, which means UTC here. Raises BadParameterError."""
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    return parse_time(f"{text}:00Z" if len(text) == _MINUTES else f"{text}Z", name=name)
