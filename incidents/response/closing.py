"""Whether an incident may be closed: not while a service is unproven, unless a person says so and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.models import ActionState, IncidentService, RecoveryStamp
from incidents.response.rounds import credentials_for
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from incidents.models import Incident
    from incidents.response.credentials import Credential
    from supplychain.access.actors import Actor
    from supplychain.errors import ErrorDetail

MAX_NAMED = 20


class UnprovenError(DomainError):
    """Services are not proven recovered, or credentials that no service waits for are not rotated."""

    def __init__(self, names: list[str], details: Sequence[ErrorDetail] = ()) -> None:
        self.names = names
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        super().__init__(
            "recovery_unproven",
            f"Not proven recovered: {', '.join(names[:MAX_NAMED])}{more}. Prove them or accept it (`accept_unproven`).",
            status=409,
            details=details,
        )


def unproven_services(incident: Incident) -> list[IncidentService]:
    """Return the services whose newest stamp does not say recovered. Two statements."""
    stamps = RecoveryStamp.objects.filter(service__incident=incident).order_by("service", "number")
    newest = dict(stamps.values_list("service_id", "is_recovered"))
    services = incident.services.select_related("team").order_by("team__slug", "service", "workload")
    return [one for one in services if not newest.get(one.pk, False)]


def unrotated(incident: Incident, *, actor: Actor) -> list[str]:
    """Return the credentials of runs of which nothing came that runs, where no service of their team waits for them."""
    found = credentials_for(incident, actor=actor)
    done = {one.key for one in found if one.state == ActionState.DONE}
    return left_to_rotate(found, done=done, teams=set(incident.services.values_list("team__slug", flat=True)))


def left_to_rotate(found: Iterable[Credential], *, done: AbstractSet[str], teams: AbstractSet[str]) -> list[str]:
    """Return the same of credentials that were read; `done` are keys of what was rotated, `teams` those of services."""
    return [
        f"{one.name} of {one.repository}" if one.repository not in one.name else one.name
        for one in found
        if one.is_required and one.key not in done and not one.digests and one.team not in teams
    ]


def check_proven(incident: Incident, *, accept_unproven: bool, actor: Actor) -> list[str]:
    """Return the names of what is unproven and accepted; raises UnprovenError where it is not accepted."""
    names = [f"{one.team.slug}/{one.title}" for one in unproven_services(incident)]
    names += unrotated(incident, actor=actor)
    if names and not accept_unproven:
        raise UnprovenError(names)
    return names
