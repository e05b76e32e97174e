"""Pages of artifacts: the list, one digest, its components, and what changed between two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.views.decorators.http import require_safe

from inventory.graph.artifact_detail import read_artifact
from inventory.graph.artifact_vex import read_notes
from inventory.graph.artifacts import ArtifactFilter, ArtifactKey, list_artifacts
from inventory.graph.attestations import list_attestations
from inventory.graph.base_images import list_base_images
from inventory.graph.components import list_components
from inventory.graph.diff import PackagePlace, diff_artifacts
from inventory.graph.runtime import WorkloadFilter, list_workloads
from inventory.graph.statements import bounded
from inventory.graph.tags import tags_at
from inventory.graph.trace import read_trace
from inventory.identity.digests import parse_digest
from inventory.views.origins import picture
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import read_choice, read_text
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import PAGE_SIZE, Listing, listing, read_place
from supplychain.web.snippets import upload_sbom

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

WORKLOADS_SHOWN = 20
ATTESTATIONS_SHOWN = 20
TAGS_SHOWN = 20
STATED_SHOWN = 20
_RUNNING = {"true": True, "false": False}


@require_safe
@signed_in(Scope.INVENTORY_READ)
def artifact_list(request: HttpRequest) -> HttpResponse:
    running = read_choice(request, "running", allowed=tuple(_RUNNING))
    sbom = read_choice(request, "sbom", allowed=("none", "unbound"))
    wanted = ArtifactFilter(
        text=read_text(request, "q") or "",
        is_running=None if running is None else _RUNNING[running],
        is_undescribed=sbom == "none",
        is_unbound=sbom == "unbound",
    )
    with bounded():
        part = list_artifacts(wanted, after=read_place(request, ArtifactKey), limit=PAGE_SIZE, actor=actor_of(request))
    context = {
        "section": "/artifacts",
        "list": listing(request, part),
        "wanted": wanted,
        "running": running or "",
        "upload_snippet": upload_sbom(request),
    }
    return show(request, page="artifacts/list.html", fragment="artifacts/_rows.html", context=context)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def artifact_page(request: HttpRequest, digest: str) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    with bounded():
        artifact = read_artifact(_digest(digest), actor=actor)
        components = list_components(artifact.digest, text="", after=None, limit=PAGE_SIZE, actor=actor)
        running = WorkloadFilter(digest=artifact.digest)
        attestations = list_attestations(artifact.digest, after=None, limit=ATTESTATIONS_SHOWN, actor=actor)
        tags = tags_at(artifact.digest, limit=TAGS_SHOWN, actor=actor)
        bases = list_base_images(artifact.digest, actor=actor)
        stated = read_notes(artifact.digest, actor=actor)
        trace = read_trace(artifact.digest, actor=actor)
        workloads = list_workloads(running, after=None, limit=WORKLOADS_SHOWN, now=now, actor=actor)
    context = {
        "section": "/artifacts",
        "artifact": artifact,
        "list": Listing(components.rows),
        "query": "",
        "sbom_snippet": upload_sbom(request, digest=artifact.digest),
        "attestations": attestations.rows,
        "has_more_attestations": attestations.next is not None,
        "tags": tags,
        "tags_limit": TAGS_SHOWN,
        "bases": bases,
        "stated": stated[:STATED_SHOWN],
        "stated_count": len(stated),
        "picture": picture(trace),
        "workloads": workloads.rows,
        "has_more_workloads": workloads.next is not None,
        "now": now,
    }
    return show(request, page="artifacts/page.html", fragment="artifacts/page.html", context=context)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def component_list(request: HttpRequest, digest: str) -> HttpResponse:
    query = read_text(request, "q") or ""
    canonical = _digest(digest)
    with bounded():
        part = list_components(
            canonical, text=query, after=read_place(request, str), limit=PAGE_SIZE, actor=actor_of(request)
        )
    context = {"section": "/artifacts", "list": listing(request, part), "query": query, "digest_text": canonical}
    return show(request, page="artifacts/components.html", fragment="artifacts/_components.html", context=context)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def difference_page(request: HttpRequest, digest: str) -> HttpResponse:
    canonical, other = _digest(digest), _other(request)
    context: dict[str, object] = {"section": "/artifacts", "digest_text": canonical, "other": other}
    if other:
        with bounded():
            found = diff_artifacts(
                canonical, other, place=read_place(request, PackagePlace), limit=PAGE_SIZE, actor=actor_of(request)
            )
        context |= {"difference": found, "list": listing(request, found.page)}
    return show(request, page="artifacts/difference.html", fragment="artifacts/_difference.html", context=context)


def _digest(text: str) -> str:
    return str(parse_digest(text))


def _other(request: HttpRequest) -> str:
    text = read_text(request, "with")
    return _digest(text.strip()) if text else ""
