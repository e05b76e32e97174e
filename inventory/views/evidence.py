"""Pages of evidence: the list, and one receipt that follows its document until it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inventory.graph.reading_again import read_excerpt
from inventory.graph.receipts import NEWEST_FIRST, ReceiptFilter, find_receipt, receipts
from inventory.ingest.tries import failed_tries
from inventory.intake.receive import put_back
from inventory.models import IN_WORK, READABLE, EvidenceKind, State
from inventory.views.panels import panel_of
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.api.parameters import read_choice, read_digest
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address
from supplychain.web.snippets import upload_sbom

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from inventory.models import Evidence

_COUNTS = (
    "components",
    "components_stored",
    "components_rejected",
    "components_of_subject",
    "services",
    "ancestors",
    "components_merged",
    "components_without_purl",
    "dependencies",
    "lines",
    "lines_used",
    "lines_rejected",
    "lines_ignored",
    "indicators",
    "indicators_stored",
    "indicators_repeated",
    "indicators_rejected",
    "records",
    "records_applied",
    "records_rejected",
)
# What put_back() takes: the document failed, and may do better with a newer reader or a database that is back.
_RETRIED = (State.REJECTED, State.QUARANTINED)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def evidence_list(request: HttpRequest) -> HttpResponse:
    state = read_choice(request, "state", allowed=State.values)
    wanted = ReceiptFilter(
        state=None if state is None else State(state),
        kind=read_choice(request, "kind", allowed=EvidenceKind.values) or "",
        artifact=read_digest(request, "artifact") or "",
    )
    page = read_page(receipts(wanted, actor=actor_of(request)), request=request, order=NEWEST_FIRST)
    context = {
        "section": "/evidence",
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "wanted": wanted,
        "states": State.values,
        "kinds": EvidenceKind.values,
        "now": timezone.now(),
        "upload_snippet": upload_sbom(request),
    }
    return show(request, page="evidence/list.html", fragment="evidence/_rows.html", context=context)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def receipt_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    receipt = find_receipt(public_id, actor=actor)
    state = State(receipt.state.state)
    context = {
        "section": "/evidence",
        "receipt": receipt,
        "is_in_work": state in IN_WORK,
        "artifacts": receipt.state.subjects if state in READABLE else receipt.artifacts,
        "are_artifacts_known": state in READABLE,
        "failed_tries": failed_tries(receipt.state),
        "may_retry": state in _RETRIED and actor.can(Scope.EVIDENCE_WRITE),
        "counts": sorted(receipt.state.counts.items(), key=_count_order),
        **_understood(receipt, state=state),
    }
    return show(request, page="evidence/page.html", fragment="evidence/_receipt.html", context=context)


def _count_order(count: tuple[str, int]) -> tuple[int, str]:
    """Put the counts that add up first; the database keeps them in no order."""
    name = count[0]
    return (_COUNTS.index(name) if name in _COUNTS else len(_COUNTS), name)


def _understood(receipt: Evidence, *, state: State) -> dict[str, object]:
    """Return the panel of an applied document; of a refused one what stands where it failed."""
    if state in READABLE:
        panel = panel_of(receipt)
        return {"panel": panel.template, "understood": receipt.state.understood, **panel.read(receipt)}
    error = receipt.state.error
    return {"excerpt": read_excerpt(receipt, error["pointer"])} if error else {}


@require_POST
@signed_in(Scope.EVIDENCE_WRITE)
def retry(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Put a document back into the queue, and show its receipt again."""
    actor = actor_of(request)
    put_back(find_receipt(public_id, actor=actor), actor=actor, at=timezone.now())
    messages.success(request, "Put back into the queue. This page follows it.")
    return HttpResponseRedirect(f"/evidence/{public_id}")
