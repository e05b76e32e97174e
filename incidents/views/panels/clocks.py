"""By when something must be reported, and what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.response.clocks import clocks_of
from supplychain.access.scopes import Scope

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext


def clocks(page: IncidentPage) -> PanelContext | None:
    """Return the clocks and the flags that start them, to who sees the whole incident."""
    if not page.is_newest or not page.incident.is_whole_for(page.actor):
        return None
    reports = page.incident.reports.all()
    return {
        "clocks": clocks_of(page.incident, reports, at=page.now),
        "runs_it": page.actor.can(Scope.INCIDENTS_WRITE),
    }
