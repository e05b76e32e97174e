"""Reads the times that documents claim."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_RFC3339: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d+)?\s*(?:([Zz])|([+-]\d{2}:?\d{2}))", re.ASCII
)
_MICROSECONDS: Final = 7


def parse_timestamp(value: object) -> datetime | None:
    """Return an aware UTC time, cut to microseconds, or None where the text names no instant (RFC 3339).

    None too for a time without zone, second 60, and the years 1 and 9999, which stand for "unknown" and overflow when
    moved to UTC: the caller warns `bad_timestamp`.
    """
    match = _RFC3339.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 64 else None
    if match is None:
        return None
    date, time, fraction, _, offset = match.groups()
    text = f"{date}T{time}{(fraction or '')[:_MICROSECONDS]}{offset or '+00:00'}"
    try:
        parsed = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return parsed if 1 < parsed.year < 9999 else None
