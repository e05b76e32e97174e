"""Which services an incident reached, and where: kept, because an answer forgets what no longer runs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.impact.answer import Status
from incidents.models import IncidentPlace, IncidentService
from supplychain.access.models import Team

if TYPE_CHECKING:
    from collections.abc import Iterable

    from incidents.impact.answer import Row
    from incidents.timeline import Change

_FOUND = frozenset({Status.AFFECTED, Status.POSSIBLE})


@dataclass(frozen=True, slots=True)
class _Key:
    team: str
    service: str
    workload: str


@dataclass(frozen=True, slots=True)
class _Place:
    digest: str
    cluster: str
    namespace: str
    kind: str
    name: str
    container: str


def note_services(change: Change, rows: Iterable[Row], *, run_number: int) -> None:
    """Add the services and places of an answer's affected and possible rows. Four statements, however many."""
    found = _found(rows)
    teams = {team.slug: team for team in Team.objects.filter(slug__in={key.team for key in found})}
    IncidentService.objects.bulk_create(
        (
            IncidentService(
                incident=change.incident,
                team=teams[key.team],
                service=key.service,
                workload=key.workload,
                run_number=run_number,
                since=change.at,
            )
            for key in found
            if key.team in teams
        ),
        ignore_conflicts=True,
    )
    known = {
        _Key(one.team.slug, one.service, one.workload): one for one in change.incident.services.select_related("team")
    }
    IncidentPlace.objects.bulk_create(
        (
            IncidentPlace(
                service=known[key],
                digest=place.digest,
                cluster=place.cluster,
                namespace=place.namespace,
                kind=place.kind,
                name=place.name,
                container=place.container,
                run_number=run_number,
            )
            for key, places in found.items()
            if key in known
            for place in sorted(places, key=lambda one: (one.digest, one.cluster, one.namespace, one.name))
        ),
        ignore_conflicts=True,
    )


def _found(rows: Iterable[Row]) -> dict[_Key, set[_Place]]:
    found: dict[_Key, set[_Place]] = defaultdict(set)
    for row in rows:
        if row.status not in _FOUND:
            continue
        for one in row.workloads:
            workload = "" if one.service else f"{one.cluster}/{one.namespace}/{one.kind}/{one.name}"
            place = _Place(row.artifact.digest or "", one.cluster, one.namespace, one.kind, one.name, one.container)
            found[_Key(one.team, one.service or "", workload)].add(place)
    return dict(sorted(found.items(), key=lambda item: (item[0].team, item[0].service, item[0].workload)))
