"""Paths: one trailing slash means nothing, and a purl in a path reaches its view as it was sent."""

from collections.abc import Callable
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse

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
