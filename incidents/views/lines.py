"""One action as its line shows it: whether it is late, and what the reader may make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.models import ActionKind, ActionState
from incidents.response.moves import BINDING, moves_from

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from incidents.models import ContainmentAction
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
    """One action. `is_mine`: the reader, or a team of theirs, is to do it."""

    action: ContainmentAction
    is_late: bool
    moves: Sequence[Move]
    is_binding: bool
    is_mine: bool

    @property
    def is_open(self) -> bool:
        return self.action.state == ActionState.OPEN

    @property
    def is_in_force(self) -> bool:
        return self.is_binding and self.action.state == ActionState.DONE


def line_of(action: ContainmentAction, *, actor: Actor, runs_it: bool, now: datetime) -> Line:
    """Return the line; who does not run the incident moves the actions of their own teams, but none that binds."""
    kind, state = ActionKind(action.kind), ActionState(action.state)
    is_binding = kind in BINDING
    is_mine = action.team_id in actor.write_team_ids or (
        action.owner_id is not None and action.owner_id == actor.user_id
    )
    moves = moves_from(kind, state)
    if not runs_it:
        own = {ActionState.DONE, ActionState.OPEN} if is_mine and not is_binding else set()
        moves = tuple(one for one in moves if one in own)
    is_late = state is ActionState.OPEN and action.due_at is not None and action.due_at < now
    return Line(action, is_late, [Move(one.value, LABELS[one]) for one in moves], is_binding, is_mine)
