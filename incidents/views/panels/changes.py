"""What is other than in the answer before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.response.answers import read_shown
from incidents.response.differences import difference, difference_of_builds
from incidents.response.part import part_of_kept
from incidents.timeline import IncidentNotFoundError

if TYPE_CHECKING:
    from incidents.impact.answer import Builds
    from incidents.response.differences import Difference
    from incidents.response.part import Part
    from incidents.views.panels.page import IncidentPage, PanelContext


def changes(page: IncidentPage) -> PanelContext | None:
    """Return the difference to the answer before; nothing for the first."""
    if page.run.number == 1:
        return None
    earlier = page.incident.runs.light().filter(number=page.run.number - 1).first()
    if earlier is None:
        raise IncidentNotFoundError
    earlier.incident = page.incident
    before = part_of_kept(read_shown(earlier), actor=page.actor)

    def found() -> Difference:
        return difference(before.rows, page.part.rows)

    return {
        "earlier": earlier,
        "changes": page.kept.once("changes", found) if page.is_whole else found(),
        "builds": difference_of_builds(_builds(before), _builds(page.part)),
    }


def _builds(part: Part) -> Builds | None:
    return None if part.header is None else part.header.builds
