"""What Django answers where no view did: a problem under /api/, a page elsewhere."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from supplychain.api.errors import INTERNAL_ERROR, NOT_FOUND, Problem, is_api_path, problem_of, render_problem
from supplychain.web import views
from supplychain.web.pages import unavailable


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
    """Answer an exception that left middleware or a plain view: a database that is away as such, others as our mistake.

    Django calls this while it handles the exception, and logs that one with its stack.
    """
    error = sys.exception()
    if isinstance(error, OperationalError | InterfaceError):
        return (
            render_problem(problem_of(error), path=request.path)
            if is_api_path(request)
            else unavailable(request, error)
        )
    return render_problem(INTERNAL_ERROR, path=request.path) if is_api_path(request) else views.server_error(request)
