"""Which methods pages know: a browser's links and forms send no others."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from supplychain.api.errors import is_api_path

KNOWN = ("GET", "HEAD", "POST", "OPTIONS")


class PageMethods:
    """Refuse every other method of a page, so that no view of a library answers PUT as a second POST."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in KNOWN or is_api_path(request):
            return self._get_response(request)
        return HttpResponseNotAllowed(KNOWN)
