"""What responders paste: read line by line into indicators, each with the number of its line. Nothing is dropped.

The reader is that of lists sent as evidence (inventory.formats.lists); the limits of one question are here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from inventory.formats.lists import read_lines
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from inventory.identity.indicators import Indicator

MAX_INDICATORS = 20_000
MAX_TEXT_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text asks for. Ignored lines are blank, comments, headings of tables, and the rest of lock files."""

    indicators: tuple[Indicator, ...]
    ignored_line_count: int


def read_text(text: str) -> Reading:
    """Read what a responder pastes. Raises DomainError (question_too_large); a line nobody can read is an indicator.

    Every line is counted as ignored or has an indicator with its number. Source: docs/api.md, What a line may be.
    """
    if len(text.encode(errors="surrogatepass")) > MAX_TEXT_BYTES:
        raise _too_large(f"The text is larger than {MAX_TEXT_BYTES // 1024} KiB.")
    lines = read_lines(text)
    found = list(islice(lines, MAX_INDICATORS + 1))
    if len(found) > MAX_INDICATORS:
        raise _too_large(f"The text asks for more than {MAX_INDICATORS} things.")
    return Reading(tuple(found), lines.count - len({indicator.line for indicator in found}))


def parse_text(text: str) -> tuple[Indicator, ...]:
    """Return only the indicators of a text; raises like `read_text`."""
    return read_text(text).indicators


def _too_large(message: str) -> DomainError:
    return DomainError("question_too_large", message)
