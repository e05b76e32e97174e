"""Rebuilds and redeployments are done when evidence proves them, and are to be done again when it takes a proof back.

What a person opened again after it was done, or withdrew, is theirs: evidence leaves it as it is. What a person said is
done, evidence does not open either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from incidents.models import ActionKind, ActionState, EventKind
from incidents.recovery.proofs import Proof, ProofState
from incidents.response.answers import newest_answer
from incidents.response.basis import said_of
from incidents.response.said import MAX_ARTIFACTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from incidents.models import ContainmentAction, Incident
    from incidents.recovery.proofs import Proven
    from incidents.recovery.standing import Recovery, ServiceStanding
    from incidents.timeline import Change
    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON

_BUILT: Final = (Proof.NEW_ARTIFACT, Proof.SBOM_CLEAN, Proof.PROVENANCE_VERIFIED)
_NEEDED: Final[Mapping[str, Sequence[Proof]]] = {
    ActionKind.REBUILD.value: _BUILT,
    ActionKind.REDEPLOY.value: (*_BUILT, Proof.REPLACED_EVERYWHERE),
}
_WORKLOAD: Final = ("cluster", "namespace", "kind", "name")
_SAVED: Final = ("state", "done_at", "done_by", "evidence_after", "changed_at", "version")


@dataclass(frozen=True, slots=True)
class Settlement:
    """An action that evidence moves, and the services that it is about. `is_done`: it is; else it no longer is."""

    action: ContainmentAction
    services: Sequence[ServiceStanding]
    is_done: bool


def settlements_of(incident: Incident, *, recovery: Recovery, actor: Actor) -> list[Settlement]:
    """Return what evidence moves now, by number; `actor` is who moves it, and moved it before. One statement.

    Closed by evidence is what every service of the target proves, of each of its images. What is merely unknown for a
    while opens nothing.
    """
    states = [ActionState.OPEN.value, ActionState.DONE.value]
    actions = incident.actions.filter(kind__in=list(_NEEDED), state__in=states).select_related("team")
    by_title = _by_title(recovery)
    found: list[Settlement] = []
    for action in actions.order_by("number"):
        services = by_title.get(_title_of(action), ())
        proofs = [_needed(one, action) for one in services]
        if not proofs:
            continue
        is_left = any(one.found.not_rebuilt for one in services)
        if action.state == ActionState.DONE:
            is_refuted = is_left or any(proof.state is ProofState.MISSING for some in proofs for proof in some)
            if is_refuted and action.done_by == actor.label:
                found.append(Settlement(action, services, is_done=False))
        elif action.reopened_by or is_left:
            continue
        elif all(proof.state is ProofState.PROVEN for some in proofs for proof in some):
            found.append(Settlement(action, services, is_done=True))
    return found


def settle(change: Change, settlements: Sequence[Settlement]) -> None:
    """Move the actions, each with what proved it, and tell it on the timeline."""
    answer = newest_answer(change.incident) if settlements else None
    for one in settlements:
        action, shown = one.action, _shown(one)
        before = action.state
        if one.is_done:
            assert answer is not None  # noqa: S101  there is something to settle
            said = said_of(ActionKind(action.kind), action.target, answer=answer)
            action.state, action.done_at, action.done_by = ActionState.DONE, change.at, change.actor.label
            action.evidence_after = {**said, "note": "", "proven": [_proven(service, action) for service in shown]}
        else:
            action.state, action.done_at, action.done_by, action.evidence_after = ActionState.OPEN, None, "", None
        action.changed_at = change.at
        action.version += 1
        action.save(update_fields=_SAVED)
        _tell(change, one, before=before)


def _by_title(recovery: Recovery) -> Mapping[str, list[ServiceStanding]]:
    """Return the services by name, several teams' together; those that the list was wrong about prove nothing."""
    found: dict[str, list[ServiceStanding]] = {}
    for one in recovery.services:
        if not one.is_withdrawn:
            found.setdefault(one.service.title, []).append(one)
    return found


def _title_of(action: ContainmentAction) -> str:
    """Return the service, or the workload of none, that is all its target names; '' where it names more or less."""
    target = action.target
    if set(target) == {"service"}:
        return str(target["service"])
    return "/".join(str(target[name]) for name in _WORKLOAD) if set(target) == set(_WORKLOAD) else ""


def _needed(one: ServiceStanding, action: ContainmentAction) -> list[Proven]:
    return [proof for proof in one.found.proofs if proof.proof in _NEEDED[action.kind]]


def _shown(one: Settlement) -> list[ServiceStanding]:
    """Return the services that the action's team may read of: another's may have the same name."""
    team_id = one.action.team_id
    return [service for service in one.services if team_id in {None, service.service.team_id}]


def _proven(one: ServiceStanding, action: ContainmentAction) -> dict[str, JSON]:
    return {
        "service": one.service.title,
        "team": one.service.team.slug,
        "before": list(one.found.old[:MAX_ARTIFACTS]),
        "after": list(one.found.new[:MAX_ARTIFACTS]),
        "proofs": [_told(proof) for proof in _needed(one, action)],
    }


def _told(proof: Proven) -> dict[str, JSON]:
    reasons = msgspec.to_builtins(proof.reasons[:MAX_ARTIFACTS])
    evidence = msgspec.to_builtins(proof.evidence[:MAX_ARTIFACTS])
    return {"proof": proof.proof.value, "reasons": reasons, "evidence": evidence}


def _tell(change: Change, one: Settlement, *, before: str) -> None:
    action, shown = one.action, _shown(one)
    proofs = [proof for service in shown for proof in _needed(service, action)]
    details: dict[str, JSON] = {
        "number": action.number,
        "kind": action.kind,
        "change": "proven" if one.is_done else "proof_lost",
        "team": None if action.team is None else action.team.slug,
        "before": before,
        "after": action.state,
        "old": sorted({digest for service in shown for digest in service.found.old})[:MAX_ARTIFACTS],
        "new": sorted({digest for service in shown for digest in service.found.new})[:MAX_ARTIFACTS],
    }
    if not one.is_done:
        left = [proof.proof.value for proof in proofs if proof.state is ProofState.MISSING]
        left += [Proof.NEW_ARTIFACT.value for service in shown if service.found.not_rebuilt]
        details["left"] = list(dict.fromkeys(left))
    change.tell(EventKind.ACTION, action.title, details=details)
