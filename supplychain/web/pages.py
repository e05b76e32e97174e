"""The frame of every page's view: who may open it, and what is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeAlias, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers

from supplychain.access.actors import actor_of
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

Parameters = ParamSpec("Parameters")
PageView: TypeAlias = Callable[Concatenate[HttpRequest, Parameters], HttpResponse]


def signed_in(scope: str) -> Callable[[PageView[Parameters]], PageView[Parameters]]:
    """Let in who is signed in and holds the scope; send the others to sign in, or answer 403.

    A refusal of the domain becomes the error page of its status: 404 for what is not there or not theirs.
    """

    def decorate(view: PageView[Parameters]) -> PageView[Parameters]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
            actor = actor_of(request)
            if not actor.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not actor.can(scope):
                raise PermissionDenied(f"This page needs the right {scope}.")
            try:
                response = view(request, *args, **kwargs)
            except DomainError as error:
                response = refused(request, error)
            return _private(response)

        # wraps() names the first argument and so calls it no longer positional; it is the same function.
        return cast("PageView[Parameters]", guarded)

    return decorate


def show(
    request: HttpRequest, *, page: str, fragment: str, context: Mapping[str, object], status: int = 200
) -> HttpResponse:
    """Answer with the whole page, or with its fragment alone where htmx asks for a part of it."""
    template = fragment if asks_for_part(request) else page
    return render(request, template, dict(context), status=status)


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Answer a refusal: the page of its status, or one sentence where htmx swaps a part."""
    if error.status == 404:
        raise Http404(error.message)
    if error.status == 403:
        raise PermissionDenied(error.message)
    template = "web/_refused.html" if asks_for_part(request) else "400.html"
    return render(request, template, {"error": error}, status=error.status)


def asks_for_part(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of a page. What it fetches for the Back button is a whole page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.history_restore_request and not htmx.boosted


def _private(response: HttpResponse) -> HttpResponse:
    """Keep shared caches out, and a fragment apart from the page of the same address."""
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ("HX-Request", "Cookie"))
    return response
