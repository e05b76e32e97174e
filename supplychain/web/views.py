"""The error pages: what happened, and the next step. The API's own errors never come here."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

from supplychain.ops.middleware import request_id
from supplychain.web.pages import asks_for_part

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django's signature
    return _error_page(request, "400.html", status=400, context={"reason": "The request could not be understood."})


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    reason = str(exception) or "Your account does not hold the right this page needs."
    return _error_page(request, "403.html", status=403, context={"reason": reason})


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django's signature
    return _error_page(request, "404.html", status=404, context={"reason": "There is nothing here that you can see."})


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or too old: nothing was done."""
    logger.warning("form refused", extra={"reason": reason})
    context = {"reason": "This form is too old. Reload the page and send it again.", "is_stale_form": True}
    return _error_page(request, "403.html", status=403, context=context)


def server_error(_request: HttpRequest) -> HttpResponse:
    """Answer with the id under which the log tells more; asks neither the database nor the session."""
    return HttpResponse(render_to_string("500.html", {"request_id": request_id.get()}), status=500)


def _error_page(request: HttpRequest, template: str, *, status: int, context: dict[str, object]) -> HttpResponse:
    """Answer a whole page, or one sentence where htmx would swap the page into a part of another."""
    return render(request, "web/_error.html" if asks_for_part(request) else template, context, status=status)
