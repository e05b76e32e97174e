"""What a part of an incident's page is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from incidents.models import Incident, QueryRun
    from incidents.response.part import Part
    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Which incident is shown to whom, with which of its answers (`part` is what the actor may see of `run`)."""

    incident: Incident
    run: QueryRun
    part: Part
    actor: Actor
    now: datetime

    @property
    def is_newest(self) -> bool:
        return self.run.number == self.incident.run_count


PanelContext = Mapping[str, object]
"""What the panel's template is rendered with, under the name `panel`."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One part: its template, and what fills it. None leaves the part out."""

    template: str
    context: Callable[[IncidentPage], PanelContext | None]
