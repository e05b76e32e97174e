"""Whether an incident may be closed: not while a service is unproven, unless a person says so and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.models import IncidentService, RecoveryStamp
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from incidents.models import Incident

MAX_NAMED = 20


class UnprovenError(DomainError):
    """Services are not proven recovered."""

    def __init__(self, names: list[str]) -> None:
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        super().__init__(
            "recovery_unproven",
            f"Not proven recovered: {', '.join(names[:MAX_NAMED])}{more}. Prove them, or close with `accept_unproven`.",
            status=409,
        )


def unproven_services(incident: Incident) -> list[IncidentService]:
    """Return the services whose newest stamp does not say recovered. Two statements."""
    stamps = RecoveryStamp.objects.filter(service__incident=incident).order_by("service", "number")
    newest = dict(stamps.values_list("service_id", "is_recovered"))
    services = incident.services.select_related("team").order_by("team__slug", "service", "workload")
    return [one for one in services if not newest.get(one.pk, False)]


def check_proven(incident: Incident, *, accept_unproven: bool) -> list[str]:
    """Return the names of unproven services that are accepted; raises UnprovenError where they are not."""
    names = [f"{one.team.slug}/{one.title}" for one in unproven_services(incident)]
    if names and not accept_unproven:
        raise UnprovenError(names)
    return names
