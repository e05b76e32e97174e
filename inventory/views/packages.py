"""Pages of packages: the most widespread first, and one with its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.http import require_safe

from inventory.graph.advisories import list_advisories
from inventory.graph.packages import PackagePlace, list_packages, read_package
from inventory.graph.statements import bounded
from inventory.identity.purls import PackageKey, parse_purl
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import read_text
from supplychain.errors import DomainError
from supplychain.routing import path_tail
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import PAGE_SIZE, listing, read_place
from supplychain.web.snippets import upload_sbom

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

ADVISORIES_SHOWN = 20


@require_safe
@signed_in(Scope.INVENTORY_READ)
def package_list(request: HttpRequest) -> HttpResponse:
    query = read_text(request, "q") or ""
    with bounded():
        part = list_packages(query, after=read_place(request, PackagePlace), limit=PAGE_SIZE, actor=actor_of(request))
    context = {
        "section": "/packages",
        "list": listing(request, part),
        "query": query,
        "upload_snippet": upload_sbom(request),
    }
    return show(request, page="packages/list.html", fragment="packages/_rows.html", context=context)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def package_page(request: HttpRequest, purl: str) -> HttpResponse:
    key = _package_key(path_tail(request, prefix="/packages/", tail=purl))
    with bounded():
        found = read_package(key, actor=actor_of(request))
        advisories = list_advisories("", package=key, after=None, limit=ADVISORIES_SHOWN, actor=actor_of(request))
    context = {
        "section": "/packages",
        "found": found,
        "advisories": advisories.rows,
        "has_more_advisories": advisories.next is not None,
    }
    return show(request, page="packages/page.html", fragment="packages/page.html", context=context)


def _package_key(text: str) -> PackageKey:
    purl = parse_purl(text)
    if purl.version or purl.qualifiers or purl.subpath:
        message = "This page is about a package: leave version, qualifiers and subpath away."
        raise DomainError("purl_not_a_package", message)
    return purl.key
