"""What the API answers when it refuses or fails: application/problem+json (RFC 9457) with a stable code."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import psycopg
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.encoding import iri_to_uri
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import set_rollback

from supplychain.errors import DomainError, ErrorDetail
from supplychain.ops import log_context

logger = logging.getLogger(__name__)

PROBLEM_MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
MAX_SHOWN_ERRORS = 100

# REST framework's own words for a refusal -> ours (docs/api.md, Errors).
_CODES = {
    "parse_error": "bad_json",
    "throttled": "too_many_requests",
    "unsupported_media_type": "unsupported_media_type",
    "authentication_failed": "bad_key",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, as it is told to the client."""

    status: int
    code: str
    detail: str
    errors: tuple[ErrorDetail, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


# One body for what does not exist and for what another team owns: nobody can tell them apart.
NOT_FOUND = Problem(404, "not_found", "There is nothing here that this key or user may see.")

INTERNAL_ERROR = Problem(
    500, "internal_error", "This is our mistake, and it was logged under this answer's X-Request-Id."
)


def problem_response(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer any exception of a view; the exception handler of REST framework."""
    set_rollback()
    request: Request = context["request"]
    return render_problem(problem_of(exc), path=request.path)


def problem_of(exc: Exception) -> Problem:
    """Return what to tell the client about an exception; what nobody expected is logged here, once, with its stack."""
    if isinstance(exc, DomainError):
        return NOT_FOUND if exc.status == HTTPStatus.NOT_FOUND else _of_domain(exc)
    if isinstance(exc, Http404 | exceptions.NotFound):
        return NOT_FOUND
    if isinstance(exc, exceptions.ValidationError):
        return _of_validation(exc)
    if isinstance(exc, exceptions.APIException):
        return _of_api_exception(exc)
    if isinstance(exc, DatabaseError | InterfaceError) and (problem := _of_database(exc)) is not None:
        return problem
    return _of_django(exc) or _unexpected(exc)


def render_problem(problem: Problem, *, path: str) -> HttpResponse:
    """Write a problem; never through the view's renderer, which may speak CSV."""
    log_context.add(code=problem.code)
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.status != HTTPStatus.NOT_FOUND:
        body["instance"] = iri_to_uri(path)
    if problem.errors:
        shown = problem.errors[:MAX_SHOWN_ERRORS]
        body["errors"] = [{"pointer": e.pointer, "code": e.code, "message": e.message} for e in shown]
    response = HttpResponse(json.dumps(body), status=problem.status, content_type=PROBLEM_MEDIA_TYPE)
    for name, value in problem.headers.items():
        response[name] = value
    # Django would log every 5xx a second time, without the stack.
    response._has_been_logged = problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR  # type: ignore[attr-defined]  # noqa: SLF001
    return response


def _of_domain(exc: DomainError) -> Problem:
    retry = exc.status == HTTPStatus.SERVICE_UNAVAILABLE
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if retry else {}
    return Problem(exc.status, exc.code, exc.message, errors=exc.details, headers=headers)


def _of_validation(exc: exceptions.ValidationError) -> Problem:
    errors = tuple(_flatten(exc.detail, pointer=""))
    return Problem(400, "validation_failed", "The input is not valid; `errors` says where.", errors=errors)


def _flatten(detail: object, *, pointer: str) -> Iterator[ErrorDetail]:
    """Turn REST framework's nested errors into JSON pointers (RFC 6901)."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else "/" + str(name).replace("~", "~0").replace("/", "~1")
            yield from _flatten(inner, pointer=pointer + step)
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for index, inner in enumerate(detail):
            # A list holds either the messages of this place or, for a list field, one dict a row.
            yield from _flatten(inner, pointer=pointer if isinstance(inner, str) else f"{pointer}/{index}")
    else:
        yield ErrorDetail(pointer, getattr(detail, "code", None) or "invalid", str(detail))


def _of_api_exception(exc: exceptions.APIException) -> Problem:
    given = exc.get_codes()
    code = given if isinstance(given, str) else exc.default_code
    headers: dict[str, str] = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(exc, exceptions.Throttled):
        headers["Retry-After"] = str(max(1, math.ceil(getattr(exc, "wait", None) or 1)))
    return Problem(exc.status_code, _CODES.get(code, code), str(exc.detail), headers=headers)


def _of_database(exc: DatabaseError | InterfaceError) -> Problem | None:
    """Tell what will pass (the server is away, read-only, out of locks) from our own mistakes, for which None."""
    cause = exc.__cause__
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if isinstance(cause, psycopg.errors.QueryCanceled):
        return Problem(504, "query_timeout", "The question took too long; narrow it.")
    if isinstance(exc, OperationalError | InterfaceError) or isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        logger.warning("the database did not serve a request", extra={"reason": type(cause or exc).__name__})
        return Problem(503, "database_unavailable", "Not accepted; it is safe to try again.", headers=retry)
    return None


def _of_django(exc: Exception) -> Problem | None:
    if isinstance(exc, DjangoPermissionDenied):
        return Problem(403, "permission_denied", "This is not allowed.")
    if isinstance(exc, RequestDataTooBig):
        return Problem(413, "too_large", "The body is larger than this route takes.")
    if isinstance(exc, UnreadablePostError):
        return Problem(400, "incomplete_body", "The body ended before its announced length.")
    if isinstance(exc, SuspiciousOperation):
        return Problem(400, "bad_request", "The request is malformed.")
    return None


def _unexpected(exc: Exception) -> Problem:
    logger.error("unexpected error in the API", exc_info=exc)
    return INTERNAL_ERROR


def is_api_path(request: HttpRequest) -> bool:
    """Tell whether a path belongs to the API, whose errors are never HTML."""
    return f"{request.path_info}/".startswith("/api/")
