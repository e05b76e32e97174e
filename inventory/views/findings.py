"""The pages of findings: which ways in the evidence shows, and what happened to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inventory.detectors.meanings import TITLES
from inventory.detectors.records import Detector, Severity
from inventory.graph.findings import FindingFilter, find_findings, with_documents
from inventory.models import Finding, FindingState
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.api.parameters import read_choice, read_text
from supplychain.errors import DomainError
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

_ANY = "any"


class FindingNotFoundError(DomainError):
    """There is no such finding, or not for this reader."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such finding.", status=404)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def finding_list(request: HttpRequest) -> HttpResponse:
    """Show the findings of one's teams, the newest first; those that are open unless the reader wants others."""
    state = read_choice(request, "state", allowed=[*FindingState, _ANY]) or FindingState.OPEN
    severity = read_choice(request, "severity", allowed=list(Severity))
    detector = read_choice(request, "detector", allowed=list(Detector))
    repository = read_text(request, "repository")
    wanted = FindingFilter(
        detector=None if detector is None else Detector(detector),
        severity=None if severity is None else Severity(severity),
        state=None if state == _ANY else FindingState(state),
        repository=repository,
    )
    page = read_page(find_findings(wanted, actor=actor_of(request)), request=request, order=("-public_id",))
    context = {
        "section": "/findings",
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "state": state,
        "states": [*FindingState, _ANY],
        "severity": severity or "",
        "severities": list(Severity),
        "detector": detector or "",
        "detectors": [(one.value, TITLES[one]) for one in Detector],
        "repository": repository or "",
        "is_narrowed": bool(severity or detector or repository or state != FindingState.OPEN),
        "now": timezone.now(),
    }
    return show(request, page="findings/list.html", fragment="findings/_rows.html", context=context)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def finding_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one finding: what is wrong, where, what to do, and by which documents it opened and closed."""
    rows = with_documents(Finding.objects.visible_to(actor_of(request)))
    finding = rows.with_events().filter(public_id=public_id).first()
    if finding is None:
        raise FindingNotFoundError
    return render(request, "findings/page.html", {"section": "/findings", "finding": finding})
