"""One id a request: in every log line and in the answer."""

import re
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from supplychain.ids import uuid7

HEADER = "X-Request-Id"
# A caller's id is taken over only when it cannot break a log line or a header.
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestId:
    """Take over the caller's request id, or make one; answer with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        current = given if _SAFE_ID.fullmatch(given) else str(uuid7())
        token = request_id.set(current)
        try:
            response = self._get_response(request)
        finally:
            request_id.reset(token)
        response[HEADER] = current
        return response
