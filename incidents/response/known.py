"""Which ways in were known before an incident: findings, open when it was opened, about what its builds used."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from msgspec import Struct

from incidents.impact.answer import Status
from inventory.graph.findings import UsedIn, known_before

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from incidents.impact.answer import Build
    from incidents.models import Incident
    from supplychain.access.actors import Actor


class KnownFinding(Struct, frozen=True):
    """A finding that was open before. `builds` are the runs it is about, by their places in the list asked about."""

    id: UUID
    url: str
    detector: str
    title: str
    severity: str
    state: str
    repository: str
    path: str
    subject: str
    first_seen_at: datetime
    builds: tuple[int, ...]


def used_by(builds: Sequence[Build]) -> Mapping[UsedIn, Sequence[int]]:
    """Return what the exposed of these builds used, each with their places in the list."""
    places: dict[UsedIn, list[int]] = defaultdict(list)
    for place, build in enumerate(builds):
        if build.status is not Status.CLEARED and build.file is not None and build.uses is not None:
            places[UsedIn(build.file, build.uses)].append(place)
    return places


def known_findings(
    incident: Incident, used_by_builds: Mapping[UsedIn, Sequence[int]], *, actor: Actor
) -> tuple[KnownFinding, ...]:
    """Return what was known of what builds used, the oldest first. Two statements; none where nothing was used."""
    return tuple(
        KnownFinding(
            id=finding.public_id,
            url=f"/api/v1/findings/{finding.public_id}",
            detector=finding.detector,
            title=finding.title,
            severity=finding.severity,
            state=finding.state.value,
            repository=finding.repository,
            path=finding.path,
            subject=finding.subject,
            first_seen_at=finding.first_seen_at,
            builds=tuple(sorted({place for one in used for place in used_by_builds[one]})),
        )
        for finding, used in known_before(used_by_builds, before=incident.opened_at, actor=actor)
    )
