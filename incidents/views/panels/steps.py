"""The stages of the response, and the form that moves it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.models import Stage
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
    }
