"""The evidence pack: download it, and who did before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from incidents.models import EventKind
from incidents.timeline import events_for

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext


def pack(page: IncidentPage) -> PanelContext:
    """Return the last export that the reader may know of, and how large a pack may be."""
    exported = events_for(page.incident, actor=page.actor).filter(kind=EventKind.EXPORTED).order_by("-number").first()
    return {
        "exported": exported,
        "is_outdated": exported is not None and exported.number < page.incident.event_count,
        "is_whole": page.incident.is_whole_for(page.actor),
        "max_bytes": settings.MAX_PACK_BYTES,
    }
