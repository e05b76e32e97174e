"""What was done about it: every action that the reader may see, as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.export.members import json_member
from incidents.response.actions import actions_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from incidents.export.members import Member
    from incidents.export.subject import Subject
    from incidents.models import ContainmentAction


def action_members(subject: Subject) -> Iterator[Member]:
    """Give actions.json, in the order in which they were made."""
    actions = actions_for(subject.incident, actor=subject.actor).order_by("number")
    yield json_member("actions.json", [_action(action) for action in actions])


def _action(action: ContainmentAction) -> dict[str, object]:
    return {
        "number": action.number,
        "kind": action.kind,
        "title": action.title,
        "target": action.target,
        "owner": action.owner.username if action.owner else None,
        "team": action.team.slug if action.team else None,
        "due_at": action.due_at,
        "state": action.state,
        "answer": action.run_number,
        "is_basis_withdrawn": action.is_basis_withdrawn,
        "evidence_before": action.evidence_before,
        "evidence_after": action.evidence_after,
        "block": action.block,
        "made_by": action.made_by,
        "made_at": action.made_at,
        "changed_at": action.changed_at,
        "done_by": action.done_by or None,
        "done_at": action.done_at,
        "reopened_by": action.reopened_by or None,
    }
