"""The states of an action, and which may follow which. Pure."""

from __future__ import annotations

from typing import Final

from incidents.models import ActionKind, ActionState
from supplychain.errors import DomainError

BINDING: Final = frozenset({ActionKind.BLOCK, ActionKind.FREEZE})
"""Kinds that are in force as soon as they are made, and end when two people have lifted them."""
_FINAL: Final = frozenset({ActionKind.ROTATE, ActionKind.REVOKE, ActionKind.NOTIFY})
"""Kinds that nobody can undo: an old secret stays out of use, what was told stays told."""
_MOVES: Final = {
    ActionState.OPEN: (ActionState.DONE, ActionState.WITHDRAWN),
    ActionState.DONE: (ActionState.OPEN,),
    ActionState.WITHDRAWN: (ActionState.OPEN,),
    ActionState.REVERTED: (),
}


class MoveRefusedError(DomainError):
    """The action cannot go to that state from where it is."""

    def __init__(self, kind: ActionKind, before: ActionState, after: ActionState) -> None:
        allowed = ", ".join(state.value for state in moves_from(kind, before)) or "nothing else"
        super().__init__(
            "action_refused", f"An action that is {before} cannot become {after}; it can become {allowed}.", status=409
        )


def is_reversible(kind: ActionKind) -> bool:
    """Tell whether what the action does can be undone."""
    return kind not in _FINAL


def moves_from(kind: ActionKind, state: ActionState) -> tuple[ActionState, ...]:
    """Return the states that may follow. What binds is reverted by lifting it; anything else may turn out not done."""
    if kind in BINDING and state is ActionState.DONE:
        return (ActionState.REVERTED,)
    return _MOVES[state]


def check_move(kind: ActionKind, before: ActionState, after: ActionState) -> None:
    """Raise MoveRefusedError unless `after` may follow `before`."""
    if after not in moves_from(kind, before):
        raise MoveRefusedError(kind, before, after)
