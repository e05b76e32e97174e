"""Where a browser's request came from."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """Return the browser's address: the peer's, or what the trusted proxy (TRUST_PROXY) saw; or None."""
    text = str(request.META.get("REMOTE_ADDR", ""))
    if settings.USE_X_FORWARDED_HOST:
        # The proxy appends what it saw; whatever stands before that was sent by the browser.
        text = request.headers.get("X-Forwarded-For", text).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
