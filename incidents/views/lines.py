"""One action as its line shows it: whether it is late, and what the reader may make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.models import ActionKind, ActionState
from incidents.response.moves import BINDING, moves_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from incidents.models import ContainmentAction
    from inventory.policy.models import Block
    from supplychain.access.actors import Actor

LABELS = {
    ActionState.DONE: "Done",
    ActionState.OPEN: "Not done",
    ActionState.WITHDRAWN: "Withdraw",
    ActionState.REVERTED: "Lift",
}


@dataclass(frozen=True, slots=True)
class Move:
    """A state that the action may go to, and the word on its button."""

    state: str
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One action. `is_mine`: the reader, or a team of theirs, is to do it.

    `ending`: its block, once somebody has asked for the end of it. `may_agree`: that was not the reader.
    """

    action: ContainmentAction
    is_late: bool
    moves: Sequence[Move]
    is_binding: bool
    is_mine: bool
    ending: Block | None = None
    may_agree: bool = False

    @property
    def is_open(self) -> bool:
        return self.action.state == ActionState.OPEN

    @property
    def proven(self) -> Sequence[Mapping[str, object]]:
        """What proved it, by service, where evidence closed it."""
        found: Sequence[Mapping[str, object]] = (self.action.evidence_after or {}).get("proven", ())
        return found

    @property
    def is_in_force(self) -> bool:
        return self.is_binding and self.action.state == ActionState.DONE


def line_of(
    action: ContainmentAction, *, actor: Actor, runs_it: bool, now: datetime, endings: Mapping[UUID, Block]
) -> Line:
    """Return the line; who does not run the incident moves the actions of their own teams, but none that binds.

    `endings` are blocks by their ids of which somebody asked for the end: what is left is to agree to it, or not.
    """
    kind, state = ActionKind(action.kind), ActionState(action.state)
    is_binding = kind in BINDING
    is_mine = action.team_id in actor.write_team_ids or (
        action.owner_id is not None and action.owner_id == actor.user_id
    )
    moves = moves_from(kind, state)
    if not runs_it:
        own = {ActionState.DONE, ActionState.OPEN} if is_mine and not is_binding else set()
        moves = tuple(one for one in moves if one in own)
    ending = endings.get(action.block) if runs_it and action.block is not None else None
    if ending is not None:
        moves = ()
    is_late = state is ActionState.OPEN and action.due_at is not None and action.due_at < now
    labelled = [Move(one.value, LABELS[one]) for one in moves]
    may_agree = ending is not None and ending.lift_asked_by_id != actor.user_id
    return Line(action, is_late, labelled, is_binding, is_mine, ending, may_agree)
