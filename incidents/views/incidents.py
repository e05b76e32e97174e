"""Pages of incidents: the list, and one that is worked with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.asking import read_incident_question
from incidents.models import Incident, Occasion, Severity, Stage
from incidents.response.changes import UnknownOwnerError, Wanted, acknowledge, add_note, change_incident
from incidents.response.closing import UnprovenError
from incidents.response.lifecycle import ORDER, StageRefusedError, allowed_from
from incidents.response.opening import ask_again, open_incident
from incidents.response.part import part_of
from incidents.timeline import IncidentNotFoundError
from incidents.views.following import EVENTS_SHOWN, answer_context, live_state
from incidents.views.panels.order import ABOVE
from incidents.views.panels.page import IncidentPage
from incidents.views.question import as_given, read_typed
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.api.parameters import read_choice, read_flag
from supplychain.errors import DomainError
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from incidents.models import IncidentTeam, QueryRun
    from supplychain.access.actors import Actor

MAX_TITLE = 200
MAX_TEXT = 20_000


class BadFormError(DomainError):
    """A field of a form cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_form", message)


@dataclass(frozen=True, slots=True)
class Step:
    """One stage as the page draws it."""

    stage: str
    is_current: bool
    is_passed: bool
    is_allowed: bool


@require_http_methods(["GET", "HEAD", "POST"])
def incidents(request: HttpRequest) -> HttpResponse:
    """List incidents, or open one: the two methods need different rights."""
    return _open(request) if request.method == "POST" else _list(request)


@signed_in(Scope.INCIDENTS_READ)
def _list(request: HttpRequest) -> HttpResponse:
    stage = read_choice(request, "state", allowed=list(Stage)) or ""
    severity = read_choice(request, "severity", allowed=list(Severity)) or ""
    is_open = read_flag(request, "open", default=False)
    rows = Incident.objects.visible_to(actor_of(request)).select_related("team", "owner")
    rows = rows.filter(**({"stage": stage} if stage else {}), **({"severity": severity} if severity else {}))
    if is_open:
        rows = rows.filter(closed_at__isnull=True)
    page = read_page(rows, request=request, order=("-public_id",))
    context = {
        "section": "/incidents",
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "stages": [one.value for one in Stage],
        "severities": [one.value for one in Severity],
        "wanted": {"state": stage, "severity": severity, "open": is_open},
        "now": timezone.now(),
    }
    return show(request, page="incidents/list.html", fragment="incidents/_rows.html", context=context)


@signed_in(Scope.INCIDENTS_WRITE)
def _open(request: HttpRequest) -> HttpResponse:
    """Open an incident with the question that the impact page asked; nothing has to be typed again."""
    asked = read_incident_question(as_given(read_typed(request.POST)))
    incident = open_incident(
        asked.question,
        given=asked.given,
        title=_text(request, "title", limit=MAX_TITLE),
        severity=_severity(request),
        actor=actor_of(request),
        at=timezone.now(),
    )
    messages.success(request, "The incident is open, and its first answer is kept.")
    return HttpResponseRedirect(f"/incidents/{incident.public_id}", status=303)


@require_safe
@signed_in(Scope.INCIDENTS_READ)
def incident_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show where the response stands, with the newest answer."""
    incident = _find(request, public_id)
    return _page(request, incident, run=_run(incident, incident.run_count))


@require_safe
@signed_in(Scope.INCIDENTS_READ)
def run_page(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    """Show the same with an earlier answer, as it was given: its permalink."""
    incident = _find(request, public_id)
    return _page(request, incident, run=_run(incident, number))


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def ask(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask the incident's question again."""
    asked = read_incident_question(_find(request, public_id).question)
    run = ask_again(
        public_id,
        question=asked.question,
        given=asked.given,
        occasion=Occasion.ASKED,
        actor=actor_of(request),
        at=timezone.now(),
    )
    messages.success(request, f"Asked again: answer {run.number}.")
    return _back(public_id)


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change what the form holds: stage with its reason, severity, owner, title."""
    try:
        change_incident(public_id, _wanted(request), actor=actor_of(request), at=timezone.now())
    except (BadFormError, UnknownOwnerError, StageRefusedError, UnprovenError) as refusal:
        return _refused(request, public_id, refusal)
    return _back(public_id)


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def note(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Write something down on the timeline."""
    try:
        add_note(public_id, _text(request, "text", limit=MAX_TEXT), actor=actor_of(request), at=timezone.now())
    except BadFormError as refusal:
        return _refused(request, public_id, refusal)
    return _back(public_id)


@require_POST
@signed_in(Scope.EVIDENCE_WRITE)
def acknowledge_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say that one's teams know."""
    acknowledge(public_id, actor=actor_of(request), at=timezone.now())
    messages.success(request, "Noted that your team knows.")
    return _back(public_id)


def _wanted(request: HttpRequest) -> Wanted:
    form = request.POST
    wanted = Wanted(
        title=_text(request, "title", limit=MAX_TITLE) if "title" in form else None,
        severity=_severity(request) if "severity" in form else None,
        stage=_stage(request) if "state" in form else None,
        owner=form["owner"].strip() if "owner" in form else None,
        reason=_text(request, "reason", limit=MAX_TEXT) if form.get("reason") else "",
        accept_unproven=form.get("accept_unproven") == "true",
    )
    if wanted.stage is Stage.CLOSED and not wanted.reason:
        raise BadFormError("Say why the incident is over.")
    return wanted


def _refused(request: HttpRequest, public_id: UUID, refusal: DomainError) -> HttpResponse:
    """Show the incident as it still is, and above it what is wrong with the form."""
    incident = _find(request, public_id)
    return _page(request, incident, run=_run(incident, incident.run_count), refusal=refusal)


def _page(
    request: HttpRequest, incident: Incident, *, run: QueryRun, refusal: DomainError | None = None
) -> HttpResponse:
    actor = actor_of(request)
    part = part_of(run, actor=actor)
    page = IncidentPage(incident, run, part, actor, timezone.now())
    context: dict[str, object] = {
        **answer_context(page),
        "section": "/incidents",
        "error": refusal,
        "runs": incident.runs.order_by("-number").values("number", "asked_at", "occasion")[:EVENTS_SHOWN],
        "is_newest": run.number == incident.run_count,
        "steps": _steps(Stage(incident.stage)),
        "allowed": [stage.value for stage in allowed_from(Stage(incident.stage))],
        "severities": [one.value for one in Severity],
        "may_respond": actor.can(Scope.INCIDENTS_WRITE),
        "panels": _panels(page),
        "live": live_state(page),
        **_teams(incident, actor=actor),
    }
    return render(request, "incidents/page.html", context, status=refusal.status if refusal else 200)


def _panels(page: IncidentPage) -> list[Mapping[str, object]]:
    filled = ((panel.template, panel.context(page)) for panel in ABOVE)
    return [{"template": template, "context": context} for template, context in filled if context is not None]


def _teams(incident: Incident, *, actor: Actor) -> Mapping[str, object]:
    concerned: list[IncidentTeam] = list(incident.teams.select_related("team").order_by("team__slug"))
    if not actor.sees_all:
        concerned = [one for one in concerned if one.team_id in (actor.team_ids or ())]
    waiting = [one for one in concerned if one.acknowledged_at is None and one.team_id in actor.write_team_ids]
    return {"concerned": concerned, "may_acknowledge": bool(waiting) and actor.can(Scope.EVIDENCE_WRITE)}


def _steps(stage: Stage) -> list[Step]:
    place, allowed = ORDER.index(stage), allowed_from(stage)
    return [
        Step(one.value, is_current=one is stage, is_passed=number < place, is_allowed=one in allowed)
        for number, one in enumerate(ORDER)
    ]


def _find(request: HttpRequest, public_id: UUID) -> Incident:
    visible = Incident.objects.visible_to(actor_of(request)).select_related("team", "owner")
    incident = visible.filter(public_id=public_id).first()
    if incident is None:
        raise IncidentNotFoundError
    return incident


def _run(incident: Incident, number: int) -> QueryRun:
    run = incident.runs.filter(number=number).first()
    if run is None:
        raise IncidentNotFoundError
    run.incident = incident
    return run


def _text(request: HttpRequest, name: str, *, limit: int) -> str:
    text = request.POST.get(name, "").strip()
    if not text:
        raise BadFormError(f"The field {name} is empty.")
    if len(text) > limit or "\0" in text:
        raise BadFormError(f"The field {name} holds at most {limit:,} characters, and no NUL.")
    return text


def _severity(request: HttpRequest) -> Severity:
    given = request.POST.get("severity", "")
    if given not in set(Severity):
        raise BadFormError(f"The severity is one of {', '.join(Severity)}.")
    return Severity(given)


def _stage(request: HttpRequest) -> Stage:
    given = request.POST.get("state", "")
    if given not in set(Stage):
        raise BadFormError(f"The state is one of {', '.join(Stage)}.")
    return Stage(given)


def _back(public_id: UUID) -> HttpResponse:
    return HttpResponseRedirect(f"/incidents/{public_id}", status=303)
