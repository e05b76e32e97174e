"""Which blocks and decisions a list shows: what its filters keep of what the reader may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from inventory.policy.models import Block, BlockKind, Decision, Outcome
from inventory.policy.models.blocks import BlockQuerySet
from supplychain.access.actors import RequestLike, actor_of
from supplychain.api.parameters import BadParameterError, HasQuery, read_choice, read_digest, read_flag, read_text

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

STATES = ("in_force", "lift_asked", "ended")
KINDS = tuple(kind.value for kind in BlockKind)
OUTCOMES = tuple(outcome.value for outcome in Outcome)
TOLD_TO_ALL = frozenset({BlockKind.PACKAGE, BlockKind.BUILDER, BlockKind.SIGNER, BlockKind.ENVIRONMENT})
"""Kinds whose selector tells nothing of another team; a digest, a repository or a service may be one's secret."""
BLOCK_FILTERS = frozenset({"state", "kind", "incident"})
DECISION_FILTERS = frozenset({"digest", "cluster", "result", "allowed"})


class DecisionRequest(HasQuery, RequestLike, Protocol):
    """A request with its query and who sent it."""


def with_people(blocks: BlockQuerySet) -> BlockQuerySet:
    """Return blocks with who did what about them."""
    return blocks.select_related("created_by", "lift_asked_by", "lifted_by")


def find_blocks(request: HasQuery, *, sees_all: bool, at: datetime) -> BlockQuerySet:
    """Return the blocks that the filters of a list keep. For which incident they are is told to who sees all teams."""
    rows = with_people(Block.objects.all())
    if (kind := read_choice(request, "kind", allowed=KINDS)) is not None:
        rows = rows.filter(kind=kind)
    if (incident := _read_uuid(request, "incident")) is not None:
        rows = rows.filter(incident=incident) if sees_all else rows.none()
    state = read_choice(request, "state", allowed=STATES)
    if state == "ended":
        return rows.ended(at)
    if state is None:
        return rows
    rows = rows.in_force(at)
    return rows.filter(lift_asked_by__isnull=False, lifted_by__isnull=True) if state == "lift_asked" else rows


def find_decisions(request: DecisionRequest) -> QuerySet[Decision]:
    """Return the decisions that the filters of a list keep, of those the reader may see."""
    rows = Decision.objects.visible_to(actor_of(request))
    if (digest := read_digest(request, "digest")) is not None:
        rows = rows.filter(digest=digest)
    if (cluster := read_text(request, "cluster")) is not None:
        rows = rows.filter(cluster=cluster)
    if (outcome := read_choice(request, "result", allowed=OUTCOMES)) is not None:
        rows = rows.filter(outcome=outcome)
    if read_text(request, "allowed") is not None:
        rows = rows.filter(allowed=read_flag(request, "allowed", default=True))
    return rows


def _read_uuid(request: HasQuery, name: str) -> UUID | None:
    text = read_text(request, name)
    try:
        return None if text is None else UUID(text)
    except ValueError as error:
        raise BadParameterError(name, "is no id.") from error
