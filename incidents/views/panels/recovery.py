"""What is proven of each service, and how long each part of the response took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.recovery.milestones import milestones_of
from incidents.recovery.standing import recovery_of

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext

SERVICES_SHOWN = 200


def recovery(page: IncidentPage) -> PanelContext | None:
    """Return the services with their proofs; nothing where the incident reached none, or for an earlier answer."""
    if not page.is_newest:
        return None
    found = recovery_of(page.incident, actor=page.actor, at=page.now)
    if not found.services:
        return None
    return {
        "services": found.services[:SERVICES_SHOWN],
        "more_count": max(0, len(found.services) - SERVICES_SHOWN),
        "count": len(found.services),
        "recovered_count": found.recovered_count,
        "milestones": milestones_of(page.incident) if page.incident.is_whole_for(page.actor) else (),
    }
