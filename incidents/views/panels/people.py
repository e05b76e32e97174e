"""Whom it concerns and who has said that they know; who owns it and how bad it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.models import ActionKind, ActionState, Severity
from supplychain.access.scopes import Scope

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext


def teams(page: IncidentPage) -> PanelContext:
    """Return the teams concerned, and when each was told and said that it knows."""
    waiting = [
        one for one in page.concerned if one.acknowledged_at is None and one.team_id in page.actor.write_team_ids
    ]
    know = sum(one.acknowledged_at is not None for one in page.concerned)
    telling = {
        one.target.get("team"): one for one in page.actions if one.kind == ActionKind.NOTIFY and one.target.get("team")
    }
    return {
        "concerned": [(one, telling.get(one.team.slug)) for one in page.concerned],
        "others": [one for one in page.actions if one.kind == ActionKind.NOTIFY and not one.target.get("team")],
        "done": ActionState.DONE.value,
        "may_acknowledge": bool(waiting) and page.actor.can(Scope.EVIDENCE_WRITE),
        "badge": f"{know} of {len(page.concerned)} know" if page.concerned else "",
    }


def settings(page: IncidentPage) -> PanelContext | None:
    """Return the form of title, severity and owner to who may respond."""
    return {"severities": [one.value for one in Severity]} if page.may_respond else None
