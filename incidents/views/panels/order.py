"""Which parts an incident's page has, from above."""

from __future__ import annotations

from incidents.views.panels.changes import changes
from incidents.views.panels.pack import pack
from incidents.views.panels.page import Panel
from incidents.views.panels.radius import radius

ABOVE = (
    Panel("incidents/_radius.html", radius),
    Panel("incidents/_changes.html", changes),
    Panel("incidents/_pack.html", pack),
)
"""Below the answer and above timeline and settings, over the whole width."""
