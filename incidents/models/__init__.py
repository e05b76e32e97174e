"""The incidents' tables; imported from here."""

from incidents.models.impact import ImpactPage
from incidents.models.incident import (
    EventKind,
    Incident,
    IncidentEvent,
    IncidentTeam,
    Occasion,
    QueryRun,
    QueryRunPage,
    Severity,
    Stage,
)

__all__ = [
    "EventKind",
    "ImpactPage",
    "Incident",
    "IncidentEvent",
    "IncidentTeam",
    "Occasion",
    "QueryRun",
    "QueryRunPage",
    "Severity",
    "Stage",
]
