"""The pages of decisions: what was asked at the gates, and what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inventory.policy.listing import OUTCOMES, find_decisions
from inventory.policy.models import Decision
from inventory.policy.rendering import shown_hits, shown_rules
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.api.parameters import read_choice
from supplychain.errors import DomainError
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


class DecisionNotFoundError(DomainError):
    """There is no such decision, or not for this reader."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such decision.", status=404)


@require_safe
@signed_in(Scope.POLICY_READ)
def decision_list(request: HttpRequest) -> HttpResponse:
    """Show what was decided for one's teams, newest first."""
    page = read_page(find_decisions(request), request=request, order=("-public_id",))
    context = {
        "section": "/decisions",
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "result": read_choice(request, "result", allowed=OUTCOMES) or "",
        "results": OUTCOMES,
        "digest": request.GET.get("digest", ""),
        "now": timezone.now(),
    }
    return show(request, page="decisions/list.html", fragment="decisions/_rows.html", context=context)


@require_safe
@signed_in(Scope.POLICY_READ)
def decision_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one decision with its reasons: where the message of a refused rollout leads."""
    actor = actor_of(request)
    decision = Decision.objects.visible_to(actor).filter(public_id=public_id).first()
    if decision is None:
        raise DecisionNotFoundError
    context = {
        "section": "/decisions",
        "decision": decision,
        "rules": shown_rules(decision.rules, actor=actor),
        "hits": shown_hits(decision.hits, actor=actor),
    }
    return render(request, "decisions/page.html", context)
