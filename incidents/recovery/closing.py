"""Close an incident; where that is refused, name the proofs that each service lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.models import Incident
from incidents.recovery.proofs import ProofState
from incidents.recovery.standing import recovery_of
from incidents.response.changes import change_incident
from incidents.response.closing import UnprovenError
from supplychain.errors import ErrorDetail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from incidents.recovery.standing import ServiceStanding
    from incidents.response.changes import Wanted
    from supplychain.access.actors import Actor


def change_or_tell_left(public_id: UUID, wanted: Wanted, *, actor: Actor, at: datetime) -> Incident:
    """Change what is wanted. Raises what change_incident() raises, UnprovenError with `details`.

    Each detail is a proof that a service lacks: its code, and why it stands so.
    """
    try:
        return change_incident(public_id, wanted, actor=actor, at=at)
    except UnprovenError as refused:
        incident = Incident.objects.visible_to(actor).get(public_id=public_id)
        left = {_name(one): one for one in recovery_of(incident, actor=actor, at=at).services}
        named = [f"{name} ({_words(left[name])})" if name in left else name for name in refused.names]
        details = [detail for name in refused.names if name in left for detail in _details(name, left[name])]
        raise UnprovenError(named, details) from refused


def _name(one: ServiceStanding) -> str:
    return f"{one.service.team.slug}/{one.service.title}"


def _words(one: ServiceStanding) -> str:
    left = [proof.proof.value for proof in one.found.proofs if proof.state is not ProofState.PROVEN]
    return ", ".join(left) or "all proofs hold: it is stamped within seconds"


def _details(name: str, one: ServiceStanding) -> Iterator[ErrorDetail]:
    for proof in one.found.proofs:
        if proof.state is not ProofState.PROVEN:
            codes = ", ".join(dict.fromkeys(reason.code for reason in proof.reasons))
            yield ErrorDetail("", proof.proof.value, f"{name}: {proof.state.value}, {codes}")
