"""An incident's page follows what happens: asked every few seconds, it answers with its parts when something did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from incidents.models import ActionState, EventKind, Incident, IncidentEvent, LiveQuestion, Stage
from incidents.response.answers import read_newest
from incidents.timeline import IncidentNotFoundError, events_for
from incidents.views.grouping import Grouping
from incidents.views.narrowing import read_narrowed
from incidents.views.panels.order import ABOVE, BELOW, HEAD, LEFT, RIGHT
from incidents.views.panels.page import Filled, IncidentPage, answer_context, fill
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import read_choice, read_text
from supplychain.web.pages import signed_in
from supplychain.web.tags import count, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest

_CLOSED = ".closed"
"""How the tag of a closed incident ends."""
_MOVED_BY_EVIDENCE = {"proven": "done by evidence, ", "proof_lost": "opened again by evidence, "}
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
    is_closed: bool
    says: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of the page, filled, by where they stand."""

    head: Sequence[Filled]
    above: Sequence[Filled]
    left: Sequence[Filled]
    right: Sequence[Filled]
    below: Sequence[Filled]

    @property
    def all(self) -> list[Filled]:
        return [*self.head, *self.above, *self.left, *self.right, *self.below]

    @property
    def listed(self) -> list[Filled]:
        """Those that the list of parts leads to."""
        return [one for one in self.all if one.panel.title and one.context is not None]


def parts_of(page: IncidentPage) -> Parts:
    return Parts(*(fill(panels, page) for panels in (HEAD, ABOVE, LEFT, RIGHT, BELOW)))


def live_state(page: IncidentPage, *, seen: str = "") -> LiveState | None:
    """Return how the incident is followed; None for an earlier answer.

    One that is closed is asked no more, but packs are downloaded, and it may be reopened.
    """
    if not page.is_newest:
        return None
    question = LiveQuestion.objects.filter(incident=page.incident).first()
    tag = _tag(page.incident, question, now=page.now)
    asked_at, problem = (question.asked_at, question.problem) if question is not None else (None, "")
    return LiveState(tag, asked_at, problem, tag.endswith(_CLOSED), _says(page, seen=seen, tag=tag))


@require_safe
@signed_in(Scope.INCIDENTS_READ)
def live(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with the parts of the page, or 304 while they are what `seen` (or `If-None-Match`) names.

    The browser changes what differs and leaves the rest: what is typed, what has the focus, what is unfolded.
    """
    actor, now = actor_of(request), timezone.now()
    incident = Incident.objects.visible_to(actor).select_related("team", "owner").filter(public_id=public_id).first()
    if incident is None:
        raise IncidentNotFoundError
    seen = read_text(request, "seen") or ""
    tag = _tag(incident, LiveQuestion.objects.filter(incident=incident).first(), now=now)
    if tag == seen or f'"{tag}"' in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers={"ETag": f'"{tag}"'})
    if seen and seen.endswith(_CLOSED) != tag.endswith(_CLOSED):  # its page has other forms now
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    wanted = {"narrowed": read_narrowed(request), "grouping": read_grouping(request)}
    page = IncidentPage(incident, read_newest(incident), actor, now, **wanted)  # type: ignore[arg-type]
    context = {**answer_context(page), "parts": parts_of(page), "live": live_state(page, seen=seen)}
    answered = render(request, "incidents/_live_parts.html", context)
    answered["ETag"] = f'"{tag}"'
    return answered


def read_grouping(request: HttpRequest) -> Grouping:
    """Read how the actions are put together. Raises BadParameterError."""
    return Grouping(read_choice(request, "group", allowed=[one.value for one in Grouping]) or Grouping.OWNER)


def _tag(incident: Incident, question: LiveQuestion | None, *, now: datetime) -> str:
    """Name what the page shows: also how the proofs stand, and how many actions a clock alone has made late."""
    late = incident.actions.filter(state=ActionState.OPEN, due_at__lt=now).count()
    proofs = question.proofs[:8] if question is not None else ""
    failing = ".failing" if question is not None and question.problem else ""
    closed = _CLOSED if incident.stage == Stage.CLOSED else ""
    return f"{incident.version}.{incident.run_count}.{late}.{proofs}{failing}{closed}"


def _told(event: IncidentEvent) -> str:
    """Write an event in a line; the text of some kinds is a word that is stored."""
    text = words(event.text).lower() if event.kind in {EventKind.MILESTONE, EventKind.REPORTED} else event.text
    moved = _MOVED_BY_EVIDENCE.get(event.details.get("change", ""), "") if event.kind == EventKind.ACTION else ""
    return f"{words(event.kind)} {moved}{text}".strip()


def _says(page: IncidentPage, *, seen: str, tag: str) -> str:
    """Say in words what is new since `seen`, for the eye and for who has it read aloud."""
    version, run, _, proofs, *_ = [*seen.split("."), "", "", ""]
    if not version:
        return ""
    if version == str(page.incident.version):
        return "A proof of recovery stands otherwise." if proofs != tag.split(".")[3] else ""
    if run == str(page.incident.run_count):
        newest = events_for(page.incident, actor=page.actor).order_by("-number").first()
        return "" if newest is None else f"New on the timeline: {_told(newest)}"[:200] + "."
    if page.part.header is None:
        return f"There is a new answer, {page.run.number}: {count(len(page.part.rows), 'row')} for your teams."
    found = IncidentEvent.objects.filter(incident=page.incident, kind=EventKind.FOUND).order_by("-number").first()
    if found is None or found.details.get("run") != page.run.number:
        return f"There is a new answer, {page.run.number}; its rows are the same."
    counts = (f"{found.details[name]} {word}" for name, word in _COUNTS.items() if found.details.get(name))
    return f"There is a new answer, {page.run.number}: {', '.join(counts)}."
