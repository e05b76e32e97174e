"""The blast radius as a picture, of the answer that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.views.picture import draw

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext
    from incidents.views.picture import Picture


def radius(page: IncidentPage) -> PanelContext | None:
    """Return the picture; nothing where nothing matched."""
    summary = page.part.summary
    total = summary.affected.artifact_count + summary.possible.artifact_count

    def drawn() -> tuple[Picture | None]:
        return (draw(page.part.rows, artifact_count=total),)

    (picture,) = page.kept.once("picture", drawn) if page.is_whole else drawn()
    return None if picture is None else {"picture": picture}
