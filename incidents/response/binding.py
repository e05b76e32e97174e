"""Blocks and freezes of an incident: in force as soon as they are made, reverted when two people have lifted them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from incidents.models import ActionKind, ActionState, ContainmentAction, EventKind
from incidents.response.moves import BINDING, MoveRefusedError
from incidents.response.targets import selector_of
from incidents.timeline import changing
from inventory.policy import announcing
from inventory.policy.announcing import BlockChange
from inventory.policy.blocks import MAX_AT_ONCE, Ending, add_blocks
from inventory.policy.models import Block

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from incidents.timeline import Change
    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON

_WORDS: Final = {BlockChange.LIFT_ASKED: "lift_asked", BlockChange.LIFTED: "lifted", BlockChange.KEPT: "kept"}


def put_in_force(change: Change, actions: Sequence[ContainmentAction]) -> None:
    """Set the blocks of new actions, which are done with that. Not saved here. Raises PersonNeededError for a key."""
    binding = [action for action in actions if ActionKind(action.kind) in BINDING]
    for start in range(0, len(binding), MAX_AT_ONCE):
        part = binding[start : start + MAX_AT_ONCE]
        blocks = add_blocks(
            [selector_of(action.target) for action in part],
            reason=f"Incident: {change.incident.title}",
            incident=change.incident.public_id,
            actor=change.actor,
            at=change.at,
        )
        for action, block in zip(part, blocks, strict=True):
            action.block = block.public_id
            action.state, action.done_at, action.done_by = ActionState.DONE, change.at, change.actor.label
            action.evidence_after = action.evidence_before


def revert(action: ContainmentAction, *, note: str, actor: Actor, at: datetime) -> None:
    """Ask for the end of what an action put in force, or agree to it as another person; hear() notes it here.

    Not while the incident is locked: a block is locked before its incident, always. Raises LiftRefusedError,
    BadBlockError without a reason, PersonNeededError.
    """
    block = _block_of(action)
    if block.lift_asked_by_id is None:
        announcing.ask_to_lift(block.public_id, Ending(reason=note), actor=actor, at=at)
    else:
        announcing.lift(block.public_id, actor=actor, at=at)


def keep(action: ContainmentAction, *, actor: Actor, at: datetime) -> None:
    """Leave in force what somebody asked to end; hear() notes it here.

    Not while the incident is locked, as revert(). Raises LiftRefusedError where nobody asked, PersonNeededError.
    """
    announcing.keep(_block_of(action).public_id, actor=actor, at=at)


def hear(block: Block, what: BlockChange, *, actor: Actor, at: datetime) -> None:
    """Note on an incident's action and timeline what becomes of its block (settings.BLOCK_LISTENERS)."""
    if block.incident is None or not ContainmentAction.objects.filter(block=block.public_id).exists():
        return
    with changing(block.incident, actor=actor, at=at) as change:
        in_force = change.incident.actions.filter(block=block.public_id, state=ActionState.DONE)
        for action in in_force.select_related("team"):
            if not block.binds(at):
                _end(change, action)
            _tell(change, action, what=_WORDS[what], reason=block.lift_reason)


def settle_ended(change: Change) -> None:
    """Revert the actions whose blocks ended at a time that was agreed before."""
    done = change.incident.actions.filter(state=ActionState.DONE, block__isnull=False)
    ended = Block.objects.filter(incident=change.incident.public_id).ended(change.at)
    for action in done.filter(block__in=list(ended.values_list("public_id", flat=True))).select_related("team"):
        _end(change, action)
        _tell(change, action, what="ended", reason="")


def _block_of(action: ContainmentAction) -> Block:
    if action.block is None:
        raise MoveRefusedError(ActionKind(action.kind), ActionState(action.state), ActionState.REVERTED)
    return Block.objects.get(public_id=action.block)


def _end(change: Change, action: ContainmentAction) -> None:
    action.state, action.changed_at = ActionState.REVERTED, change.at
    action.version += 1
    action.save(update_fields=["state", "changed_at", "version"])


def _tell(change: Change, action: ContainmentAction, *, what: str, reason: str) -> None:
    team = None if action.team is None else action.team.slug
    details: dict[str, JSON] = {
        "number": action.number,
        "kind": action.kind,
        "change": what,
        "team": team,
        "note": reason,
    }
    change.tell(EventKind.ACTION, action.title, details=details)
