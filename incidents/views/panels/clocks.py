"""By when something must be reported, and what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext


def clocks(page: IncidentPage) -> PanelContext | None:
    """Return the clocks and the flags that start them, to who sees the whole incident."""
    if not page.is_newest or not page.is_whole:
        return None
    late = sum(clock.is_late and clock.sent_at is None for clock in page.clocks)
    return {
        "clocks": page.clocks,
        "runs_it": page.may_respond,
        "badge": f"{late} late" if late else "",
    }
