"""Tables for spreadsheets: lines of CSV (RFC 4180) in which no cell can be a formula."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# The last four are the wide forms that East Asian spreadsheets read like the first four.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_line(cells: Iterable[object]) -> str:
    """Return one line; None is an empty cell."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([_cell(cell) for cell in cells])
    return buffer.getvalue()


def _cell(value: object) -> str:
    """Spreadsheets run a cell that begins like a formula: an apostrophe makes it text (docs/api.md)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
