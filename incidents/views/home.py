"""The start page: one search box, open incidents, the state of the estate, what is unknown, what came in last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.impact.estate import read_estate
from incidents.models import Incident
from incidents.views.answer import coverage_parts
from inventory.graph.receipts import NEWEST_FIRST, ReceiptFilter, receipts
from inventory.graph.statements import bounded
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.web.pages import show, signed_in
from supplychain.web.snippets import report_cluster, upload_sbom

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from incidents.impact.estate import Estate
    from supplychain.access.actors import Actor

RECEIPTS_SHOWN = 8
INCIDENTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something nobody knows, in a number: what it means, and the list to start from."""

    count: int
    noun: str
    meaning: str
    next_step: str
    href: str


@require_safe
@signed_in(Scope.INVENTORY_READ)
def home(request: HttpRequest) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    estate = read_estate(actor=actor, at=now)
    opened = _open_incidents(actor)
    with bounded():
        recent = list(receipts(ReceiptFilter(), actor=actor).order_by(*NEWEST_FIRST)[:RECEIPTS_SHOWN])
    context = {
        "section": "/",
        "estate": estate,
        "known": estate.coverage,
        "coverage_parts": coverage_parts(estate.coverage),
        "unknowns": _unknowns(estate),
        "opened": opened[:INCIDENTS_SHOWN],
        "more_incidents": len(opened) > INCIDENTS_SHOWN,
        "recent": recent,
        "is_empty": not recent,
        "now": now,
        "upload_snippet": upload_sbom(request),
        "report_snippet": report_cluster(request),
    }
    return show(request, page="home/page.html", fragment="home/page.html", context=context)


def _open_incidents(actor: Actor) -> list[Incident]:
    """Return the incidents that are not closed, the newest first, one more than is shown."""
    if not actor.can(Scope.INCIDENTS_READ):
        return []
    found = Incident.objects.visible_to(actor).filter(closed_at__isnull=True).select_related("owner")
    return list(found.order_by("-public_id")[: INCIDENTS_SHOWN + 1])


def _unknowns(estate: Estate) -> tuple[Unknown, ...]:
    known = estate.coverage
    return (
        Unknown(
            known.without_sbom_count,
            "running digest without SBOM,running digests without SBOM",
            "Nothing says what is inside; every answer lists them as unknown.",
            "Send their SBOMs",
            "/artifacts?sbom=none",
        ),
        Unknown(
            known.containers_without_digest_count,
            "container without digest,containers without digest",
            "Reported by tag alone: no SBOM can be matched to them.",
            "See which",
            "/workloads?digest=none",
        ),
        Unknown(
            estate.stale_cluster_count,
            "stale cluster",
            "Silent for three report intervals: what changed there since is unknown.",
            "See when they were heard",
            "/clusters",
        ),
        Unknown(
            known.unmapped_service_count,
            "workload without service,workloads without service",
            "They run, and nobody is named to call.",
            "See the workloads",
            "/workloads?service=none",
        ),
        Unknown(
            estate.backlog.quarantined_count,
            "quarantined document",
            "Three tries failed; no answer counts them.",
            "Read why, and try again",
            "/evidence?state=quarantined",
        ),
        Unknown(
            known.index_unresolved_count,
            "unresolved image index,unresolved image indexes",
            "A tag's index runs, and which platform's manifest it is was not reported.",
            "Upload the index",
            "/artifacts?running=true",
        ),
        Unknown(
            known.sbom_without_digest_count,
            "SBOM without digest,SBOMs without digest",
            "They name no bytes, so they can never match what runs.",
            "Bind them to a digest",
            "/artifacts?sbom=unbound",
        ),
    )
