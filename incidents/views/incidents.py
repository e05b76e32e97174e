"""Pages of incidents: the list, and one that is worked with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.asking import read_incident_question
from incidents.models import Incident, Occasion, Severity, Stage
from incidents.recovery.closing import change_or_tell_left
from incidents.response.answers import read_shown
from incidents.response.changes import Wanted, acknowledge, add_note
from incidents.response.opening import ask_again, open_incident
from incidents.timeline import IncidentNotFoundError
from incidents.views.following import live_state, parts_of, read_grouping
from incidents.views.narrowing import read_narrowed
from incidents.views.panels.order import ROWS
from incidents.views.panels.page import IncidentPage, answer_context, fill
from incidents.views.question import as_given, read_typed
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.api.parameters import read_choice, read_flag
from supplychain.errors import DomainError
from supplychain.web.pages import asks_for_part, show, signed_in
from supplychain.web.paging import Listing, first_address
from supplychain.web.refusals import BadFieldError, Refusal

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from incidents.models import QueryRun

MAX_TITLE = 200
MAX_TEXT = 20_000


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
    incident = find_incident(request, public_id)
    return show_incident(request, incident, number=incident.run_count)


@require_safe
@signed_in(Scope.INCIDENTS_READ)
def run_page(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    """Show the same with an earlier answer, as it was given: its permalink."""
    return show_incident(request, find_incident(request, public_id), number=number)


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def ask(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask the incident's question again."""
    asked = read_incident_question(find_incident(request, public_id).question)
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
    form = "close" if "walks" in request.POST else "stage" if "state" in request.POST else "settings"
    try:
        change_or_tell_left(public_id, _wanted(request), actor=actor_of(request), at=timezone.now())
    except DomainError as refusal:
        return show_refused(request, public_id, form=form, error=refusal)
    return _back(public_id)


@require_POST
@signed_in(Scope.INCIDENTS_WRITE)
def note(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Write something down on the timeline."""
    try:
        add_note(public_id, _text(request, "text", limit=MAX_TEXT), actor=actor_of(request), at=timezone.now())
    except DomainError as refusal:
        return show_refused(request, public_id, form="note", error=refusal)
    return _back(public_id, "timeline")


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
        walks=form.get("walks") == "true",
    )
    if wanted.stage is Stage.CLOSED and not wanted.reason:
        raise BadFieldError("reason", "Say why the incident is over.")
    return wanted


def show_refused(request: HttpRequest, public_id: UUID, *, form: str, error: DomainError) -> HttpResponse:
    """Show the incident as it still is, and in the form what was typed and what is wrong with it."""
    if error.status in {403, 404}:
        raise error
    incident = find_incident(request, public_id)
    refused = Refusal(form, error, request.POST)
    return show_incident(request, incident, number=incident.run_count, refused=refused)


def show_incident(
    request: HttpRequest, incident: Incident, *, number: int, refused: Refusal | None = None
) -> HttpResponse:
    """Show the incident with one of its answers; the rows alone where htmx narrows them or turns their pages."""
    page = IncidentPage(
        incident,
        read_shown(find_run(incident, number)),
        actor_of(request),
        timezone.now(),
        narrowed=read_narrowed(request),
        grouping=read_grouping(request),
        refused=refused,
    )
    context = {**answer_context(page), "section": "/incidents", "live": live_state(page)}
    if asks_for_part(request):
        return render(request, "incidents/_narrowed.html", {**context, "one": fill([ROWS], page)[0]})
    context |= {"is_newest": page.is_newest, "parts": parts_of(page)}
    return render(request, "incidents/page.html", context, status=refused.error.status if refused else 200)


def find_incident(request: HttpRequest, public_id: UUID) -> Incident:
    """Return the incident if the person may see it. Raises IncidentNotFoundError."""
    visible = Incident.objects.visible_to(actor_of(request)).select_related("team", "owner")
    incident = visible.filter(public_id=public_id).first()
    if incident is None:
        raise IncidentNotFoundError
    return incident


def find_run(incident: Incident, number: int) -> QueryRun:
    """Return one of its answers. Raises IncidentNotFoundError."""
    run = incident.runs.light().filter(number=number).first()
    if run is None:
        raise IncidentNotFoundError
    run.incident = incident
    return run


def _text(request: HttpRequest, name: str, *, limit: int) -> str:
    text = request.POST.get(name, "").strip()
    if not text:
        raise BadFieldError(name, f"The field {name} is empty.")
    if len(text) > limit or "\0" in text:
        raise BadFieldError(name, f"The field {name} holds at most {limit:,} characters, and no NUL.")
    return text


def _severity(request: HttpRequest) -> Severity:
    given = request.POST.get("severity", "")
    if given not in set(Severity):
        raise BadFieldError("severity", f"The severity is one of {', '.join(Severity)}.")
    return Severity(given)


def _stage(request: HttpRequest) -> Stage:
    given = request.POST.get("state", "")
    if given not in set(Stage):
        raise BadFieldError("state", f"The state is one of {', '.join(Stage)}.")
    return Stage(given)


def _back(public_id: UUID, part: str = "") -> HttpResponse:
    return HttpResponseRedirect(f"/incidents/{public_id}{f'#{part}' if part else ''}", status=303)
