"""Which parts an incident's page has, from above."""

from __future__ import annotations

from incidents.views.panels.changes import changes
from incidents.views.panels.page import Panel

ABOVE = (Panel("incidents/_changes.html", changes),)
"""Below the answer and above timeline and settings, over the whole width."""
