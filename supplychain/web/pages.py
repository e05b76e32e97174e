"""The frame of every page's view: who may open it, and what is sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeAlias, cast

import psycopg
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control, patch_vary_headers

from supplychain.access.actors import actor_of
from supplychain.access.demands import demand_of
from supplychain.errors import DomainError
from supplychain.ops.middleware import request_id

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

logger = logging.getLogger(__name__)

Parameters = ParamSpec("Parameters")
PageView: TypeAlias = Callable[Concatenate[HttpRequest, Parameters], HttpResponse]


def signed_in(scope: str) -> Callable[[PageView[Parameters]], PageView[Parameters]]:
    """Let in who is signed in and holds the scope; send the others to sign in, or answer 403.

    A refusal of the domain becomes the error page of its status: 404 for what is not there or not theirs.
    """

    def decorate(view: PageView[Parameters]) -> PageView[Parameters]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
            try:
                actor = actor_of(request)
                if not actor.is_authenticated:
                    return _to_sign_in(request)
                if (demand := demand_of(request)) is not None:
                    return _to(request, demand.path)
                if not actor.can(scope):
                    raise PermissionDenied(f"This page needs the right {scope}.")
                return _private(view(request, *args, **kwargs))
            except DomainError as error:
                return _private(refused(request, error))
            except (OperationalError, InterfaceError) as error:
                return unavailable(request, error)

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


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer what will pass: a question that took too long (504), a database that is away (503). Asks it nothing."""
    is_slow = isinstance(error.__cause__, psycopg.errors.QueryCanceled)
    logger.warning("a page was not served", extra={"reason": type(error.__cause__ or error).__name__})
    reason = (
        "This took too long and was stopped. Narrow the question."
        if is_slow
        else "The database does not answer. Nothing was changed; try again in a minute."
    )
    template = "web/_error.html" if asks_for_part(request) else "web/unavailable.html"
    text = render_to_string(template, {"reason": reason, "request_id": request_id.get()})
    return HttpResponse(text, status=504 if is_slow else 503, headers={"Retry-After": "5"})


def asks_for_part(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of a page. What it fetches for the Back button is a whole page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.history_restore_request and not htmx.boosted


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to signing in and back. htmx, which would swap that page into a part of this one, is told to go there."""
    if not asks_for_part(request):
        return redirect_to_login(request.get_full_path())
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # set by the middleware
    back = redirect_to_login(htmx.current_url_abs_path or "/")
    return HttpResponse(status=401, headers={"HX-Redirect": back.url})


def _to(request: HttpRequest, path: str) -> HttpResponse:
    """Lead to another page first, also where htmx asks for a part of one."""
    if asks_for_part(request):
        return HttpResponse(status=403, headers={"HX-Redirect": path})
    return HttpResponseRedirect(path)


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the answer out of every cache, and a fragment apart from the page of the same address."""
    patch_cache_control(response, private=True, no_store=True)
    patch_vary_headers(response, ("HX-Request", "Cookie"))
    return response
