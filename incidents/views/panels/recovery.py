"""What is proven of each service, and how long each part of the response took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.recovery.milestones import milestones_of
from incidents.views.panels.page import SERVICES_SHOWN

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext

NAMED = 500
"""Services that are named, besides those whose proofs are shown."""


def recovery(page: IncidentPage) -> PanelContext | None:
    """Return the services with their proofs, what is over apart; nothing where none was reached."""
    found = page.recovery
    if found is None or not found.services:
        return None
    left = [one for one in found.services if not one.is_over]
    over = [one for one in found.services if one.is_over]
    more = [*left[SERVICES_SHOWN:], *over[SERVICES_SHOWN:]]
    return {
        "services": left[:SERVICES_SHOWN],
        "over": over[:SERVICES_SHOWN],
        "over_count": len(over),
        "named": [one.service.title for one in more[:NAMED]],
        "more_count": len(more),
        "count": len(found.services),
        "recovered_count": found.recovered_count,
        "milestones": milestones_of(page.incident) if page.is_whole else (),
        "badge": f"{found.recovered_count} of {len(found.services)}",
    }
