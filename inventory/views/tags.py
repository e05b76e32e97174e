"""Pages of tags: the repositories that registries told of, and the history of one of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.views.decorators.http import require_safe

from inventory.graph.statements import bounded
from inventory.graph.tags import TagKey, list_repositories, list_tag_events, repository_name
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import address_after, read_key
from supplychain.api.parameters import BadParameterError, read_text
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import PAGE_SIZE, Listing, first_address, listing, read_place
from supplychain.web.snippets import send_events

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
@signed_in(Scope.INVENTORY_READ)
def tag_list(request: HttpRequest) -> HttpResponse:
    """Show the history of one repository, or which there are."""
    repository = read_text(request, "repository")
    return _history(request, repository=repository) if repository else _repositories(request)


def _repositories(request: HttpRequest) -> HttpResponse:
    query = read_text(request, "q") or ""
    with bounded():
        part = list_repositories(query, after=read_place(request, str), limit=PAGE_SIZE, actor=actor_of(request))
    context = {
        "section": "/tags",
        "list": listing(request, part),
        "query": query,
        "upload_snippet": send_events(request),
    }
    return show(request, page="tags/repositories.html", fragment="tags/_repositories.html", context=context)


def _history(request: HttpRequest, *, repository: str) -> HttpResponse:
    tag = read_text(request, "tag") or ""
    with bounded():
        part = list_tag_events(repository, tag=tag, after=_place(request), limit=PAGE_SIZE, actor=actor_of(request))
    last = part.next
    key = None if last is None else [last.observed_at.isoformat(), last.evidence, last.pointer]
    context = {
        "section": "/tags",
        "list": Listing(part.rows, next=address_after(request, key=key) or "", first=first_address(request)),
        "repository": repository_name(repository),
        "tag": tag,
    }
    return show(request, page="tags/history.html", fragment="tags/_history.html", context=context)


def _place(request: HttpRequest) -> TagKey | None:
    key = read_key(request, length=3)
    try:
        return None if key is None else TagKey(datetime.fromisoformat(str(key[0])), str(UUID(str(key[1]))), str(key[2]))
    except ValueError as error:
        raise BadParameterError("cursor", "does not belong to this list.", code="bad_cursor") from error
