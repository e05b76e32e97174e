"""How long each part of a response took: stamped once, when it was first reached, and never moved."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.dateparse import parse_datetime

from incidents.models import ActionKind, ActionState, EventKind, IncidentEvent, RecoveryStamp
from incidents.response.answers import newest_answer
from incidents.response.closing import unproven_services
from incidents.response.proposals import propose

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from incidents.models import ContainmentAction, Incident
    from incidents.timeline import Change
    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON


class Milestone(enum.StrEnum):
    """What is measured from the opening, in the order it is reached."""

    FIRST_LIST = "first_list"
    FIRST_BLOCK = "first_block"
    ALL_BLOCKED = "all_blocked"
    ALL_RECOVERED = "all_recovered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Reached:
    """When a milestone was reached; `at` None: not yet."""

    milestone: Milestone
    at: datetime | None
    seconds: int | None


def milestones_of(incident: Incident) -> tuple[Reached, ...]:
    """Return all milestones as they were stamped; closing is the incident's own. One statement."""
    events = IncidentEvent.objects.filter(incident=incident, kind=EventKind.MILESTONE).order_by("number")
    stamped = {event.text: parse_datetime(event.details["at"]) for event in reversed(list(events))}
    stamped[Milestone.CLOSED.value] = incident.closed_at
    return tuple(
        Reached(one, at, None if at is None else round((at - incident.opened_at).total_seconds()))
        for one in Milestone
        for at in [stamped.get(one.value)]
    )


def tell_milestones(change: Change) -> None:
    """Tell what was reached and not told yet."""
    incident = change.incident
    known = {one.milestone for one in milestones_of(incident) if one.at is not None}
    for milestone, reach in _REACHED.items():
        at = None if milestone in known else reach(incident, change.actor)
        if at is not None:
            seconds = round((at - incident.opened_at).total_seconds())
            details: dict[str, JSON] = {"at": at.isoformat(), "seconds": seconds}
            change.tell(EventKind.MILESTONE, milestone.value, details=details)


def _first_list(incident: Incident, _: Actor) -> datetime | None:
    first = incident.runs.order_by("number").first()
    return None if first is None else first.asked_at + timedelta(milliseconds=first.took_ms)


def _first_block(incident: Incident, _: Actor) -> datetime | None:
    return _blocks(incident).order_by("done_at").values_list("done_at", flat=True).first()


def _all_blocked(incident: Incident, actor: Actor) -> datetime | None:
    """Everything that the newest answer says should be blocked is."""
    last = _blocks(incident).order_by("-done_at").values_list("done_at", flat=True).first()
    if last is None or incident.actions.filter(kind=ActionKind.BLOCK, state=ActionState.OPEN).exists():
        return None
    left = propose(incident, answer=newest_answer(incident), asked_at=incident.opened_at, actor=actor)
    return None if ActionKind.BLOCK in left.by_kind() else last


def _all_recovered(incident: Incident, _: Actor) -> datetime | None:
    if unproven_services(incident):
        return None
    stamps = RecoveryStamp.objects.filter(service__incident=incident, is_recovered=True).order_by("-at")
    return stamps.values_list("at", flat=True).first()


def _blocks(incident: Incident) -> QuerySet[ContainmentAction]:
    return incident.actions.filter(kind=ActionKind.BLOCK, done_at__isnull=False)


_REACHED = {
    Milestone.FIRST_LIST: _first_list,
    Milestone.FIRST_BLOCK: _first_block,
    Milestone.ALL_BLOCKED: _all_blocked,
    Milestone.ALL_RECOVERED: _all_recovered,
}
