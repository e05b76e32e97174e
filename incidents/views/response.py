"""Forms of an incident's page that act: take what is proposed, make and change actions, note a report.

What is refused is shown again where it was typed (show_refused); nothing has to be typed twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from incidents.models import ActionKind, ActionState
from incidents.response.actions import (
    ActionWanted,
    NewAction,
    change_action,
    change_actions,
    keep_in_force,
    make_action,
    take_proposals,
)
from incidents.response.changes import Wanted, change_incident
from incidents.response.clocks import Duty, Report
from incidents.response.reporting import note_report
from incidents.views.incidents import find_incident, show_refused
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import BadParameterError, parse_time
from supplychain.errors import DomainError
from supplychain.web.pages import signed_in
from supplychain.web.refusals import BadFieldError
from supplychain.web.tags import count

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

MAX_NOTE = 2_000
MAX_NUMBERS = 2_000
ME = "me"
"""Stands for the person in the list of whom an action can be given to."""


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def take(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take what is proposed: all, all of one kind, or what is ticked."""
    form = request.POST
    keys = None if form.get("all") == "true" or form.get("kind") else form.getlist("key")
    try:
        if keys is not None and not keys:
            raise BadFieldError("key", "Tick what is to be taken.")
        kind = ActionKind(_choice(request, "kind", allowed=list(ActionKind))) if form.get("kind") else None
        taken = take_proposals(public_id, keys, kind=kind, actor=actor_of(request), at=timezone.now())
    except DomainError as refusal:
        return show_refused(request, public_id, form="take", error=refusal)
    told = count(len(taken.actions), "action")
    messages.success(request, f"Taken: {told}. Blocks and freezes among them are in force.")
    return _back(request, public_id, "containment")


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def make(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Make an action of a credential to rotate, or of a person to tell: what a form can say in one line."""
    form = request.POST
    try:
        kind = ActionKind(_choice(request, "kind", allowed=("rotate", "revoke", "notify")))
        text = _line(request, "target")
        target = {"person": text} if kind is ActionKind.NOTIFY else {"credential": text}
        owner, team = form.get("owner", "").strip(), form.get("team", "").strip()
        make_action(
            public_id,
            NewAction(kind=kind, target=target, owner=owner, team=team),
            actor=actor_of(request),
            at=timezone.now(),
        )
    except DomainError as refusal:
        return show_refused(request, public_id, form="make", error=refusal)
    return _back(request, public_id, "containment")


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say of actions that they are done or not, or who does them: one by its own button, or all that are ticked.

    For who runs the incident, and for members of the team that is to do them.
    """
    actor = actor_of(request)
    if not (actor.can(Scope.INCIDENTS_WRITE) or actor.can(Scope.EVIDENCE_WRITE)):
        raise PermissionDenied("Members of a team move its actions.")
    find_incident(request, public_id)
    part = request.POST.get("part", "")
    form = part if part in {"in-force", "ended", "ending"} else "actions"
    try:
        told = _change(request, public_id)
    except DomainError as refusal:
        return show_refused(request, public_id, form=form, error=refusal)
    messages.success(request, told)
    return _back(request, public_id, "containment")


def _change(request: HttpRequest, public_id: UUID) -> str:
    """Do what one of the buttons says, and return what was done in words."""
    actor, at = actor_of(request), timezone.now()
    note = request.POST.get("note", "").strip()[:MAX_NOTE]
    if kept := request.POST.get("keep", ""):
        keep_in_force(public_id, _number(kept), actor=actor, at=at)
        return "Kept: it binds on."
    one, _, move = request.POST.get("one", "").partition(" ")
    if one:
        wanted = ActionWanted(state=ActionState(_word("one", move, allowed=list(ActionState))), note=note)
        numbers = [_number(one)]
    else:
        wanted, numbers = _wanted(request, note=note), _numbers(request)
    if wanted.state is ActionState.REVERTED:
        lifted = [change_action(public_id, number, wanted, actor=actor, at=at).state for number in numbers]
        asked = any(state != ActionState.REVERTED for state in lifted)
        return "Asked for. It binds until another responder agrees." if asked else "Lifted."
    changed = change_actions(public_id, numbers, wanted, actor=actor, at=at)
    return f"Changed: {count(len(changed), 'action')}."


def _wanted(request: HttpRequest, *, note: str) -> ActionWanted:
    """Read what is to be done with the ticked ones: a state, or whom to give them to."""
    form = request.POST
    if "mine" in form:
        return ActionWanted(owner=_me(request), team="", note=note)
    if form.get("state"):
        return ActionWanted(state=ActionState(_choice(request, "state", allowed=list(ActionState))), note=note)
    to = form.get("to", "").strip()
    if not to:
        raise BadFieldError("to", "Say whom to give them to.")
    if to == ME:
        return ActionWanted(owner=_me(request), team="", note=note)
    return ActionWanted(team=to, owner="", note=note)


def _me(request: HttpRequest) -> str:
    return str(request.user.get_username())


def _numbers(request: HttpRequest) -> list[int]:
    """Read which actions are ticked: one by one, in groups, or those of the pressed button."""
    form = request.POST
    texts = form.get("mine", "").split() or [*form.getlist("number"), *" ".join(form.getlist("group")).split()]
    return [_number(text) for text in texts[:MAX_NUMBERS]]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadFieldError("number", "An action is named by its number.")
    return int(text)


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note that a report was sent."""
    form = f"report-{request.POST.get('duty', '')}-{request.POST.get('report', '')}"
    try:
        duty = Duty(_choice(request, "duty", allowed=list(Duty)))
        which = Report(_choice(request, "report", allowed=list(Report)))
        at = timezone.now()
        sent_at = _time(request, "sent_at") or at
        reference = request.POST.get("reference", "").strip()[:300]
        note_report(public_id, duty, which, sent_at=sent_at, reference=reference, actor=actor_of(request), at=at)
    except DomainError as refusal:
        return show_refused(request, public_id, form=form, error=refusal)
    return _back(request, public_id, "clocks")


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def flag(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say what makes the legal clocks run: that it is exploited or severe, since when known, when fixed."""
    try:
        wanted = Wanted(
            is_exploited=request.POST.get("is_exploited") == "true",
            is_severe=request.POST.get("is_severe") == "true",
            aware_at=_time(request, "aware_at"),
            fixed_at=_time(request, "fixed_at"),
        )
        change_incident(public_id, wanted, actor=actor_of(request), at=timezone.now())
    except DomainError as refusal:
        return show_refused(request, public_id, form="flags", error=refusal)
    return _back(request, public_id, "clocks")


def _choice(request: HttpRequest, name: str, *, allowed: Collection[str]) -> str:
    return _word(name, request.POST.get(name, ""), allowed=allowed)


def _word(name: str, given: str, *, allowed: Collection[str]) -> str:
    if given not in set(allowed):
        raise BadFieldError(name, f"The field {name} is one of {', '.join(allowed)}.")
    return given


def _line(request: HttpRequest, name: str) -> str:
    text = request.POST.get(name, "").strip()
    if not text:
        raise BadFieldError(name, f"The field {name} is empty.")
    return text


def _time(request: HttpRequest, name: str) -> datetime | None:
    """Read a browser's field for a time, which means UTC here."""
    text = request.POST.get(name, "").strip().removesuffix("Z")
    if not text:
        return None
    try:
        return parse_time(f"{text}Z" if text.count(":") > 1 else f"{text}:00Z", name=name)
    except BadParameterError as error:
        raise BadFieldError(name, error.message) from error


def _back(request: HttpRequest, public_id: UUID, part: str) -> HttpResponse:
    """Lead back to where the person was, with the actions in the groups that they were in."""
    group = request.GET.get("group", "")
    query = f"?group={group}" if group in {"kind", "service"} else ""
    return HttpResponseRedirect(f"/incidents/{public_id}{query}#{part}", status=303)
