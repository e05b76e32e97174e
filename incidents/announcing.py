"""Tell the channels what happened to an incident, in the transaction that makes it happen: one place for all of it.

Every line of the timeline but the mere askings is a message `incident.<kind>`; `incident.action` holds the action, for
the machine that is to do it. A team that an incident only concerns is told what its timeline shows it (timeline.py,
`events_for`), and nothing that counts others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.models import F

from incidents.models import ContainmentAction, EventKind, Incident, IncidentEvent
from inventory.models import Environment
from supplychain.notify.message import Message
from supplychain.notify.outbox import has_listeners, publish

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from supplychain.access.audit import JSON

FOR_TEAMS = frozenset(
    {
        EventKind.OPENED,
        EventKind.TITLE,
        EventKind.SEVERITY,
        EventKind.STAGE,
        EventKind.OWNER,
        EventKind.CLOSED,
        EventKind.REOPENED,
    }
)
"""What becomes of an incident: for every team that it concerns."""
OF_ONE_TEAM = frozenset({EventKind.TEAM_CONCERNED, EventKind.ACKNOWLEDGED})
"""What is said of a team, which the line names."""
_UNTOLD = frozenset({EventKind.ASKED})
TELLING_A_TEAM = frozenset({EventKind.ACTION, EventKind.RECOVERED, EventKind.RECOVERY_LOST})
"""Lines whose details name the team that they are told to."""
_COUNTS = {
    "added_count": "new",
    "started_count": "running again",
    "stopped_count": "no longer running",
    "changed_count": "judged otherwise",
    "retracted_count": "withdrawn",
}


def announce(incident: Incident, events: Sequence[IncidentEvent]) -> None:
    """Publish what these new lines tell. One statement where nobody listens."""
    told = [event for event in events if event.kind not in _UNTOLD]
    concerned = dict(incident.teams.values_list("team__slug", "team_id")) if incident.team_id is None else {}
    whole = frozenset() if incident.team_id is None else frozenset({incident.team_id})
    if not told or not has_listeners(whole | frozenset(concerned.values())):
        return
    environments, is_production = _where(incident)
    messages: list[Message] = []
    for event in told:
        message = _message(incident, event)
        everything = replace(message, environments=environments, is_production=is_production)
        messages.append(replace(everything, to_organisation=True, team_ids=whole))
        if teams := _teams_told(event, concerned=concerned):
            # In whose environments the rest runs a team is not told: what is not known is never kept back.
            messages.append(replace(message, team_ids=teams))
    publish(*messages)


def _message(incident: Incident, event: IncidentEvent) -> Message:
    data: dict[str, JSON] = {"incident": _incident(incident), "event": _event(event)}
    if event.kind == EventKind.ACTION:
        data["action"] = _action(incident, number=int(event.details["number"]))
    return Message(
        kind=f"incident.{event.kind}",
        at=event.at,
        title=f"{incident.title}: {_words(event)}",
        text=_text(event),
        path=f"/incidents/{incident.public_id}",
        subject=str(incident.public_id),
        severity=incident.severity,
        data=data,
    )


def _teams_told(event: IncidentEvent, *, concerned: Mapping[str, int]) -> frozenset[int]:
    if event.kind in FOR_TEAMS:
        return frozenset(concerned.values())
    if event.kind in OF_ONE_TEAM and event.text in concerned:
        return frozenset({concerned[event.text]})
    named = event.details.get("team")
    if event.kind in TELLING_A_TEAM and named in concerned:
        return frozenset({concerned[named]})
    return frozenset()


def _where(incident: Incident) -> tuple[frozenset[str] | None, bool | None]:
    """Return in which environments what the newest answer found runs, and whether one is production."""
    header = incident.runs.order_by("-number").values_list("header", flat=True).first()
    if header is None:
        return None, None
    environments = frozenset(str(cluster["environment"]) for cluster in header["clusters"])
    return environments, _is_production(environments)


def _is_production(environments: Collection[str]) -> bool:
    return Environment.objects.filter(slug__in=sorted(environments), is_production=True).exists()


def _words(event: IncidentEvent) -> str:
    return str(event.kind).replace("_", " ")


def _text(event: IncidentEvent) -> str:
    details = event.details
    counts = [f"{details[name]} {word}" for name, word in _COUNTS.items() if details.get(name)]
    moved = f"{details['before']} to {details['after']}" if details.get("after") else ""
    return ". ".join(part for part in (", ".join(counts), moved, event.text) if part)


def _incident(incident: Incident) -> Mapping[str, JSON]:
    return {
        "id": str(incident.public_id),
        "title": incident.title,
        "severity": incident.severity,
        "state": incident.stage,
        "version": incident.version,
        "url": f"/api/v1/incidents/{incident.public_id}",
    }


def _action(incident: Incident, *, number: int) -> Mapping[str, JSON] | None:
    """Return an action as its own route shows it, as far as whoever carries it out needs it."""
    actions = ContainmentAction.objects.filter(incident=incident, number=number).select_related("team")
    # A worker may read the name of a user, and no more (supplychain/database/grants.py).
    action = actions.annotate(owner_name=F("owner__username")).first()
    if action is None:
        return None
    return {
        "url": f"/api/v1/incidents/{incident.public_id}/actions/{action.number}",
        "number": action.number,
        "kind": action.kind,
        "title": action.title,
        "target": action.target,
        "state": action.state,
        "owner": action.owner_name,
        "team": None if action.team is None else action.team.slug,
        "due_at": None if action.due_at is None else action.due_at.isoformat(),
        "run": action.run_number,
        "is_basis_withdrawn": action.is_basis_withdrawn,
    }


def _event(event: IncidentEvent) -> Mapping[str, JSON]:
    return {
        "number": event.number,
        "kind": event.kind,
        "actor": event.actor,
        "text": event.text,
        "details": event.details,
    }
