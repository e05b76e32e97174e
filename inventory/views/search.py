"""The page of the one search box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.http import require_safe

from inventory.graph.search import MIN_TEXT, search
from inventory.graph.statements import bounded
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import read_text
from supplychain.web.pages import show, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

HITS_OF_EACH_KIND = 8


@require_safe
@signed_in(Scope.INVENTORY_READ)
def search_page(request: HttpRequest) -> HttpResponse:
    query = (read_text(request, "q") or "").strip()
    with bounded():
        found = search(query, limit=HITS_OF_EACH_KIND, actor=actor_of(request))
    groups = [group for group in found if group.hits]
    context = {
        "header_query": query,
        "query": query,
        "groups": groups,
        "hit_count": sum(len(group.hits) for group in groups),
        "is_too_short": len(query) < MIN_TEXT,
    }
    return show(request, page="search/page.html", fragment="search/_hits.html", context=context)
