"""What was blocked because of it, and what the gates then decided about the artifacts that were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.export.members import json_member
from inventory.policy.blocks import blocks_of
from inventory.policy.models import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from incidents.export.members import Member
    from incidents.export.subject import Subject
    from inventory.policy.models import Block
    from supplychain.access.models import User

MAX_DECISIONS = 5_000
_AT_ONCE = 1_000


def gate_members(subject: Subject) -> Iterator[Member]:
    """Give blocks.json and decisions.json; nothing to who sees a part: what a gate was told rests on all teams."""
    if not subject.is_whole:
        return
    yield json_member("blocks.json", [_block(one) for one in blocks_of(subject.incident.public_id)])
    if subject.actor.sees_all:
        decided = sorted(_decisions(subject), key=lambda one: one.public_id)[-MAX_DECISIONS:]
        yield json_member("decisions.json", [_decision(one) for one in decided])


def _decisions(subject: Subject) -> Iterator[Decision]:
    """Give what was decided about what was found since the incident was opened; of each thousand the newest."""
    digests = sorted({row.artifact.digest for run in subject.runs for row in subject.rows(run) if row.artifact.digest})
    since = Decision.objects.filter(at__gte=subject.incident.opened_at).select_related("team").order_by("-public_id")
    for start in range(0, len(digests), _AT_ONCE):
        yield from since.filter(digest__in=digests[start : start + _AT_ONCE])[:MAX_DECISIONS]


def _block(block: Block) -> dict[str, object]:
    return {
        "id": block.public_id,
        "kind": block.kind,
        "selector": block.selector,
        "reason": block.reason,
        "set_by": _name(block.created_by),
        "set_at": block.created_at,
        "lift_asked_by": _name(block.lift_asked_by),
        "lift_asked_at": block.lift_asked_at,
        "lift_reason": block.lift_reason or None,
        "lifted_by": _name(block.lifted_by),
        "lifted_at": block.lifted_at,
        "ends_at": block.ends_at,
    }


def _name(user: User | None) -> str | None:
    return user.username if user is not None else None


def _decision(decision: Decision) -> dict[str, object]:
    return {
        "id": decision.public_id,
        "at": decision.at,
        "asked_by": decision.asked_by,
        "gate": decision.gate,
        "digest": decision.digest,
        "image": decision.image,
        "environment": decision.environment,
        "cluster": decision.cluster,
        "namespace": decision.namespace,
        "service": decision.service,
        "workload": decision.workload,
        "mode": decision.mode,
        "outcome": decision.outcome,
        "allowed": decision.allowed,
        "rules": decision.rules,
        "hits": decision.hits,
    }
