"""The part of an incident's page that changes while one looks: asked for every few seconds, answered when it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from incidents.models import EventKind, Incident, IncidentEvent, LiveQuestion, Stage
from incidents.response.part import part_of
from incidents.timeline import IncidentNotFoundError, events_for
from incidents.views import answer
from incidents.views.panels.page import IncidentPage
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import read_text
from supplychain.web.pages import signed_in
from supplychain.web.tags import count

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest

ROWS_SHOWN = 100
EVENTS_SHOWN = 200
_COUNTS = {
    "added_count": "new",
    "started_count": "running again",
    "stopped_count": "no longer running",
    "changed_count": "judged otherwise",
    "retracted_count": "withdrawn",
}


@dataclass(frozen=True, slots=True)
class LiveState:
    """Whether the page follows, and how it goes. `tag` names what is shown; `says` is what is new since another."""

    tag: str
    asked_at: datetime | None
    problem: str
    says: str = ""


def live_state(page: IncidentPage, *, seen: str = "") -> LiveState | None:
    """Return how the incident is followed; None for one that is closed, and for an earlier answer."""
    if page.incident.stage == Stage.CLOSED or not page.is_newest:
        return None
    question = LiveQuestion.objects.filter(incident=page.incident).first()
    problem = question.problem if question is not None else ""
    asked_at = question.asked_at if question is not None else None
    return LiveState(_tag(page.incident, problem=problem), asked_at, problem, _says(page, seen=seen))


def answer_context(page: IncidentPage) -> Mapping[str, object]:
    """Return what the parts that change are rendered with: answer, rows, timeline."""
    part = page.part
    return {
        "incident": page.incident,
        "run": page.run,
        "part": part,
        "header": part.header,
        "data_as_of": page.run.data_as_of,
        "rows": part.rows[:ROWS_SHOWN],
        "more_count": max(0, len(part.rows) - ROWS_SHOWN),
        "tiles": answer.tiles(part.summary),
        "events": list(events_for(page.incident, actor=page.actor).order_by("-number")[:EVENTS_SHOWN]),
        "now": page.now,
        **answer.about(part.header),
    }


@require_safe
@signed_in(Scope.INCIDENTS_READ)
def live(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with the parts that change, or 304 while they are what `seen` (or `If-None-Match`) names."""
    actor = actor_of(request)
    incident = Incident.objects.visible_to(actor).select_related("team", "owner").filter(public_id=public_id).first()
    if incident is None:
        raise IncidentNotFoundError
    seen = read_text(request, "seen") or ""
    problem = LiveQuestion.objects.filter(incident=incident).values_list("problem", flat=True).first() or ""
    tag = _tag(incident, problem=problem)
    if tag == seen or f'"{tag}"' in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers={"ETag": f'"{tag}"'})
    if incident.stage == Stage.CLOSED:  # its page has other forms now
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    run = incident.runs.get(number=incident.run_count)
    run.incident = incident
    page = IncidentPage(incident, run, part_of(run, actor=actor), actor, timezone.now())
    context = {**answer_context(page), "live": live_state(page, seen=seen)}
    answered = render(request, "incidents/_live_parts.html", context)
    answered["ETag"] = f'"{tag}"'
    return answered


def _tag(incident: Incident, *, problem: str) -> str:
    return f"{incident.version}.{incident.run_count}" + (".failing" if problem else "")


def _says(page: IncidentPage, *, seen: str) -> str:
    """Say in words what is new since `seen`, for the eye and for who has it read aloud."""
    version, _, rest = seen.partition(".")
    run = rest.partition(".")[0]
    if not version or version == str(page.incident.version):
        return ""
    if run == str(page.incident.run_count):
        return "The timeline has something new."
    if page.part.header is None:
        return f"There is a new answer, {page.run.number}: {count(len(page.part.rows), 'row')} for your teams."
    found = IncidentEvent.objects.filter(incident=page.incident, kind=EventKind.FOUND).order_by("-number").first()
    if found is None or found.details.get("run") != page.run.number:
        return f"There is a new answer, {page.run.number}; its rows are the same."
    counts = (f"{found.details[name]} {word}" for name, word in _COUNTS.items() if found.details.get(name))
    return f"There is a new answer, {page.run.number}: {', '.join(counts)}."
