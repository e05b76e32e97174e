"""Stamp what was proven: a service recovers by itself when all seven proofs hold, and loses it when one is refuted.

Rebuilds and redeployments are settled with that, by the proofs that each of them needs (settling.py).
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
from django.db.models import F
from django.utils import timezone

from incidents.asking import read_incident_question
from incidents.impact.answer import Status
from incidents.models import (
    ActionState,
    ContainmentAction,
    EventKind,
    FollowedEvidence,
    Incident,
    LiveQuestion,
    Occasion,
    RecoveryStamp,
    Stage,
)
from incidents.recovery.milestones import tell_milestones
from incidents.recovery.settling import settle, settlements_of
from incidents.recovery.standing import recovery_of
from incidents.response import runs
from incidents.response.binding import settle_ended
from incidents.response.opening import ask_again
from incidents.timeline import changing
from inventory.graph.applied import newest_sequence, newest_verdict, read_run_marks
from inventory.graph.at_places import count_silent
from inventory.policy.models import Block
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

SHARE = 0.25
"""Of one worker's time, for all open incidents together, while evidence keeps coming."""
ANYWAY = timedelta(minutes=10)
"""So often even where nothing is known to have changed."""
_FOUND = frozenset({Status.AFFECTED, Status.POSSIBLE})


def stamp_all(at: datetime) -> int:
    """Stamp the open incidents of which a proof can stand otherwise than before; return how many services were stamped.

    Idempotent. Proofs rest on the incident, on evidence, on verdicts, on which clusters are heard, and on blocks that
    end at their time: where none of these changed, nothing is read. Those looked at longest ago come first, and none so
    often that all of them take more than a part of one worker's time.
    """
    marks, ended = _marks(at), _with_ended_blocks(at)
    opened = Incident.objects.filter(closed_at__isnull=True).select_related("live")
    ordered = list(opened.order_by(F("live__stamped_at").asc(nulls_first=True), "public_id"))
    count = 0
    for incident in ordered:
        live = getattr(incident, "live", None)
        if live is None or incident.public_id in ended or _is_due(live, incident, marks, at=at, of=len(ordered)):
            count += _stamp_or_log(incident, marks, at=at)
    return count


def _marks(at: datetime) -> str:
    """Return what stays the same while nothing changes that any proof rests on. Five statements.

    A number that commits after a higher one is no longer missing then (live/following.py).
    """
    missing = FollowedEvidence.objects.values_list("missing", flat=True).first() or {}
    late = hashlib.sha256(",".join(sorted(missing)).encode()).hexdigest()[:8]
    return f"{newest_sequence()}.{late}.{newest_verdict()}.{count_silent(at)}.{read_run_marks()}"


def _with_ended_blocks(at: datetime) -> set[UUID]:
    done = ContainmentAction.objects.filter(
        state=ActionState.DONE, block__in=Block.objects.ended(at).values("public_id")
    )
    return set(done.values_list("incident__public_id", flat=True))


def _is_due(live: LiveQuestion, incident: Incident, marks: str, *, at: datetime, of: int) -> bool:
    if live.stamped == _seen(incident, marks):
        return live.stamped_at is None or live.stamped_at + ANYWAY <= at
    rest = timedelta(milliseconds=live.stamp_ms) * of / SHARE
    return live.stamped_at is None or live.stamped_at + rest <= at


def _seen(incident: Incident, marks: str) -> str:
    return f"{incident.version}.{marks}"


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
    settled = settlements_of(incident, recovery=recovery, actor=actor)
    proven = [*gained, *(service for one in settled if one.is_done for service in one.services)]
    is_confirmed = not proven or _is_confirmed(incident, proven, actor=actor, at=at)
    with changing(public_id, actor=actor, at=at) as change:
        if change.incident.stage != Stage.CLOSED:
            settle_ended(change)
            _write(change, gained if is_confirmed else [], lost, recovery=recovery)
            settled = settlements_of(change.incident, recovery=recovery, actor=actor)  # as they are, locked
            settle(change, [one for one in settled if is_confirmed or not one.is_done])
            tell_milestones(change)
    LiveQuestion.objects.filter(incident=incident).update(proofs=_summed_up(recovery))
    return (len(gained) if is_confirmed else 0) + len(lost)


def _stamp_or_log(incident: Incident, marks: str, *, at: datetime) -> int:
    """One incident that cannot be stamped must not keep the others from it; it is tried again when anything changes.

    What came while it was stamped is seen the next time: the marks are those from before.
    """
    began = monotonic()
    try:
        count = stamp(incident.public_id, at=at)
    except DomainError:
        logger.exception("an incident's recovery was not stamped", extra={"incident": str(incident.public_id)})
        count = 0
    incident.refresh_from_db(fields=["version"])
    took_ms = round((monotonic() - began) * 1000)
    rows = LiveQuestion.objects.filter(incident=incident)
    rows.update(stamped=_seen(incident, marks), stamped_at=at, stamp_ms=took_ms)
    return count


def _summed_up(recovery: Recovery) -> str:
    """Return what differs whenever a page of the recovery does: pages that follow are told by it."""
    shown = [(one.service.pk, one.state, msgspec.to_builtins(one.found.proofs)) for one in recovery.services]
    return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:32]


def _eyes(incident: Incident) -> Actor:
    actor = system_actor("recovery")
    return actor if incident.team_id is None else replace(actor, team_ids=frozenset({incident.team_id}))


def _is_confirmed(incident: Incident, proven: Collection[ServiceStanding], *, actor: Actor, at: datetime) -> bool:
    asked = read_incident_question(incident.question)
    answered = runs.ask(asked.question, actor=actor, at=at, audited=False)
    found = {row.artifact.digest for row in answered.rows if row.status in _FOUND}
    if found.isdisjoint(digest for one in proven for digest in one.found.new):
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
