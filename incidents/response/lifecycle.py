"""The stages of an incident, and which may follow which. Pure."""

from __future__ import annotations

from typing import Final

from incidents.models import Stage
from supplychain.errors import DomainError

ORDER: Final = (
    Stage.OPEN,
    Stage.SCOPING,
    Stage.CONTAINING,
    Stage.ERADICATING,
    Stage.RECOVERING,
    Stage.CLOSED,
)


class StageRefusedError(DomainError):
    """The incident cannot go to that stage from where it is."""

    def __init__(self, before: Stage, after: Stage) -> None:
        known = ", ".join(stage.value for stage in allowed_from(before))
        super().__init__(
            "stage_refused", f"An incident that is {before} cannot become {after}; it can become {known}.", status=409
        )


def allowed_from(stage: Stage) -> tuple[Stage, ...]:
    """Return the stages that may follow.

    Forward one at a time, so that none is left out unseen; back to any that was passed, since what was believed done
    may not be. Closing comes after recovering alone. What is closed begins again with scoping.
    """
    if stage is Stage.CLOSED:
        return (Stage.SCOPING,)
    place = ORDER.index(stage)
    return (*ORDER[1:place], ORDER[place + 1])


def way_to_closed(before: Stage) -> tuple[Stage, ...]:
    """Return the stages that an incident goes through to be closed, closed the last; empty where it is."""
    return ORDER[ORDER.index(before) + 1 :]


def check_move(before: Stage, after: Stage) -> None:
    """Raise StageRefusedError unless `after` may follow `before`."""
    if after not in allowed_from(before):
        raise StageRefusedError(before, after)
