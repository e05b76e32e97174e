"""The timeline of an incident: every change of it is told there, in the transaction that makes it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from incidents.announcing import FOR_TEAMS, OF_ONE_TEAM, TELLING_A_TEAM, announce
from incidents.models import EventKind, Incident, IncidentEvent
from supplychain.access import audit
from supplychain.access.models import Team
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON

_NO_DETAILS: Mapping[str, JSON] = {}
# What the web server's role may update; the rest of an incident is written once (models/grants.py).
_CHANGEABLE = (
    "title",
    "severity",
    "stage",
    "owner",
    "question",
    "is_exploited",
    "is_severe",
    "aware_at",
    "fixed_at",
    "changed_at",
    "closed_at",
    "version",
    "run_count",
    "event_count",
)


class IncidentNotFoundError(DomainError):
    """There is no such incident, or not for this actor."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such incident.", status=404)


class StaleVersionError(DomainError):
    """Somebody else changed the incident meanwhile."""

    def __init__(self, version: int) -> None:
        super().__init__(
            "stale_version", f"The incident was changed meanwhile: it is at version {version} now.", status=412
        )


@dataclass(slots=True)
class Change:
    """A change of one incident under way: its row is locked, and what is told is written at the end."""

    incident: Incident
    actor: Actor
    at: datetime
    events: list[IncidentEvent] = field(default_factory=list)
    _before: dict[str, object] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._before = self._values()

    def tell(self, kind: EventKind, text: str = "", *, details: Mapping[str, JSON] = _NO_DETAILS) -> None:
        """Add a line to the timeline."""
        self.incident.event_count += 1
        self.events.append(
            IncidentEvent(
                incident=self.incident,
                number=self.incident.event_count,
                kind=kind,
                at=self.at,
                actor=self.actor.label,
                text=text,
                details=dict(details),
            )
        )

    def save(self) -> None:
        """Write the incident, its new lines, and one audit line each; nothing when nothing was told."""
        if not self.events:
            return
        self.incident.version += 1
        self.incident.changed_at = self.at
        now = self._values()
        # Only what differs: a worker that asks again may update less of an incident than the web server.
        self.incident.save(update_fields=[name for name in _CHANGEABLE if now[name] != self._before[name]])
        IncidentEvent.objects.bulk_create(self.events)
        announce(self.incident, self.events)
        for event in self.events:
            audit.record(
                self.actor,
                f"incident.{event.kind}",
                subject=str(self.incident.public_id),
                details={"text": event.text, **event.details},
                team_id=self.incident.team_id,
                at=self.at,
            )

    def _values(self) -> dict[str, object]:
        attributes = {"owner": "owner_id"}
        return {name: getattr(self.incident, attributes.get(name, name)) for name in _CHANGEABLE}


def events_for(incident: Incident, *, actor: Actor) -> QuerySet[IncidentEvent]:
    """Return the lines of the timeline that the actor may see.

    A team that an incident of the organisation concerns sees what becomes of it and what is said of itself; not what
    was found of others, nor the notes of who runs it.
    """
    events = IncidentEvent.objects.filter(incident=incident)
    if incident.is_whole_for(actor):
        return events
    slugs = Team.objects.filter(pk__in=sorted(actor.team_ids or ())).values("slug")
    return events.filter(
        Q(kind__in=FOR_TEAMS)
        | Q(kind__in=OF_ONE_TEAM, text__in=slugs)
        | Q(kind__in=TELLING_A_TEAM, details__team__in=list(slugs.values_list("slug", flat=True)))
    )


@contextmanager
def changing(public_id: UUID, *, actor: Actor, at: datetime, version: int | None = None) -> Iterator[Change]:
    """Lock an incident, let it be changed, and write what was told, in one transaction.

    Raises IncidentNotFoundError, and StaleVersionError when `version` is given and no longer the incident's.
    """
    with transaction.atomic():
        visible = Incident.objects.visible_to(actor)
        incident = visible.select_for_update(of=("self",)).filter(public_id=public_id).first()
        if incident is None:
            raise IncidentNotFoundError
        if version is not None and version != incident.version:
            raise StaleVersionError(incident.version)
        change = Change(incident, actor, at)
        yield change
        change.save()
