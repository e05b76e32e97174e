"""Where the recovery of an incident stands: each service with its proofs, and when it was stamped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from incidents.recovery.facts import gather, reached_by
from incidents.recovery.proofs import prove

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from incidents.models import Incident, IncidentService, RecoveryStamp
    from incidents.recovery.facts import Facts
    from incidents.recovery.proofs import ServiceProofs
    from incidents.response.answers import KeptAnswer
    from incidents.response.credentials import Credential
    from supplychain.access.actors import Actor


@dataclass(frozen=True)
class ServiceStanding:
    """One service: what is proven now, and what was stamped. `recovered_at` is of the newest stamp, if it says so.

    `is_withdrawn`: nothing that it ran is matched any more; the list was wrong.
    """

    service: IncidentService
    stamps: Sequence[RecoveryStamp]
    is_withdrawn: bool
    _facts: Callable[[], Facts]

    @cached_property
    def found(self) -> ServiceProofs:
        """What is proven of it, computed when somebody looks."""
        return prove(self.service, self._facts())

    @property
    def recovered_at(self) -> datetime | None:
        return self.stamps[-1].at if self.stamps and self.stamps[-1].is_recovered else None

    @property
    def lost_at(self) -> datetime | None:
        return self.stamps[-1].at if self.stamps and not self.stamps[-1].is_recovered else None

    @property
    def is_over(self) -> bool:
        return self.is_withdrawn or self.recovered_at is not None

    @property
    def state(self) -> str:
        """Withdrawn, recovered, lost, proven (and to be stamped), or recovering."""
        if self.is_withdrawn:
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
    most: int | None = None,
) -> Recovery:
    """Return where each service stands. A constant number of statements, whatever the size.

    `kept` is the newest answer and `credentials` those of it, where the caller has read them. Whoever shows a few
    services says how many at `most`: only so many of those that are over, and of those that are not, can be proven.
    """
    reached = reached_by(incident, actor=actor, kept=kept)

    @cache
    def facts() -> Facts:
        over, left = ([one.service for one in standings if one.is_over is is_over] for is_over in (True, False))
        return gather(reached, [*left[:most], *over[:most]], actor=actor, at=at, credentials=credentials)

    standings = tuple(
        ServiceStanding(service, reached.stamps.get(service.pk, ()), service.pk in reached.withdrawn, facts)
        for service in reached.services
    )
    if most is None:  # as of now, not of when somebody looks
        facts()
    return Recovery(reached.kept.run.number, reached.kept.run.data_as_of, standings)
