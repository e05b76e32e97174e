"""The incident itself, and its timeline for machines and for people."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from incidents.export.members import json_member, text_member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from incidents.export.members import Member
    from incidents.export.subject import Subject
    from incidents.models import IncidentEvent


def incident_members(subject: Subject) -> Iterator[Member]:
    """Give incident.json and the timeline. What every export would change is left out: version and last change."""
    incident = subject.incident
    teams = incident.teams.select_related("team").order_by("team__slug")
    if not subject.actor.sees_all:
        teams = teams.filter(team__in=sorted(subject.actor.team_ids or ()))
    yield json_member(
        "incident.json",
        {
            "id": incident.public_id,
            "title": incident.title,
            "severity": incident.severity,
            "state": incident.stage,
            "team": incident.team.slug if incident.team else None,
            "owner": incident.owner.username if incident.owner else None,
            "is_exploited": incident.is_exploited,
            "is_severe": incident.is_severe,
            "aware_at": incident.aware_at,
            "fixed_at": incident.fixed_at,
            "opened_by": incident.opened_by,
            "opened_at": incident.opened_at,
            "closed_at": incident.closed_at,
            "question": incident.question,
            "is_whole": subject.is_whole,
            "answer_count": len(subject.runs),
            "last_event": subject.events[-1].number if subject.events else None,
            "teams": [
                {
                    "team": one.team.slug,
                    "since": one.since,
                    "acknowledged_at": one.acknowledged_at,
                    "acknowledged_by": one.acknowledged_by,
                }
                for one in teams
            ],
        },
    )
    yield json_member("timeline.json", [_event(event) for event in subject.events])
    yield text_member("timeline.txt", "".join(f"{_line(event)}\n" for event in subject.events))


def _event(event: IncidentEvent) -> dict[str, object]:
    return {
        "number": event.number,
        "kind": event.kind,
        "at": event.at,
        "actor": event.actor,
        "text": event.text,
        "details": event.details,
    }


def _line(event: IncidentEvent) -> str:
    """Write a line for people; line ends in a text are indented, so that no text can pass for another line."""
    at = event.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    told = ", ".join(f"{name}: {value}" for name, value in sorted(event.details.items()))
    said = "\n      ".join(part for part in (*event.text.splitlines(), told) if part)
    return f"{event.number:>4}  {at}  {event.kind} by {event.actor}" + (f"\n      {said}" if said else "")
