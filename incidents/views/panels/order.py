"""Which parts an incident's page has, from above. All of them follow what happens (views/following.py)."""

from __future__ import annotations

from incidents.views.panels.changes import changes
from incidents.views.panels.clocks import clocks
from incidents.views.panels.containment import containment
from incidents.views.panels.known import known
from incidents.views.panels.pack import pack
from incidents.views.panels.page import Panel, always
from incidents.views.panels.people import settings, teams
from incidents.views.panels.radius import radius
from incidents.views.panels.recovery import recovery
from incidents.views.panels.rows import first_page, rows
from incidents.views.panels.standing import standing
from incidents.views.panels.steps import steps
from incidents.views.panels.told import answer, answers, asked, timeline

HEAD = (
    Panel("standing", "", "incidents/_standing.html", standing),
    Panel("steps", "", "incidents/_steps.html", steps),
)
"""Above the list of parts."""

ROWS = Panel("rows", "Rows", "incidents/_run_rows.html", rows, key="w", of_answer=first_page)

ABOVE = (
    Panel("answer", "Answer", "incidents/_now.html", answer, key="a"),
    Panel("changes", "What changed", "incidents/_changes.html", changes, key="d"),
    Panel("containment", "Containment", "incidents/_containment.html", containment, key="c"),
    Panel("recovery", "Recovery", "incidents/_recovery.html", recovery, key="r"),
    Panel("known", "Known before", "incidents/_known.html", known),
    Panel("radius", "Blast radius", "incidents/_radius.html", radius, key="b", of_answer=always),
)
"""Over the whole width."""

LEFT = (Panel("timeline", "Timeline", "incidents/_timeline.html", timeline, key="t"),)
RIGHT = (
    Panel("teams", "Teams", "incidents/_teams.html", teams, key="n"),
    Panel("pack", "Evidence pack", "incidents/_pack.html", pack, key="p"),
    Panel("settings", "", "incidents/_settings.html", settings),
    Panel("answers", "", "incidents/_answers.html", answers),
)
"""Side by side below them."""

BELOW = (
    Panel("clocks", "Reporting", "incidents/_clocks.html", clocks, key="l"),
    ROWS,
    Panel("asked", "Asked", "incidents/_asked.html", asked, key="q", of_answer=always),
)
"""What is looked up: over the whole width again."""
