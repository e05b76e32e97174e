"""The page of trusted signers: what was proposed, who accepted it, and the forms to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inventory.models import SignerAction, SignerDecision, SignerState, TrustedSigner
from inventory.verification import registry
from inventory.views.form_fields import read_instant, read_note
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.api.parameters import read_choice
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

_STATES = [state.value for state in SignerState]


@require_safe
@signed_in(Scope.POLICY_READ)
def signer_list(request: HttpRequest) -> HttpResponse:
    """Show the signers of the organisation and of one's teams, newest first."""
    actor = actor_of(request)
    state = read_choice(request, "state", allowed=_STATES) or ""
    decisions = SignerDecision.objects.select_related("user").order_by("at", "id")
    rows = TrustedSigner.objects.visible_to(actor).select_related("team")
    rows = rows.prefetch_related(Prefetch("decisions", queryset=decisions))
    if state:
        rows = rows.filter(state=state)
    page = read_page(rows, request=request, order=("-public_id",))
    context = {
        "section": "/signers",
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "state": state,
        "states": _STATES,
        "accepted_by_self": [one.pk for one in page.rows if _accepted_by(one, user_id=actor.user_id)],
        "may_widen": actor.can(Scope.POLICY_WRITE),
        "may_narrow": actor.can(Scope.POLICY_WRITE) or actor.can(Scope.INCIDENTS_WRITE),
        "accepts_for_production": registry.ACCEPTS_FOR_PRODUCTION,
    }
    return show(request, page="signers/list.html", fragment="signers/_rows.html", context=context)


@require_POST
@signed_in(Scope.POLICY_WRITE)
def accept(request: HttpRequest, public_id: UUID) -> HttpResponse:
    signer = registry.accept(public_id, actor=actor_of(request), at=timezone.now(), note=read_note(request))
    accepted = signer.state == SignerState.ACCEPTED
    messages.success(
        request,
        "Accepted. What it signed is judged anew." if accepted else "Noted. Another person must accept it, too.",
    )
    return HttpResponseRedirect("/signers", status=303)


@require_POST
@signed_in(Scope.POLICY_WRITE)
def reject(request: HttpRequest, public_id: UUID) -> HttpResponse:
    registry.reject(public_id, actor=actor_of(request), at=timezone.now(), note=read_note(request))
    messages.success(request, "Rejected. It is not proposed again.")
    return HttpResponseRedirect("/signers", status=303)


@require_POST
@signed_in(Scope.POLICY_READ)
def revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Trust a signer no more: for who decides about policy, and for who runs incidents."""
    actor = actor_of(request)
    if not (actor.can(Scope.POLICY_WRITE) or actor.can(Scope.INCIDENTS_WRITE)):
        raise PermissionDenied("This needs the right policy:write or incidents:write.")
    registry.revoke(
        public_id,
        actor=actor,
        at=timezone.now(),
        note=read_note(request),
        compromised_since=read_instant(request, "compromised_since"),
    )
    messages.success(request, "Revoked. What it signed is judged anew.")
    return HttpResponseRedirect("/signers", status=303)


def _accepted_by(signer: TrustedSigner, *, user_id: int | None) -> bool:
    return any(one.user_id == user_id and one.action == SignerAction.ACCEPT for one in signer.decisions.all())
