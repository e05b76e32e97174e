"""The page of the incident question."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from incidents.impact.answer import Impact, Status, Summary
from incidents.impact.assess import assess
from incidents.impact.estate import read_places
from incidents.impact.question import DEFAULT_LIMIT
from incidents.models import Severity
from incidents.response.reach import reach_of
from incidents.views import answer
from incidents.views.picture import draw
from incidents.views.question import Typed, read_typed, understand
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.errors import DomainError
from supplychain.web.pages import asks_for_part, show, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse

_SNIPPET = """\
curl --fail -G -H "Authorization: Bearer $SUPPLYCHAIN_KEY" \\
  --data-urlencode 'q=pkg:npm/event-stream@3.3.6' '{base}api/v1/impact'"""


@dataclass(frozen=True, slots=True)
class Choice:
    """One box to tick."""

    value: str
    label: str
    is_chosen: bool


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(Scope.INCIDENTS_READ)
def impact_page(request: HttpRequest) -> HttpResponse:
    """Ask, and show the answer. A form that fits in an address is sent there, so that the answer has a permalink."""
    typed = read_typed(request.POST if request.method == "POST" else request.GET)
    if request.method == "POST" and typed.fits_in_address and not asks_for_part(request):
        return HttpResponseRedirect(typed.address, status=303)
    context = _form(request, typed)
    if not typed.text:
        return _show(request, context)
    try:
        found = assess(understand(typed), actor=actor_of(request), at=timezone.now())
    except DomainError as error:
        return _show(request, context | {"problem": error}, status=error.status)
    return _show(request, context | _answer(request, typed, found=found))


def _form(request: HttpRequest, typed: Typed) -> dict[str, object]:
    places = read_places(actor=actor_of(request))
    environments = dict.fromkeys((*places.environments, *typed.environments))
    clusters = dict.fromkeys((*places.clusters, *typed.clusters))
    return {
        "section": "/impact",
        "question": typed,
        "status_choices": _choices(Status, chosen=typed.statuses),
        "environment_choices": _choices(environments, chosen=typed.environments),
        "cluster_choices": _choices(clusters, chosen=typed.clusters),
        "again_method": "get" if typed.fits_in_address else "post",
        "page_size": DEFAULT_LIMIT,
        "snippet": _SNIPPET.format(base=request.build_absolute_uri("/")),
    }


def _answer(request: HttpRequest, typed: Typed, *, found: Impact) -> dict[str, object]:
    header = found.header
    lines = answer.asked_lines(header)
    tense = answer.tense(header.asked)
    permalink = replace(typed, cursor="")
    return {
        "impact": found,
        "header": header,
        "data_as_of": header.data_as_of,
        "headline": answer.headline(header.summary, ran=tense),
        "tense": tense,
        "tiles": answer.tiles(header.summary),
        "coverage_parts": answer.coverage_parts(header.coverage),
        "stale_clusters": [cluster for cluster in header.coverage.clusters if cluster.stale],
        "asked": lines,
        "status_words": answer.status_words(header.asked.statuses),
        "picture": draw(reach_of(found.rows), artifact_count=_matching_count(header.summary)),
        "may_respond": actor_of(request).can(Scope.INCIDENTS_WRITE),
        "severities": [severity.value for severity in Severity],
        "incident_title": _title(lines),
        "watch_query": urlencode({"q": typed.text}),
        "permalink": request.build_absolute_uri(permalink.address) if permalink.fits_in_address else "",
    }


def _matching_count(summary: Summary) -> int:
    return summary.affected.artifact_count + summary.possible.artifact_count


def _title(lines: answer.AskedLines) -> str:
    """Return a title to begin with, so that nothing must be typed before an incident is open."""
    if not lines.understood:
        return "Compromise"
    more = len(lines.understood) - 1
    return f"Compromise of {lines.understood[0].given[:150]}{f' and {more} more' if more else ''}"


def _show(request: HttpRequest, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    return show(request, page="impact/page.html", fragment="impact/_part.html", context=context, status=status)


def _choices(values: Iterable[str], *, chosen: Iterable[str]) -> list[Choice]:
    ticked = set(chosen)
    return [Choice(str(value), str(value).replace("_", " "), is_chosen=str(value) in ticked) for value in values]
