"""Pages of repositories, workflows and builders, and of what each of them made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.http import require_safe

from inventory.graph.origins import OriginKind, list_made, list_origins
from inventory.graph.statements import bounded
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import read_text
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import PAGE_SIZE, listing, read_place

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PATHS = {
    OriginKind.REPOSITORY: "/repositories",
    OriginKind.WORKFLOW: "/workflows",
    OriginKind.BUILDER: "/builders",
}


@require_safe
@signed_in(Scope.INVENTORY_READ)
def repositories(request: HttpRequest) -> HttpResponse:
    return _page(request, OriginKind.REPOSITORY)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def workflows(request: HttpRequest) -> HttpResponse:
    return _page(request, OriginKind.WORKFLOW)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def builders(request: HttpRequest) -> HttpResponse:
    return _page(request, OriginKind.BUILDER)


def _page(request: HttpRequest, kind: OriginKind) -> HttpResponse:
    """Show what one of them made where `name` says which, else all of them."""
    name, actor = read_text(request, "name"), actor_of(request)
    context: dict[str, object] = {
        "section": PATHS[OriginKind.REPOSITORY],
        "kind": kind,
        "path": PATHS[kind],
        "paths": [(kind.value, path) for kind, path in PATHS.items()],
        "name": name or "",
        "query": read_text(request, "q") or "",
    }
    after = read_place(request, str) or ""
    with bounded():
        if name:
            made = list_made(kind, name=name, after=after, limit=PAGE_SIZE, actor=actor)
            context["list"] = listing(request, made)
            return show(request, page="origins/made.html", fragment="origins/_made.html", context=context)
        found = list_origins(kind, text=str(context["query"]), after=after, limit=PAGE_SIZE, actor=actor)
    context["list"] = listing(request, found)
    return show(request, page="origins/list.html", fragment="origins/_rows.html", context=context)
