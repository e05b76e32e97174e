"""Pages of the roots of trust: their versions, whom each believes, and the forms by which two people change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inventory.verification import roots
from inventory.verification.people import person_of
from inventory.views.form_fields import read_needed
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.api.parameters import BadParameterError
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from inventory.models import TrustRootVersion


@require_safe
@signed_in(Scope.POLICY_READ)
def root_list(request: HttpRequest) -> HttpResponse:
    """Show every version of every root, newest first."""
    page = read_page(roots.list_versions().defer("data"), request=request, order=("-id",))
    context = {
        "section": "/roots",
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "may_widen": actor_of(request).can(Scope.POLICY_WRITE),
    }
    return show(request, page="roots/list.html", fragment="roots/_rows.html", context=context)


@require_http_methods(["GET", "HEAD"])
@signed_in(Scope.POLICY_READ)
def root_page(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Show whom one version believes, and what approval would add."""
    actor, version = actor_of(request), roots.find_version(name, number)
    context = {
        "section": "/roots",
        "version": version,
        "parts": roots.compared(version),
        "may_widen": actor.can(Scope.POLICY_WRITE),
        "is_own": version.proposed_by_id == actor.user_id,
    }
    return show(request, page="roots/page.html", fragment="roots/page.html", context=context)


@require_POST
@signed_in(Scope.POLICY_WRITE)
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a version: it counts once another person approved it."""
    file = request.FILES.get("file")
    if file is None:
        raise BadParameterError("file", "is a trusted_root.json.")
    data = file.read(roots.MAX_ROOT_BYTES + 1)
    name = read_needed(request, "name", longest=64)
    version = roots.propose(name, data, user=person_of(actor_of(request)), at=timezone.now())
    messages.success(request, "Proposed. It believes nobody until another person approves it.")
    return _to(version)


@require_POST
@signed_in(Scope.POLICY_WRITE)
def approve(request: HttpRequest, name: str, number: int) -> HttpResponse:
    version = roots.find_version(name, number)
    roots.approve(version, user=person_of(actor_of(request)), at=timezone.now())
    messages.success(request, "Approved. Everything is verified anew.")
    return _to(version)


@require_POST
@signed_in(Scope.POLICY_WRITE)
def withdraw(request: HttpRequest, name: str, number: int) -> HttpResponse:
    version = roots.find_version(name, number)
    roots.withdraw(version, user=person_of(actor_of(request)), at=timezone.now())
    messages.success(request, "Withdrawn. It never believed anybody; the same file may be proposed again.")
    return _to(version)


@require_POST
@signed_in(Scope.POLICY_WRITE)
def retire(request: HttpRequest, name: str, number: int) -> HttpResponse:
    version = roots.find_version(name, number)
    roots.retire(version, user=person_of(actor_of(request)), at=timezone.now())
    messages.success(request, "Retired. What it alone verified cannot be judged any more.")
    return _to(version)


def _to(version: TrustRootVersion) -> HttpResponse:
    return HttpResponseRedirect(f"/roots/{version.root.name}/{version.number}", status=303)
