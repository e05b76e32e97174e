"""What people do to an incident: move it, name its owner, note something, say that they know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from incidents.models import ActionKind, ActionState, EventKind, IncidentTeam, Severity, Stage
from incidents.response.closing import check_proven
from incidents.response.lifecycle import check_move, way_to_closed
from incidents.response.targets import hash_of
from incidents.timeline import changing
from supplychain.access.models import User
from supplychain.errors import DomainError, ErrorDetail

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from incidents.models import Incident
    from incidents.timeline import Change
    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON
    from supplychain.access.models import Team

_TEXTS = {"title": EventKind.TITLE, "severity": EventKind.SEVERITY}
_FLAGS = ("is_exploited", "is_severe")
_TIMES = ("aware_at", "fixed_at")


class UnknownOwnerError(DomainError):
    """Nobody of that name could own the incident."""

    def __init__(self, name: str) -> None:
        message = f"There is no active user {name}."
        super().__init__("unknown_owner", message, details=[ErrorDetail("/owner", "unknown_owner", message)])


class NotConcernedError(DomainError):
    """The incident concerns none of the actor's teams, or all of them said so already."""

    def __init__(self) -> None:
        super().__init__("nothing_to_acknowledge", "No team of yours waits to acknowledge this incident.", status=409)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to change; None leaves it as it is. `owner` is a user's name, '' nobody's.

    `walks`: to be closed it goes through all stages that are left, and nothing unproven is accepted.
    """

    title: str | None = None
    severity: Severity | None = None
    stage: Stage | None = None
    owner: str | None = None
    is_exploited: bool | None = None
    is_severe: bool | None = None
    aware_at: datetime | None = None
    fixed_at: datetime | None = None
    reason: str = ""
    accept_unproven: bool = False
    walks: bool = False


def change_incident(
    public_id: UUID, wanted: Wanted, *, actor: Actor, at: datetime, version: int | None = None
) -> Incident:
    """Change what differs, and tell each on the timeline.

    Raises IncidentNotFoundError, StaleVersionError, StageRefusedError, UnknownOwnerError, UnprovenError.
    """
    with changing(public_id, actor=actor, at=at, version=version) as change:
        _change_fields(change, wanted)
        _change_owner(change, wanted.owner)
        if wanted.stage is not None and wanted.stage != change.incident.stage:
            _move(change, wanted)
    return change.incident


def add_note(public_id: UUID, text: str, *, actor: Actor, at: datetime) -> Incident:
    """Add what a person writes to the timeline. Raises IncidentNotFoundError."""
    with changing(public_id, actor=actor, at=at) as change:
        change.tell(EventKind.NOTE, text)
    return change.incident


def acknowledge(public_id: UUID, *, actor: Actor, at: datetime) -> Incident:
    """Say in the name of one's teams that they know. Raises IncidentNotFoundError, NotConcernedError."""
    if not actor.write_team_ids:
        raise NotConcernedError
    with changing(public_id, actor=actor, at=at) as change:
        waiting = IncidentTeam.objects.filter(
            incident=change.incident, team__in=sorted(actor.write_team_ids), acknowledged_at__isnull=True
        ).select_related("team")
        for concerned in waiting.order_by("team__slug"):
            concerned.acknowledged_at, concerned.acknowledged_by = at, actor.label
            concerned.save(update_fields=["acknowledged_at", "acknowledged_by"])
            change.tell(EventKind.ACKNOWLEDGED, concerned.team.slug)
            _note_told(change, concerned.team)
        if not change.events:
            raise NotConcernedError
    return change.incident


def _note_told(change: Change, team: Team) -> None:
    """A team that says that it knows was told: whoever was to tell it has done so."""
    telling = change.incident.actions.filter(
        kind=ActionKind.NOTIFY, state=ActionState.OPEN, target_hash=hash_of(ActionKind.NOTIFY, {"team": team.slug})
    )
    for action in telling:
        action.state, action.done_at, action.done_by = ActionState.DONE, change.at, change.actor.label
        action.changed_at, action.version = change.at, action.version + 1
        action.save(update_fields=["state", "done_at", "done_by", "changed_at", "version"])
        details: dict[str, JSON] = {"number": action.number, "kind": action.kind, "change": "acknowledged"}
        change.tell(EventKind.ACTION, action.title, details={**details, "team": team.slug})


def _change_fields(change: Change, wanted: Wanted) -> None:
    incident = change.incident
    for name, kind in _TEXTS.items():
        value = getattr(wanted, name)
        if value is not None and value != getattr(incident, name):
            change.tell(kind, str(value), details={"before": str(getattr(incident, name))})
            setattr(incident, name, value)
    for name in (*_FLAGS, *_TIMES):
        value = getattr(wanted, name)
        if value is not None and value != getattr(incident, name):
            shown = value if isinstance(value, bool) else value.isoformat()
            change.tell(EventKind.FLAG, name, details={"value": shown})
            setattr(incident, name, value)


def _change_owner(change: Change, name: str | None) -> None:
    if name is None:
        return
    owner = User.objects.filter(username=name, is_active=True).first() if name else None
    if name and owner is None:
        raise UnknownOwnerError(name)
    if change.incident.owner_id != (owner.pk if owner else None):
        change.incident.owner = owner
        change.tell(EventKind.OWNER, name)


def _move(change: Change, wanted: Wanted) -> None:
    before, stage = Stage(change.incident.stage), wanted.stage or Stage.OPEN
    if wanted.walks and stage is Stage.CLOSED:
        for passed in way_to_closed(before)[:-1]:
            _step(change, passed, replace(wanted, reason=""))
    _step(change, stage, replace(wanted, accept_unproven=wanted.accept_unproven and not wanted.walks))


def _step(change: Change, stage: Stage, wanted: Wanted) -> None:
    incident, before = change.incident, Stage(change.incident.stage)
    check_move(before, stage)
    details: dict[str, JSON] = {"before": before.value, "after": stage.value}
    if stage is Stage.CLOSED:
        accepted = check_proven(incident, accept_unproven=wanted.accept_unproven, actor=change.actor)
        if accepted:
            change.tell(EventKind.UNPROVEN_ACCEPTED, wanted.reason, details={"services": accepted})
    incident.stage = stage
    incident.closed_at = change.at if stage is Stage.CLOSED else None
    kinds = {Stage.CLOSED: EventKind.CLOSED}
    kind = EventKind.REOPENED if before is Stage.CLOSED else kinds.get(stage, EventKind.STAGE)
    change.tell(kind, wanted.reason, details=details)
