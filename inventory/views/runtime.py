"""Pages of what runs: workloads by cluster, the clusters, and one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.views.decorators.http import require_safe

from inventory.graph.runtime import (
    WITHOUT_DIGEST,
    WorkloadFilter,
    WorkloadKey,
    list_clusters,
    list_workloads,
    read_cluster,
)
from inventory.graph.statements import bounded
from inventory.identity.digests import parse_digest
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import read_text, read_time
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import PAGE_SIZE, listing, read_place
from supplychain.web.snippets import report_cluster

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

MAX_CLUSTERS_TO_CHOOSE = 200
NO_SERVICE = "none"


@require_safe
@signed_in(Scope.INVENTORY_READ)
def workload_list(request: HttpRequest) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    wanted = _filter(request)
    with bounded():
        part = list_workloads(wanted, after=read_place(request, WorkloadKey), limit=PAGE_SIZE, now=now, actor=actor)
        clusters = list_clusters(after="", limit=MAX_CLUSTERS_TO_CHOOSE, actor=actor)
    context = {
        "section": "/workloads",
        "list": listing(request, part),
        "wanted": wanted,
        "is_narrowed": bool(request.GET),
        "is_without_digest": wanted.digest == WITHOUT_DIGEST,
        "clusters": clusters.rows,
        "now": now,
        "report_snippet": report_cluster(request),
    }
    return show(request, page="runtime/workloads.html", fragment="runtime/_workloads.html", context=context)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def cluster_list(request: HttpRequest) -> HttpResponse:
    with bounded():
        part = list_clusters(after=read_place(request, str) or "", limit=PAGE_SIZE, actor=actor_of(request))
    now = timezone.now()
    context = {
        "section": "/clusters",
        "list": listing(request, part),
        "stale": {row.name for row in part.rows if row.is_stale(at=now)},
        "now": now,
        "report_snippet": report_cluster(request),
    }
    return show(request, page="runtime/clusters.html", fragment="runtime/_clusters.html", context=context)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def cluster_page(request: HttpRequest, name: str) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    namespace = read_text(request, "namespace") or ""
    wanted = WorkloadFilter(cluster=name, namespace=namespace)
    with bounded():
        found = read_cluster(name, actor=actor)
        part = list_workloads(wanted, after=read_place(request, WorkloadKey), limit=PAGE_SIZE, now=now, actor=actor)
    context = {
        "section": "/clusters",
        "cluster": found.cluster,
        "namespaces": found.namespaces,
        "is_stale": found.cluster.is_stale(at=now),
        "list": listing(request, part),
        "wanted": wanted,
        "is_narrowed": bool(namespace),
        "now": now,
        "report_snippet": report_cluster(request, cluster=name, team=found.cluster.team),
    }
    return show(request, page="runtime/cluster.html", fragment="runtime/_workloads.html", context=context)


def _filter(request: HttpRequest) -> WorkloadFilter:
    digest, service = read_text(request, "digest") or "", read_text(request, "service") or ""
    return WorkloadFilter(
        cluster=read_text(request, "cluster") or "",
        namespace=read_text(request, "namespace") or "",
        service="" if service == NO_SERVICE else service,
        environment=read_text(request, "environment") or "",
        digest=digest if digest in {"", WITHOUT_DIGEST} else str(parse_digest(digest)),
        at=read_time(request, "at"),
        is_unmapped=service == NO_SERVICE,
        team=read_text(request, "team") or "",
    )
