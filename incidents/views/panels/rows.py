"""The rows of the answer that is shown: narrowed as the reader wants, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.response.part import whole_of
from incidents.views.narrowing import PAGE_ROWS, Narrowed, choices, values_of

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext


def first_page(page: IncidentPage) -> str:
    """Name the page of rows that everybody sees first; '' for one that somebody asked for."""
    return f"{page.address} by {page.grouping}" if page.narrowed == Narrowed() else ""


def rows(page: IncidentPage) -> PanelContext:
    """Return a page of the rows, and what there is to narrow them by. A page beyond the last is the last."""
    everything, wanted = page.part.rows, page.narrowed
    found = wanted.places(everything)
    last = max(1, -(-len(found) // PAGE_ROWS))
    number = min(wanted.page, last)
    values = page.kept.once("values", lambda: values_of(everything)) if page.is_whole else values_of(everything)
    start = (number - 1) * PAGE_ROWS
    shown = [wanted.fitted(everything[place]) for place in found[start : start + PAGE_ROWS]]
    return {
        "rows": whole_of(page.kept, shown, actor=page.actor),
        "count": len(found),
        "all_count": len(everything),
        "is_narrowed": wanted.is_anything,
        "choices": choices(values, wanted=wanted) if everything else [],
        "first": start + 1 if found else 0,
        "last": start + len(shown),
        "before": _address(page, number - 1) if number > 1 else "",
        "after": _address(page, number + 1) if number < last else "",
        "address": page.address,
        "csv_query": wanted.at(1).query,
        "grouping": page.grouping,
        "badge": len(everything),
    }


def _address(page: IncidentPage, number: int) -> str:
    query = page.narrowed.at(number).query
    return f"{page.address}?{query}" if query else page.address
