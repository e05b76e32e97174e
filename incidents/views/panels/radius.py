"""The blast radius as a picture, of the answer that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.response.reach import reach_of
from incidents.views.picture import draw

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext


def radius(page: IncidentPage) -> PanelContext | None:
    """Return the picture; nothing where nothing matched."""
    summary = page.part.summary
    total = summary.affected.artifact_count + summary.possible.artifact_count

    picture = draw(page.kept.reach if page.is_whole else reach_of(page.part.rows), artifact_count=total)
    return None if picture is None else {"picture": picture}
