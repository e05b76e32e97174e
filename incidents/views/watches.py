"""Pages of watches: the list with the form, and one with what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.asking import read_incident_question
from incidents.models import Watch, WatchHit
from incidents.pasted import MAX_TEXT_BYTES
from incidents.watches.keeping import (
    LOOKED_BACK,
    WatchNotFoundError,
    change_watch,
    end_watch,
    make_watch,
    would_have_matched,
)
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.api.parameters import read_text
from supplychain.errors import DomainError
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address
from supplychain.web.refusals import BadFieldError, Refusal

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

MAX_NAME = 200
BEFORE_SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(Scope.INCIDENTS_READ)
def watches(request: HttpRequest) -> HttpResponse:
    """List watches, or make one."""
    if request.method != "POST":
        return _list(request)
    try:
        name = _text(request, "name", limit=MAX_NAME)
        asked = read_incident_question({"text": _text(request, "q", limit=MAX_TEXT_BYTES)})
        made = make_watch(asked.question, given=asked.given, name=name, actor=actor_of(request), at=timezone.now())
    except DomainError as refusal:
        if refusal.status != 400:
            raise
        return _list(request, refused=Refusal("new", refusal, request.POST, {"text": "q"}))
    messages.success(request, "It watches from now on. Below is what it would have told in the last 30 days.")
    return _to(made.public_id)


@require_safe
@signed_in(Scope.INCIDENTS_READ)
def watch(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a watch, what it found, and what it would have found in the month before it was there."""
    found = Watch.objects.visible_to(actor_of(request)).select_related("team").filter(public_id=public_id).first()
    if found is None:
        raise WatchNotFoundError
    page = read_page(WatchHit.objects.filter(watch=found, is_before=False), request=request, order=("-public_id",))
    before = WatchHit.objects.filter(watch=found, is_before=True, happened_at__gte=found.created_at - LOOKED_BACK)
    context = {
        "section": "/watches",
        "watch": found,
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "before": before.order_by("-happened_at", "pk")[:BEFORE_SHOWN],
        "before_count": would_have_matched(found),
        "text": found.question.get("text", ""),
        "now": timezone.now(),
    }
    return render(request, "watches/page.html", context)


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Pause it, or let it go on."""
    paused = request.POST.get("paused") == "true"
    change_watch(public_id, is_paused=paused, actor=actor_of(request), at=timezone.now())
    messages.success(request, "It is paused." if paused else "It goes on, and tells what came meanwhile.")
    return _to(public_id)


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End it."""
    end_watch(public_id, actor=actor_of(request), at=timezone.now())
    messages.success(request, "It has ended; what it found stays.")
    return HttpResponseRedirect("/watches", status=303)


def _list(request: HttpRequest, *, refused: Refusal | None = None) -> HttpResponse:
    rows = Watch.objects.visible_to(actor_of(request)).filter(ended_at__isnull=True).select_related("team")
    page = read_page(rows, request=request, order=("-public_id",))
    context = {
        "section": "/watches",
        "refused": refused,
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "asked": read_text(request, "q") or "",
        "now": timezone.now(),
    }
    status = refused.error.status if refused else 200
    return show(request, page="watches/list.html", fragment="watches/_rows.html", context=context, status=status)


def _text(request: HttpRequest, name: str, *, limit: int) -> str:
    text = request.POST.get(name, "").strip()
    if not text or len(text) > limit or "\0" in text:
        raise BadFieldError(name, f"The field {name} must hold 1 to {limit:,} characters, and no NUL.")
    return text


def _to(public_id: UUID) -> HttpResponse:
    return HttpResponseRedirect(f"/watches/{public_id}", status=303)
