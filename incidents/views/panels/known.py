"""What was known before: findings that were open when the incident was opened, about what its builds used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.response.known import known_findings, used_by

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext


def known(page: IncidentPage) -> PanelContext | None:
    """Return those findings; nothing where there is none, or to who sees a part."""
    header = page.part.header
    if header is None or header.builds is None:
        return None
    runs = header.builds.runs
    used = page.kept.once("used_by_builds", lambda: used_by(runs))
    found = known_findings(page.incident, used, actor=page.actor)
    return {"findings": found, "badge": len(found)} if found else None
