"""One line a request: which route, what came of it, how long it took, who asked.

Never the address, which may hold a secret, nor a header, nor a body.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from supplychain.access.actors import Actor
from supplychain.ops import log_context

logger = logging.getLogger("request")

_QUIET = frozenset({"healthz", "readyz", "metrics"})


class AccessLog:
    """Log every request but those for health, metrics and static files."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        with log_context.begun():
            response = self._get_response(request)
            if not _is_quiet(request):
                facts = _facts(request, response, perf_counter() - began)
                logger.info("%s %s %s", request.method, facts["route"], response.status_code, extra=facts)
        return response


def _is_quiet(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None:
        return request.path_info.startswith(f"/{settings.STATIC_URL.strip('/')}/")
    return match.url_name in _QUIET


def _facts(request: HttpRequest, response: HttpResponse, seconds: float) -> dict[str, object]:
    match = request.resolver_match
    return {
        "method": request.method,
        "route": "none" if match is None else f"/{match.route}",
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
        "request_bytes": _length(request.META.get("CONTENT_LENGTH")),
        "response_bytes": _length(response.get("Content-Length")),
        **_who(request),
    }


def _length(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _who(request: HttpRequest) -> dict[str, object]:
    """Return who asked, as far as somebody wanted to know it: nothing is looked up for the log."""
    user = request.__dict__.get("user")
    if type(user) is Actor:  # isinstance() would look a person up
        return {"asker": user.label, "team_id": user.team_id} if user.is_authenticated else {}
    person = request.__dict__.get("_cached_user")
    return {"asker": f"user:{person.get_username()}"} if person is not None and person.is_authenticated else {}
