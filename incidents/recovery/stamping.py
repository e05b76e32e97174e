"""Stamp what was proven: a service recovers by itself when all seven proofs hold, and loses it when one is refuted."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from django.utils import timezone

from incidents.asking import read_incident_question
from incidents.impact.answer import Status
from incidents.models import EventKind, Incident, Occasion, RecoveryStamp, Stage
from incidents.recovery.milestones import tell_milestones
from incidents.recovery.standing import recovery_of
from incidents.response import runs
from incidents.response.binding import settle_ended
from incidents.response.opening import ask_again
from incidents.timeline import changing
from supplychain.access.actors import system_actor
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from incidents.recovery.standing import Recovery, ServiceStanding
    from incidents.timeline import Change
    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON

logger = logging.getLogger(__name__)

_FOUND = frozenset({Status.AFFECTED, Status.POSSIBLE})


def stamp_all(at: datetime) -> int:
    """Stamp every incident that is not closed; return how many services were stamped. Idempotent."""
    open_ones = Incident.objects.filter(closed_at__isnull=True).order_by("public_id")
    return sum(_stamp_or_log(public_id, at=at) for public_id in open_ones.values_list("public_id", flat=True))


def stamp(public_id: UUID, *, at: datetime) -> int:
    """Stamp the services of one incident whose proofs say otherwise than their newest stamp; return how many.

    An answer from before an SBOM came knows nothing of it, so then the question is asked again and the answer kept:
    it is the evidence that nothing matches. What looks proven is asked once more after its evidence was read.
    """
    incident = Incident.objects.filter(public_id=public_id).select_related("team").get()
    actor = _eyes(incident)
    recovery = recovery_of(incident, actor=actor, at=at)
    if any(one.found.waits_for_answer for one in recovery.services):
        _ask_again(incident, actor=actor, at=at)
        incident.refresh_from_db()
        recovery = recovery_of(incident, actor=actor, at=at)
    gained = [one for one in recovery.services if one.found.is_proven and one.recovered_at is None]
    lost = [one for one in recovery.services if one.found.is_contradicted and one.recovered_at is not None]
    if gained and not _is_confirmed(incident, gained, actor=actor, at=at):
        gained = []
    with changing(public_id, actor=actor, at=at) as change:
        if change.incident.stage != Stage.CLOSED:
            settle_ended(change)
            _write(change, gained, lost, recovery=recovery)
            tell_milestones(change)
    return len(gained) + len(lost)


def _stamp_or_log(public_id: UUID, *, at: datetime) -> int:
    """One incident that cannot be stamped must not keep the others from it."""
    try:
        return stamp(public_id, at=at)
    except DomainError:
        logger.exception("an incident's recovery was not stamped", extra={"incident": str(public_id)})
        return 0


def _eyes(incident: Incident) -> Actor:
    actor = system_actor("recovery")
    return actor if incident.team_id is None else replace(actor, team_ids=frozenset({incident.team_id}))


def _is_confirmed(incident: Incident, gained: Collection[ServiceStanding], *, actor: Actor, at: datetime) -> bool:
    asked = read_incident_question(incident.question)
    answered = runs.ask(asked.question, actor=actor, at=at)
    found = {row.artifact.digest for row in answered.rows if row.status in _FOUND}
    if found.isdisjoint(digest for one in gained for digest in one.found.new):
        return True
    _ask_again(incident, actor=actor, at=at)
    return False


def _ask_again(incident: Incident, *, actor: Actor, at: datetime) -> None:
    asked = read_incident_question(incident.question)
    ask_again(
        incident.public_id,
        question=asked.question,
        given=asked.given,
        occasion=Occasion.EVIDENCE,
        actor=actor,
        at=max(at, timezone.now()),
    )


def _write(
    change: Change, gained: Collection[ServiceStanding], lost: Collection[ServiceStanding], *, recovery: Recovery
) -> None:
    for one in (*gained, *lost):
        newest = one.service.stamps.order_by("-number").first()
        is_recovered = one in gained
        if newest is not None and newest.is_recovered == is_recovered:
            continue
        RecoveryStamp.objects.create(
            service=one.service,
            number=1 if newest is None else newest.number + 1,
            is_recovered=is_recovered,
            at=change.at,
            run_number=recovery.run_number,
            proofs=msgspec.to_builtins(one.found.proofs),
        )
        _tell(change, one, is_recovered=is_recovered)


def _tell(change: Change, one: ServiceStanding, *, is_recovered: bool) -> None:
    kind = EventKind.RECOVERED if is_recovered else EventKind.RECOVERY_LOST
    left = [proof.proof.value for proof in one.found.proofs if proof.state != "proven"]
    details: dict[str, JSON] = {
        "team": one.service.team.slug,
        "is_withdrawn": one.found.is_withdrawn,
        "left": left,
        "new": list(one.found.new)[:20],
    }
    change.tell(kind, one.service.title, details=details)
