"""What is proven of each service, and how long each part of the response took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.recovery.milestones import milestones_of

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext

SERVICES_SHOWN = 200


def recovery(page: IncidentPage) -> PanelContext | None:
    """Return the services with their proofs, what is over apart; nothing where none was reached."""
    found = page.recovery
    if found is None or not found.services:
        return None
    left = [one for one in found.services if one.state not in {"recovered", "withdrawn"}]
    over = [one for one in found.services if one.state in {"recovered", "withdrawn"}]
    return {
        "services": left[:SERVICES_SHOWN],
        "over": over[:SERVICES_SHOWN],
        "over_count": len(over),
        "more_count": max(0, len(left) - SERVICES_SHOWN) + max(0, len(over) - SERVICES_SHOWN),
        "count": len(found.services),
        "recovered_count": found.recovered_count,
        "milestones": milestones_of(page.incident) if page.is_whole else (),
        "badge": f"{found.recovered_count} of {len(found.services)}",
    }
