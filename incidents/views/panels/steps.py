"""The stages of the response, and the form that moves it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.models import ActionState, Stage
from incidents.response.closing import left_to_rotate
from incidents.response.lifecycle import ORDER, allowed_from

if TYPE_CHECKING:
    from incidents.views.panels.page import IncidentPage, PanelContext


@dataclass(frozen=True, slots=True)
class Step:
    """One stage as the page draws it."""

    stage: str
    is_current: bool
    is_passed: bool


def steps(page: IncidentPage) -> PanelContext:
    """Return the stages in their order, and those it may go to."""
    stage = Stage(page.incident.stage)
    place = ORDER.index(stage)
    return {
        "steps": [
            Step(one.value, is_current=one is stage, is_passed=number < place) for number, one in enumerate(ORDER)
        ],
        "allowed": [one.value for one in allowed_from(stage)],
        "may_respond": page.may_respond,
        "proven_count": _proven_count(page),
    }


def _proven_count(page: IncidentPage) -> int:
    """Return how many services are proven recovered, where that is all and nothing else is left; else 0."""
    recovery = page.recovery if page.runs_it else None
    if recovery is None or not recovery.is_whole:
        return 0
    done = {one.target_hash for one in page.actions if one.state == ActionState.DONE}
    teams = {one.service.team.slug for one in recovery.services}
    return 0 if left_to_rotate(page.credentials, done=done, teams=teams) else len(recovery.services)
