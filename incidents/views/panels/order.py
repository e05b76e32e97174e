"""Which parts an incident's page has, from above."""

from __future__ import annotations

from incidents.views.panels.changes import changes
from incidents.views.panels.clocks import clocks
from incidents.views.panels.containment import containment
from incidents.views.panels.pack import pack
from incidents.views.panels.page import Panel
from incidents.views.panels.radius import radius
from incidents.views.panels.recovery import recovery

ABOVE = (
    Panel("incidents/_radius.html", radius),
    Panel("incidents/_containment.html", containment),
    Panel("incidents/_recovery.html", recovery),
    Panel("incidents/_changes.html", changes),
    Panel("incidents/_pack.html", pack),
    Panel("incidents/_clocks.html", clocks),
)
"""Below the answer and above timeline and settings, over the whole width."""
