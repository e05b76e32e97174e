"""Headers of every answer that tell the browser what it may do with it; the content policy is django-csp's."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
