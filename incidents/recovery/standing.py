"""Where the recovery of an incident stands: each service with its proofs, and when it was stamped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.recovery.facts import gather
from incidents.recovery.proofs import prove

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from incidents.models import Incident, IncidentService, RecoveryStamp
    from incidents.recovery.proofs import ServiceProofs
    from incidents.response.answers import KeptAnswer
    from incidents.response.credentials import Credential
    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class ServiceStanding:
    """One service: what is proven now, and what was stamped. `recovered_at` is of the newest stamp, if it says so."""

    found: ServiceProofs
    stamps: Sequence[RecoveryStamp]

    @property
    def service(self) -> IncidentService:
        return self.found.service

    @property
    def recovered_at(self) -> datetime | None:
        return self.stamps[-1].at if self.stamps and self.stamps[-1].is_recovered else None

    @property
    def lost_at(self) -> datetime | None:
        return self.stamps[-1].at if self.stamps and not self.stamps[-1].is_recovered else None

    @property
    def state(self) -> str:
        """Withdrawn, recovered, lost, proven (and to be stamped), or recovering."""
        if self.found.is_withdrawn:
            return "withdrawn"
        if self.recovered_at is not None:
            return "recovered"
        if self.lost_at is not None:
            return "lost"
        return "proven" if self.found.is_proven else "recovering"


@dataclass(frozen=True, slots=True)
class Recovery:
    """All services that the actor may see, as of the newest answer."""

    run_number: int
    data_as_of: datetime
    services: tuple[ServiceStanding, ...]

    @property
    def recovered_count(self) -> int:
        return sum(one.recovered_at is not None for one in self.services)

    @property
    def is_whole(self) -> bool:
        return all(one.recovered_at is not None for one in self.services)


def recovery_of(
    incident: Incident,
    *,
    actor: Actor,
    at: datetime,
    kept: KeptAnswer | None = None,
    credentials: Sequence[Credential] | None = None,
) -> Recovery:
    """Return where each service stands. A constant number of statements, whatever the size.

    `kept` is the newest answer and `credentials` those of it, where the caller has read them.
    """
    facts = gather(incident, actor=actor, at=at, kept=kept, credentials=credentials)
    standings = tuple(
        ServiceStanding(prove(service, facts), facts.stamps.get(service.pk, ())) for service in facts.services
    )
    return Recovery(facts.run_number, facts.data_as_of, standings)
