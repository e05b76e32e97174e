"""`GET /api/version`: what clients of other products ask before they talk to a server (docs/api.md)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_safe

# The clients compare this with the versions of the API they were written for (4.11 and 4.12 are the gates they know).
COMPATIBLE_VERSION = "4.14.3"
_APPLICATION = uuid.UUID("0199aa00-6c1e-7c52-9d0b-6d1f0f2a7e11")


@require_safe
def version(_request: HttpRequest) -> HttpResponse:
    """Answer without a key; says nothing about the host."""
    system = uuid.UUID(bytes=salted_hmac("supplychain.system", settings.KEY_HMAC_SECRET).digest()[:16], version=4)
    return JsonResponse(
        {
            "application": "Supply chain security platform",
            "version": COMPATIBLE_VERSION,
            "timestamp": "2026-11-23T00:00:00Z",
            "uuid": str(_APPLICATION),
            "systemUuid": str(system),
            "api": ["/api/v1"],
        }
    )
