"""Headers of every answer that tell the browser what it may do with it; the content policy is django-csp's."""

from collections.abc import Callable

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

_ALWAYS = {
    # No other site may load an answer of ours as image, script or anything else.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), "
    "browsing-topics=(), publickey-credentials-create=(self), publickey-credentials-get=(self), clipboard-write=(self)",
}


class BrowserHeaders:
    """Add what is missing; what nobody said may be stored is stored nowhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        for name, value in _ALWAYS.items():
            response.setdefault(name, value)
        response.setdefault("Cache-Control", "no-store")
        return response


class ContentPolicy(CSPMiddleware):
    """django-csp's, which puts the policy together for each answer; ours is the same for all but those that ask."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self._plain = build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if "_csp_nonce" in vars(request) or any(name.startswith("_csp") for name in vars(response)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self._plain)
        # The nonce that nobody asked for holds the request, and the request it: such circles wait for the collector,
        # which keeps everybody waiting where it finds thousands.
        request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # type: ignore[attr-defined]
        return response
