"""The incidents' tables; imported from here."""

from incidents.models.drills import Drill, DrillResult
from incidents.models.impact import ImpactPage
from incidents.models.incident import (
    EventKind,
    Incident,
    IncidentEvent,
    IncidentTeam,
    Occasion,
    QueryRun,
    QueryRunGist,
    QueryRunPage,
    Severity,
    Stage,
)
from incidents.models.live import FollowedEvidence, LiveQuestion
from incidents.models.recovery import IncidentPlace, IncidentService, RecoveryStamp
from incidents.models.response import ActionKind, ActionState, ContainmentAction, LegalReport
from incidents.models.watches import Sight, Watch, WatchHit

__all__ = [
    "ActionKind",
    "ActionState",
    "ContainmentAction",
    "Drill",
    "DrillResult",
    "EventKind",
    "FollowedEvidence",
    "ImpactPage",
    "Incident",
    "IncidentEvent",
    "IncidentPlace",
    "IncidentService",
    "IncidentTeam",
    "LegalReport",
    "LiveQuestion",
    "Occasion",
    "QueryRun",
    "QueryRunGist",
    "QueryRunPage",
    "RecoveryStamp",
    "Severity",
    "Sight",
    "Stage",
    "Watch",
    "WatchHit",
]
