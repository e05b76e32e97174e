"""The page of overwritten release tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.views.decorators.http import require_safe

from inventory.graph.statements import bounded
from inventory.graph.tag_overwrites import OverwriteKey, list_overwrites
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import read_text
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import PAGE_SIZE, listing, read_place

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
@signed_in(Scope.INVENTORY_READ)
def overwrite_list(request: HttpRequest) -> HttpResponse:
    repository = read_text(request, "repository") or ""
    with bounded():
        part = list_overwrites(
            repository=repository,
            after=read_place(request, OverwriteKey),
            limit=PAGE_SIZE,
            actor=actor_of(request),
        )
    context = {
        "section": "/tags",
        "list": listing(request, part),
        "repository": repository,
        "pattern": settings.RELEASE_TAG_PATTERN,
    }
    return show(request, page="tags/overwrites.html", fragment="tags/_overwrites.html", context=context)
