"""Reads a list of indicators that is a document of its own: lines, a vendor's table, a lock file.

A list has no head by which it could be known, so it is read as one only when its sender says that it is. What is
recognised as anything else is refused all the same: a list must never be a document that was meant to say more.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import structs

from inventory.formats import json_parts
from inventory.formats.defects import Defects
from inventory.formats.detected import Detected, Kind
from inventory.formats.list_records import ListRecord
from inventory.formats.lists.json_locks import is_lock_file
from inventory.formats.lists.text import read_lines
from inventory.formats.records import FormatError
from inventory.identity.indicators import IndicatorKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from inventory.formats.limits import Limits
    from inventory.formats.text import Utf8
    from inventory.identity.indicators import Indicator

LIST: Final = Detected(Kind.LIST, "list", "", "text/plain")
KEPT_WARNINGS: Final = 95
"""Of each code; a receipt has room for a hundred. Whoever asks by the list is shown all that nobody could read."""

_JOBS: Final = re.compile(rb"^[\"']?jobs[\"']?\s*:\s*$", re.MULTILINE)


def recognise_list(text: Utf8, *, detect: Callable[[Utf8], Detected]) -> Detected:
    """Return LIST for text that is no other format; what it is found to be is returned, and the caller's to refuse.

    Raises FormatError for markup, for JSON that is no lock file, and for JSON that cannot be read.
    """
    start = text.data[:64].lstrip()
    try:
        found = detect(text)
    except FormatError as error:
        if start.startswith(b"{"):
            _require_lock_file(text, error)
        elif start.startswith(b"<") or (start.startswith(b"[") and error.code == "wrong_shape"):
            raise
        return LIST
    # A list may have a line `on:1.0.0`, which is how a workflow can begin.
    return LIST if found.format == "github-workflow" and not _JOBS.search(text.data) else found


def read_list(text: Utf8, *, limits: Limits) -> ListRecord:
    """Read a list. Raises FormatError: `too_many_indicators`, `no_indicators`."""
    defects = Defects(kept=KEPT_WARNINGS)
    lines = read_lines(text.data.decode())
    found: dict[Indicator, Indicator] = {}
    counts = Counter[str]()
    used: set[int | None] = set()
    unread: set[int | None] = set()
    for indicator in lines:
        counts["indicators"] += 1
        if counts["indicators"] > limits.components:
            raise FormatError("too_many_indicators", f"The list has more than {limits.components} indicators.")
        _tell(indicator, defects=defects)
        is_read = indicator.kind is not IndicatorKind.UNREADABLE
        (used if is_read else unread).add(indicator.line)
        meaning = _meaning(indicator)
        counts["indicators_repeated"] += is_read and meaning in found
        counts["indicators_rejected"] += not is_read
        found.setdefault(meaning, indicator)
    if not used:
        raise FormatError("no_indicators", _nothing(defects))
    return ListRecord(
        tuple(found.values()), _counts(lines.count, counts, used, unread - used), tuple(defects.warnings())
    )


def _counts(line_count: int, counts: Counter[str], used: set[int | None], unread: set[int | None]) -> dict[str, int]:
    stored = counts["indicators"] - counts["indicators_repeated"] - counts["indicators_rejected"]
    return {
        "lines": line_count,
        "lines_used": len(used),
        "lines_rejected": len(unread),
        "lines_ignored": line_count - len(used) - len(unread),
        "indicators": counts["indicators"],
        "indicators_stored": stored,
        "indicators_repeated": counts["indicators_repeated"],
        "indicators_rejected": counts["indicators_rejected"],
    }


def _require_lock_file(text: Utf8, error: FormatError) -> None:
    """Raise unless the JSON object is a lock file that was recognised as nothing else."""
    if error.code != "unknown_format":
        raise error
    if not is_lock_file(frozenset(json_parts.read_members(text))):
        raise FormatError("unknown_format", "This JSON is no list: package-lock.json and composer.lock are read.")


def _tell(indicator: Indicator, *, defects: Defects) -> None:
    place = f"line {indicator.line}"
    if indicator.kind is IndicatorKind.UNREADABLE:
        defects.add("unreadable_line", place, f"{indicator.given[:200]!r}: {indicator.problem}.")
    elif indicator.problem is not None:
        defects.add("indicator_not_answered", place, f"{indicator.given[:200]!r}: {indicator.problem}.")
    elif indicator.names_every_version:
        defects.add("every_version", place, f"{indicator.given[:200]!r} stands for every version of the package.")


def _meaning(indicator: Indicator) -> Indicator:
    """Return the indicator without where and how it was written; what nobody can read means its own line alone."""
    if indicator.kind is IndicatorKind.UNREADABLE:
        return indicator
    return structs.replace(indicator, given="", line=None)


def _nothing(defects: Defects) -> str:
    first = next(iter(defects.warnings()), None)
    return "No line of it can be read" + ("." if first is None else f"; the first, {first.pointer}: {first.message}")
