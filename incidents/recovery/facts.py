"""What the seven proofs are computed from, read once for all services of an incident."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from incidents.models import ActionKind, ActionState, EventKind, IncidentEvent, IncidentPlace, RecoveryStamp
from incidents.response.answers import read_newest
from incidents.response.rounds import credentials_of
from inventory.graph.at_places import WorkloadPlace, runs_at, states_of
from inventory.graph.built import builds_of, sboms_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from incidents.models import ContainmentAction, Incident, IncidentService
    from incidents.response.answers import KeptAnswer
    from incidents.response.credentials import Credential
    from inventory.graph.at_places import OpenRun, PlaceState
    from inventory.graph.built import BuildOf, SbomOf
    from supplychain.access.actors import Actor

Item = TypeVar("Item")
Key = TypeVar("Key", bound="Hashable")


class Place(NamedTuple):
    """Where a service ran something that was found, as an IncidentPlace tells."""

    service_id: int
    digest: str
    cluster: str
    namespace: str
    kind: str
    name: str
    container: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known, by service, place and artifact. `found` are the digests of the newest answer's rows."""

    services: Sequence[IncidentService]
    places: Mapping[int, Sequence[Place]]
    stamps: Mapping[int, Sequence[RecoveryStamp]]
    run_number: int
    data_as_of: datetime
    found: AbstractSet[str]
    fixed_at: datetime
    runs: Mapping[WorkloadPlace, Sequence[OpenRun]]
    states: Mapping[WorkloadPlace, PlaceState]
    sboms: Mapping[int, Sequence[SbomOf]]
    builds: Mapping[int, Sequence[BuildOf]]
    rotations: Mapping[str, ContainmentAction]
    credentials: Sequence[Credential]
    exported_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reached:
    """The services of an incident that the actor may see, where each ran what was found, and how it was stamped."""

    incident: Incident
    kept: KeptAnswer
    services: Sequence[IncidentService]
    places: Mapping[int, Sequence[Place]]
    stamps: Mapping[int, Sequence[RecoveryStamp]]
    found: AbstractSet[str]
    withdrawn: AbstractSet[int]
    """The services of which the answer has no digest any more, by their keys."""


def reached_by(incident: Incident, *, actor: Actor, kept: KeptAnswer | None = None) -> Reached:
    """Read which services there are, and what they ran up to an answer: that stays the same for good.

    Three statements; `kept` is the newest answer, where the caller has read it.
    """
    kept = kept or read_newest(incident)
    services = incident.services.filter(run_number__lte=kept.run.number).select_related("team")
    services = services.order_by("team__slug", "service", "workload")
    stamps = RecoveryStamp.objects.filter(service__incident=incident).order_by("number")
    if incident.is_whole_for(actor):
        shown = kept.once("services", lambda: tuple(services))
        places = kept.once("places", lambda: _places_of(kept))
        withdrawn = kept.once("withdrawn", lambda: _withdrawn(kept, shown, places))
    else:
        shown = tuple(services.filter(team__in=sorted(actor.team_ids or ())))
        places = _places_of(kept, services=shown)
        withdrawn = _withdrawn(kept, shown, places)
        stamps = stamps.filter(service__in=shown)
    return Reached(
        incident,
        kept,
        shown,
        places,
        _by(stamps, lambda one: one.service_id),
        kept.basis.found.keys(),
        withdrawn,
    )


def gather(
    reached: Reached,
    services: Sequence[IncidentService],
    *,
    actor: Actor,
    at: datetime,
    credentials: Sequence[Credential] | None = None,
) -> Facts:
    """Read the facts of these services as far as the actor may see them. A constant number of statements.

    `credentials` are those of the newest answer, where the caller has read them.
    """
    incident, kept = reached.incident, reached.kept
    places = {service.pk: reached.places.get(service.pk, ()) for service in services}
    wanted = {workload_of(place) for found in places.values() for place in found}
    runs = runs_at(wanted, actor=actor)
    artifacts = {run.artifact_id for run in runs if run.artifact_id is not None}
    described = artifacts | {artifact_id for run in runs for artifact_id in run.sure_ids}
    return Facts(
        services=services,
        places=places,
        stamps=reached.stamps,
        run_number=kept.run.number,
        data_as_of=kept.run.data_as_of,
        found=reached.found,
        fixed_at=incident.fixed_at or incident.opened_at,
        runs=_by(runs, lambda one: one.place),
        states=states_of(wanted, at=at, actor=actor),
        sboms=_by(sboms_of(described, actor=actor), lambda one: one.artifact_id),
        builds=_by(builds_of(artifacts, actor=actor), lambda one: one.artifact_id),
        rotations=_rotations(incident),
        credentials=credentials_of(kept.basis, incident=incident, actor=actor) if credentials is None else credentials,
        exported_at=_exported_at(incident),
    )


def _places_of(kept: KeptAnswer, *, services: Sequence[IncidentService] | None = None) -> Mapping[int, Sequence[Place]]:
    """Return the places of all services, or of some. One statement."""
    found = IncidentPlace.objects.filter(service__incident=kept.run.incident_id, run_number__lte=kept.run.number)
    if services is not None:
        found = found.filter(service__in=services)
    columns = found.order_by("pk").values_list(*Place._fields)
    return _by((Place(*place) for place in columns), lambda one: one.service_id)


def _withdrawn(
    kept: KeptAnswer, services: Iterable[IncidentService], places: Mapping[int, Sequence[Place]]
) -> frozenset[int]:
    found = kept.basis.found
    return frozenset(one.pk for one in services if not any(place.digest in found for place in places.get(one.pk, ())))


def workload_of(place: Place) -> WorkloadPlace:
    """Return the workload of a place."""
    return WorkloadPlace(place.cluster, place.namespace, place.kind, place.name)


def _rotations(incident: Incident) -> dict[str, ContainmentAction]:
    """Return the rotations that are to be done or are done, by what they take out of use."""
    kinds = [ActionKind.ROTATE.value, ActionKind.REVOKE.value]
    states = [ActionState.OPEN.value, ActionState.DONE.value]
    actions = incident.actions.filter(kind__in=kinds, state__in=states).select_related("team").order_by("number")
    return {action.target_hash: action for action in actions}


def _exported_at(incident: Incident) -> datetime | None:
    # A concerned team may take the pack of its part: that proves nothing for the whole.
    events = IncidentEvent.objects.filter(incident=incident, kind=EventKind.EXPORTED, details__is_whole=True)
    return events.order_by("-number").values_list("at", flat=True).first()


def _by(rows: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    found: dict[Key, list[Item]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(found)
