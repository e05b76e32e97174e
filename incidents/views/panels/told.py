"""What happened: the timeline, and the answers so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.timeline import events_for

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext

EVENTS_OPEN = 15
EVENTS_SHOWN = 200
RUNS_SHOWN = 50


def timeline(page: IncidentPage) -> PanelContext:
    """Return the newest lines; those before the first few are folded."""
    events = list(events_for(page.incident, actor=page.actor).order_by("-number")[:EVENTS_SHOWN])
    return {
        "newest": events[:EVENTS_OPEN],
        "before": events[EVENTS_OPEN:],
        "is_cut": len(events) == EVENTS_SHOWN,
        "may_respond": page.may_respond,
    }


def answers(page: IncidentPage) -> PanelContext:
    """Return the newest answers."""
    runs = page.incident.runs.order_by("-number").values("number", "asked_at", "occasion")[:RUNS_SHOWN]
    return {"runs": list(runs), "shown": page.run.number}


def answer(page: IncidentPage) -> PanelContext:
    """Return whether it can be asked again; the answer itself is what the whole page is rendered with."""
    return {"may_ask": page.may_respond and page.is_newest and page.incident.closed_at is None}


def asked(page: IncidentPage) -> PanelContext | None:
    """Return that the question is shown, to who sees the whole answer."""
    return None if page.part.header is None else {}
