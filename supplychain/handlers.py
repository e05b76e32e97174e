"""What Django answers where no view did: a problem under /api/, a page elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from supplychain.api.errors import INTERNAL_ERROR, NOT_FOUND, Problem, is_api_path, problem_of, render_problem
from supplychain.web import views


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api_path(request):
        problem = Problem(400, "bad_request", "The request is malformed.")
        return render_problem(problem, path=request.path)
    return views.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api_path(request):
        return render_problem(problem_of(exception), path=request.path)
    return views.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api_path(request):
        return render_problem(NOT_FOUND, path=request.path)
    return views.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception that left middleware or a plain view; Django has logged it with its stack."""
    if not is_api_path(request):
        return views.server_error(request)
    return render_problem(INTERNAL_ERROR, path=request.path)
