"""Blocks of an incident by name, or all that its newest answer proposes: each is an action that is done at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from incidents.models import ActionKind, Stage
from incidents.models.response import IN_FORCE
from incidents.response.actions import NewAction, add_actions
from incidents.response.answers import newest_answer
from incidents.response.opening import ClosedError, NarrowViewError
from incidents.response.proposals import propose
from incidents.response.targets import canonical_target, hash_of, selector_of
from incidents.timeline import changing
from inventory.policy.blocks import add_blocks
from inventory.policy.models import FREEZES
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from incidents.timeline import Change
    from inventory.policy.models import Block
    from inventory.policy.selectors import Selector
    from supplychain.access.actors import Actor

_NOTHING: Final = "Name what to block, or ask for what the newest answer proposes; it proposes nothing more."


class NothingToBlockError(DomainError):
    """Nothing was named, and the newest answer proposes nothing."""

    def __init__(self) -> None:
        super().__init__("nothing_to_block", _NOTHING)


def set_blocks(
    public_id: UUID, named: Sequence[Selector], *, with_proposed: bool, reason: str, actor: Actor, at: datetime
) -> list[Block]:
    """Set blocks for an incident; they bind at once, and each is an action.

    Raises IncidentNotFoundError, NarrowViewError, ClosedError, NothingToBlockError, PersonNeededError, BadBlockError.
    """
    with changing(public_id, actor=actor, at=at) as change:
        if not change.incident.is_whole_for(actor):
            raise NarrowViewError
        if change.incident.stage == Stage.CLOSED:
            raise ClosedError
        wanted = [_action_of(selector) for selector in named]
        return block_for_incident(change, [*wanted, *(_proposed(change) if with_proposed else ())], reason=reason)


def block_for_incident(change: Change, wanted: Sequence[NewAction], *, reason: str) -> list[Block]:
    """Set the blocks and freezes of these actions within a change, and add the actions that are not there yet."""
    if not wanted:
        raise NothingToBlockError
    selectors = [selector_of(one.target) for one in wanted]
    blocks = add_blocks(selectors, reason=reason, incident=change.incident.public_id, actor=change.actor, at=change.at)
    in_force = change.incident.actions.filter(state__in=[state.value for state in IN_FORCE])
    known = set(in_force.values_list("target_hash", flat=True))
    new = {hash_of(one.kind, one.target): one for one in wanted}
    added = [one for key, one in new.items() if key not in known]
    add_actions(change, added, answer=newest_answer(change.incident))
    return blocks


def _proposed(change: Change) -> Iterable[NewAction]:
    """Return the blocks that the newest answer proposes; what freezes a service is for people to choose."""
    answer = newest_answer(change.incident)
    found = propose(change.incident, answer=answer, asked_at=change.at, actor=change.actor)
    return [
        NewAction(kind=one.kind, target=one.target, title=one.title) for one in found if one.kind is ActionKind.BLOCK
    ]


def _action_of(selector: Selector) -> NewAction:
    kind = ActionKind.FREEZE if selector.kind in FREEZES else ActionKind.BLOCK
    return NewAction(kind=kind, target=canonical_target(kind, {"kind": selector.kind.value, **selector.shown}))
