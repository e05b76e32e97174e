"""What is proposed, and what is being done, by who does it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.models import ActionKind, ActionState, Stage
from incidents.response.actions import actions_for
from incidents.response.answers import newest_answer
from incidents.response.moves import BINDING, moves_from
from incidents.response.proposals import propose, seen_by
from supplychain.access.models import Team
from supplychain.access.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from incidents.models import ContainmentAction
    from incidents.response.proposals import Proposal
    from incidents.views.panels.page import IncidentPage, PanelContext

PROPOSALS_SHOWN = 60
ACTIONS_SHOWN = 300
_LABELS = {
    ActionState.DONE: "Done",
    ActionState.OPEN: "Not done",
    ActionState.WITHDRAWN: "Withdraw",
    ActionState.REVERTED: "Lift",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One action, whether it is late, and what the asker may make of it."""

    action: ContainmentAction
    is_late: bool
    moves: Sequence[tuple[str, str]]
    is_binding: bool


def containment(page: IncidentPage) -> PanelContext | None:
    """Return proposals and actions; nothing for an earlier answer, which is no place to act from."""
    incident, actor = page.incident, page.actor
    if not page.is_newest:
        return None
    runs_it = actor.can(Scope.INCIDENTS_WRITE) and incident.is_whole_for(actor)
    actions = list(actions_for(incident, actor=actor).order_by("number")[:ACTIONS_SHOWN])
    proposals = _proposals(page) if incident.stage != Stage.CLOSED else ()
    if not actions and not proposals:
        return None
    lines = [_line(one, page=page, runs_it=runs_it) for one in actions]
    return {
        "proposals": proposals[:PROPOSALS_SHOWN],
        "proposal_count": len(proposals),
        "more_count": max(0, len(proposals) - PROPOSALS_SHOWN),
        "groups": _by_owner(lines),
        "count": len(lines),
        "done_count": sum(one.action.state == ActionState.DONE for one in lines),
        "late_count": sum(one.is_late for one in lines),
        "runs_it": runs_it and incident.stage != Stage.CLOSED,
        "teams": [one.team.slug for one in incident.teams.select_related("team").order_by("team__slug")]
        if runs_it
        else [],
    }


def _proposals(page: IncidentPage) -> Sequence[Proposal]:
    incident, actor = page.incident, page.actor
    slugs = set(Team.objects.filter(pk__in=sorted(actor.team_ids or ())).values_list("slug", flat=True))
    found = propose(incident, answer=newest_answer(incident), asked_at=page.now, actor=actor)
    return seen_by(found, incident=incident, actor=actor, slugs=slugs)


def _line(action: ContainmentAction, *, page: IncidentPage, runs_it: bool) -> Line:
    kind, state = ActionKind(action.kind), ActionState(action.state)
    moves = moves_from(kind, state)
    if not runs_it:
        is_own = action.team_id in page.actor.write_team_ids or action.owner_id == page.actor.user_id
        own = {ActionState.DONE, ActionState.OPEN} if is_own and kind not in BINDING else set()
        moves = tuple(one for one in moves if one in own)
    return Line(action, _is_late(action, page.now), [(one.value, _LABELS[one]) for one in moves], kind in BINDING)


def _is_late(action: ContainmentAction, now: datetime) -> bool:
    return action.state == ActionState.OPEN and action.due_at is not None and action.due_at < now


def _by_owner(lines: Iterable[Line]) -> list[tuple[str, list[Line]]]:
    """Those that somebody has first; what is the responders' own last."""
    found: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        action = line.action
        owner = action.team.slug if action.team else action.owner.username if action.owner else ""
        found[owner].append(line)
    return sorted(found.items(), key=lambda item: (not item[0], item[0]))
