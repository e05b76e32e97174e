"""Forms of an incident's page that act: take what is proposed, make and move actions, note a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from incidents.models import ActionKind, ActionState
from incidents.response.actions import ActionWanted, NewAction, change_action, make_action, take_proposals
from incidents.response.changes import Wanted, change_incident
from incidents.response.clocks import Duty, Report
from incidents.response.reporting import note_report
from incidents.views.incidents import BadFormError
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import BadParameterError, parse_time
from supplychain.web.pages import signed_in

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

MAX_NOTE = 2_000


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def take(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take what is proposed: all, or what is ticked."""
    keys = None if request.POST.get("all") == "true" else request.POST.getlist("key")
    if keys is not None and not keys:
        raise BadFormError("Tick what is to be taken.")
    taken = take_proposals(public_id, keys, actor=actor_of(request), at=timezone.now())
    messages.success(request, f"Taken: {len(taken.actions)} actions. Blocks and freezes among them are in force.")
    return _back(public_id, "containment")


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def make(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Make an action of a credential to rotate, or of a person to tell: what a form can say in one line."""
    form = request.POST
    kind = ActionKind(_choice(request, "kind", allowed=("rotate", "revoke", "notify")))
    text = _line(request, "target")
    target = {"person": text} if kind is ActionKind.NOTIFY else {"credential": text}
    wanted = NewAction(kind=kind, target=target, owner=form.get("owner", "").strip(), team=form.get("team", "").strip())
    make_action(public_id, wanted, actor=actor_of(request), at=timezone.now())
    return _back(public_id, "containment")


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def move(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    """Say that an action is done, or that it is not: who runs the incident, and members of the team that owns it."""
    actor = actor_of(request)
    if not (actor.can(Scope.INCIDENTS_WRITE) or actor.can(Scope.EVIDENCE_WRITE)):
        raise PermissionDenied("Members of a team move its actions.")
    state = ActionState(_choice(request, "state", allowed=[one.value for one in ActionState]))
    note = request.POST.get("note", "").strip()[:MAX_NOTE]
    action = change_action(public_id, number, ActionWanted(state=state, note=note), actor=actor, at=timezone.now())
    if state is ActionState.REVERTED and action.state != state:
        messages.success(request, "Asked to lift it; another person has to agree.")
    return _back(public_id, "containment")


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note that a report was sent."""
    duty = Duty(_choice(request, "duty", allowed=[one.value for one in Duty]))
    which = Report(_choice(request, "report", allowed=[one.value for one in Report]))
    at = timezone.now()
    sent_at = _time(request, "sent_at") or at
    reference = request.POST.get("reference", "").strip()[:300]
    note_report(public_id, duty, which, sent_at=sent_at, reference=reference, actor=actor_of(request), at=at)
    return _back(public_id, "clocks")


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def flag(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say what makes the legal clocks run: that it is exploited or severe, since when known, when fixed."""
    wanted = Wanted(
        is_exploited=request.POST.get("is_exploited") == "true",
        is_severe=request.POST.get("is_severe") == "true",
        aware_at=_time(request, "aware_at"),
        fixed_at=_time(request, "fixed_at"),
    )
    change_incident(public_id, wanted, actor=actor_of(request), at=timezone.now())
    return _back(public_id, "clocks")


def _choice(request: HttpRequest, name: str, *, allowed: Collection[str]) -> str:
    given = request.POST.get(name, "")
    if given not in allowed:
        raise BadFormError(f"The field {name} is one of {', '.join(allowed)}.")
    return given


def _line(request: HttpRequest, name: str) -> str:
    text = request.POST.get(name, "").strip()
    if not text:
        raise BadFormError(f"The field {name} is empty.")
    return text


def _time(request: HttpRequest, name: str) -> datetime | None:
    """Read a browser's field for a time, which means UTC here."""
    text = request.POST.get(name, "").strip().removesuffix("Z")
    if not text:
        return None
    try:
        return parse_time(f"{text}Z" if text.count(":") > 1 else f"{text}:00Z", name=name)
    except BadParameterError as error:
        raise BadFormError(error.message) from error


def _back(public_id: UUID, part: str) -> HttpResponse:
    return HttpResponseRedirect(f"/incidents/{public_id}#{part}", status=303)
