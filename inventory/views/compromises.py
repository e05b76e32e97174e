"""The page of compromises: declared by one person, lifted by two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from inventory.models import Compromise, CompromiseKind
from inventory.verification.compromises import Declaration, declare, lift
from inventory.views.form_fields import read_instant, read_needed, read_note
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.api.parameters import BadParameterError
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from supplychain.access.actors import Actor

_KINDS = [kind.value for kind in CompromiseKind]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(Scope.POLICY_READ)
def compromise_list(request: HttpRequest) -> HttpResponse:
    """Show what was in an attacker's hands, newest first; declare something."""
    return _declare(request) if request.method == "POST" else _list(request)


@require_POST
@signed_in(Scope.POLICY_READ)
def lift_compromise(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for the end of a compromise, or agree to it as another person."""
    compromise = lift(public_id, actor=_narrowing(request), at=timezone.now())
    is_lifted = compromise.lifted_at is not None
    messages.success(
        request, "Lifted. What it touched is judged anew." if is_lifted else "Noted. Another person must agree, too."
    )
    return HttpResponseRedirect("/compromises", status=303)


def _list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    rows = Compromise.objects.select_related("declared_by", "lift_proposed_by", "lifted_by")
    page = read_page(rows, request=request, order=("-public_id",))
    context = {
        "section": "/compromises",
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "kinds": _KINDS,
        "user_id": actor.user_id,
        "may_narrow": _may_narrow(actor),
    }
    return show(request, page="compromises/list.html", fragment="compromises/_rows.html", context=context)


def _declare(request: HttpRequest) -> HttpResponse:
    actor, kind = _narrowing(request), request.POST.get("kind", "")
    if kind not in _KINDS:
        raise BadParameterError("kind", f"is one of {', '.join(_KINDS)}.")
    since = read_instant(request, "since")
    if since is None:
        raise BadParameterError("since", "says from when on nothing of it is believed.")
    declared = Declaration(
        kind=CompromiseKind(kind),
        value=read_needed(request, "value", longest=2048),
        issuer=read_note(request, "issuer", longest=1024),
        since=since,
        until=read_instant(request, "until"),
        reason=read_needed(request, "reason"),
    )
    declare(declared, actor=actor, at=timezone.now())
    messages.success(request, "Declared. It binds at once; what it touches is judged anew.")
    return HttpResponseRedirect("/compromises", status=303)


def _narrowing(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not _may_narrow(actor):
        raise PermissionDenied("This needs the right policy:write or incidents:write.")
    return actor


def _may_narrow(actor: Actor) -> bool:
    return actor.can(Scope.POLICY_WRITE) or actor.can(Scope.INCIDENTS_WRITE)
