"""What is other than in the answer before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.response.differences import difference
from incidents.response.part import part_of
from incidents.timeline import IncidentNotFoundError

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext


def changes(page: IncidentPage) -> PanelContext | None:
    """Return the difference to the answer before; nothing for the first."""
    if page.run.number == 1:
        return None
    earlier = page.incident.runs.filter(number=page.run.number - 1).first()
    if earlier is None:
        raise IncidentNotFoundError
    earlier.incident = page.incident
    return {"earlier": earlier, "changes": difference(part_of(earlier, actor=page.actor).rows, page.part.rows)}
