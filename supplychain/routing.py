"""Paths: one trailing slash means nothing, a purl in a path reaches its view as it was sent; some need no more."""

from collections.abc import Callable
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import ResolverMatch, resolve

Handler = Callable[[HttpRequest], HttpResponse]


class StripTrailingSlash:
    """Drop one trailing slash before the path is resolved, so that every path is served with and without it."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if len(request.path_info) > 1 and request.path_info.endswith("/"):
            request.path_info = request.path_info[:-1]
            request.path = request.path[:-1]
        return self._get_response(request)


class DirectPaths:
    """Answer settings.DIRECT_PATHS, where they are asked with a key, without what serves browsers.

    No session is looked for, no token, no messages: a cluster asks hundreds of times a second, and waits. Another
    scheme than Bearer is not ours: a proxy may have asked a browser for it, whose session counts.
    """

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response
        self._found: dict[str, ResolverMatch] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path not in settings.DIRECT_PATHS or not _shows_key(request):
            return self._get_response(request)
        match = self._found.get(path) or self._found.setdefault(path, resolve(path))
        request.resolver_match = match
        response: HttpResponse = match.func(request)
        return response.render() if isinstance(response, SimpleTemplateResponse) else response


def _shows_key(request: HttpRequest) -> bool:
    scheme, _, _ = str(request.META.get("HTTP_AUTHORIZATION", "")).strip().partition(" ")
    return scheme.lower() == "bearer" or "HTTP_X_API_KEY" in request.META


def path_tail(request: HttpRequest, *, prefix: str, tail: str) -> str:
    """Return what stands behind `prefix` in the path, with exactly one layer of percent-encoding understood.

    WSGI decodes PATH_INFO once, so a purl sent as a raw path (`/packages/pkg:npm/%40scope/name`) has lost the
    encoding that belongs to the purl itself, while one that was encoded whole (`pkg%3Anpm%2F%2540scope%2Fname`)
    is intact. The two are told apart by the undecoded request line, which gunicorn keeps as RAW_URI; where there
    is none, `tail` (what the URL pattern captured) is returned as it is.
    """
    raw_path = str(request.META.get("RAW_URI", "")).split("?", 1)[0]
    _, found, raw_tail = raw_path.partition(prefix)
    if not found:
        return tail
    raw_tail = raw_tail.removesuffix("/")
    sent_whole = "/" not in raw_tail
    return unquote(raw_tail) if sent_whole else raw_tail
