"""A list of indicators as one document says it: every line accounted for, each meaning once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.formats.records import ReadWarning
    from inventory.identity.indicators import Indicator


@dataclass(frozen=True, slots=True)
class ListRecord:
    """The indicators of a list in the order of its lines, those nobody can read included.

    `counts` add up: lines are ignored, used or unreadable; indicators are stored, repeated or unreadable.
    """

    indicators: tuple[Indicator, ...]
    counts: Mapping[str, int]
    warnings: tuple[ReadWarning, ...]
    format: str = "list"
    format_version: str = ""
    media_type: str = "text/plain"
