"""Pages of drills: the history with what it proves, and one drill."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from incidents.drills.planting import NoDrillTeamError
from incidents.drills.proof import proof_of
from incidents.drills.running import BadDrillError, find_drill, start_drill, start_planted_drill
from incidents.models import Drill
from incidents.tasks import ring_drills
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address
from supplychain.web.refusals import Refusal

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

PROVES_FOR = timedelta(days=30)


@require_http_methods(["GET", "HEAD", "POST"])
def drills(request: HttpRequest) -> HttpResponse:
    """List drills, or start one: the two methods need different rights."""
    return _start(request) if request.method == "POST" else _list(request)


@signed_in(Scope.INCIDENTS_READ)
def _list(request: HttpRequest) -> HttpResponse:
    return _show(request)


@signed_in(Scope.INCIDENTS_WRITE)
def _start(request: HttpRequest) -> HttpResponse:
    actor, at = actor_of(request), timezone.now()
    try:
        if request.POST.get("plant"):
            drill = start_planted_drill(actor=actor, at=at)
        else:
            with transaction.atomic():
                drill = start_drill(request.POST.get("component", "").strip(), actor=actor, at=at)
    except (BadDrillError, NoDrillTeamError) as refusal:
        return _show(request, refused=Refusal("start", refusal, request.POST))
    ring_drills()
    messages.success(request, "The drill is started; its result is here in a moment. Reload to see it.")
    return HttpResponseRedirect(f"/drills/{drill.public_id}", status=303)


@require_safe
@signed_in(Scope.INCIDENTS_READ)
def drill_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the stopwatch and the recall of one drill."""
    drill = find_drill(public_id)
    context = {
        "section": "/drills",
        "drill": drill,
        "result": getattr(drill, "result", None),
        "sees_all": actor_of(request).sees_all,
        "now": timezone.now(),
    }
    return render(request, "drills/page.html", context)


def _show(request: HttpRequest, *, refused: Refusal | None = None) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    page = read_page(Drill.objects.select_related("result"), request=request, order=("-public_id",))
    context = {
        "section": "/drills",
        "refused": refused,
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "proof": proof_of(since=now - PROVES_FOR),
        "may_plant": bool(settings.DRILL_TEAM),
        "may_start": actor.sees_all and actor.can(Scope.INCIDENTS_WRITE),
        "sees_all": actor.sees_all,
        "now": now,
    }
    return show(
        request,
        page="drills/list.html",
        fragment="drills/_rows.html",
        context=context,
        status=refused.error.status if refused else 200,
    )
