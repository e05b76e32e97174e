import logging
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InternalError, OperationalError, ProgrammingError
from django.http import Http404, UnreadablePostError
from django.test import Client
from rest_framework import exceptions

from supplychain.api.errors import NOT_FOUND, Problem, problem_of, render_problem
from supplychain.errors import DomainError, ErrorDetail
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

ROOT = Path(__file__).resolve().parents[3]
PROBLEM = "application/problem+json"


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (DomainError("too_large", "Too large.", status=413), 413, "too_large"),
        (DomainError("no_such_thing", "No such thing.", status=404), 404, "not_found"),
        (Http404("secret"), 404, "not_found"),
        (exceptions.NotFound(), 404, "not_found"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.AuthenticationFailed(), 401, "bad_key"),
        (exceptions.PermissionDenied(code="missing_scope"), 403, "missing_scope"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.UnsupportedMediaType("text/html"), 415, "unsupported_media_type"),
        (exceptions.ParseError(), 400, "bad_json"),
        (exceptions.Throttled(wait=2), 429, "too_many_requests"),
        (PermissionDenied(), 403, "permission_denied"),
        (RequestDataTooBig(), 413, "too_large"),
        (SuspiciousOperation(), 400, "bad_request"),
        (UnreadablePostError(), 400, "incomplete_body"),
        (OperationalError("gone"), 503, "database_unavailable"),
        (caused(OperationalError(), psycopg.errors.QueryCanceled()), 504, "query_timeout"),
        (caused(InternalError(), psycopg.errors.ReadOnlySqlTransaction()), 503, "database_unavailable"),
        (ProgrammingError("no such column"), 500, "internal_error"),
        (DatabaseError(), 500, "internal_error"),
        (ZeroDivisionError(), 500, "internal_error"),
    ],
)
def test_every_exception_has_its_status_and_code(exc: Exception, status: int, code: str):
    problem = problem_of(exc)

    assert (problem.status, problem.code) == (status, code)


def test_a_problem_has_the_members_of_rfc_9457():
    problem = Problem(400, "bad_thing", "The thing is bad.", errors=(ErrorDetail("/a/0", "short", "Too short."),))

    answer = render_problem(problem, path="/api/v1/things/é")

    assert answer["Content-Type"] == PROBLEM
    assert body_of(answer) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The thing is bad.",
        "code": "bad_thing",
        "instance": "/api/v1/things/%C3%A9",
        "errors": [{"pointer": "/a/0", "code": "short", "message": "Too short."}],
    }


def test_what_does_not_exist_is_answered_alike_everywhere():
    first, second = render_problem(NOT_FOUND, path="/api/v1/a"), render_problem(NOT_FOUND, path="/api/v1/b")

    assert first.content == second.content
    assert b"instance" not in first.content


def test_validation_errors_point_into_the_input():
    exc = exceptions.ValidationError(
        {"a/b": {"c~d": ["Short."]}, "rows": [{}, {"x": ["Bad."]}], "non_field_errors": ["No."]}
    )

    problem = problem_of(exc)

    assert [(e.pointer, e.message) for e in problem.errors] == [
        ("/a~1b/c~0d", "Short."),
        ("/rows/1/x", "Bad."),
        ("", "No."),
    ]


def test_thousands_of_errors_are_cut():
    problem = Problem(400, "bad", "Bad.", errors=tuple(ErrorDetail(f"/{n}", "bad", "Bad.") for n in range(5000)))

    assert len(body_of(render_problem(problem, path="/"))["errors"]) == 100


@pytest.mark.parametrize(
    "exc", [exceptions.Throttled(wait=1.2), OperationalError(), DomainError("away", "Away.", status=503)]
)
def test_what_passes_says_when_to_try_again(exc: Exception):
    assert int(problem_of(exc).headers["Retry-After"]) >= 1


def test_an_unexpected_error_is_logged_once_with_its_stack_and_tells_nothing(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        problem = problem_of(ZeroDivisionError("password=hunter2"))
        answer = render_problem(problem, path="/api/v1/x")

    [record] = caplog.records
    assert record.exc_info is not None
    assert b"hunter2" not in answer.content
    assert answer.status_code == 500


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/nothing/", "/api/", "/api/v2/me"])
def test_an_unknown_path_of_the_api_is_a_problem(client: Client, path: str):
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer["Content-Type"] == PROBLEM
    assert answer.content == render_problem(NOT_FOUND, path="").content


@pytest.mark.django_db
def test_an_unknown_path_of_the_pages_is_a_page(client: Client):
    answer = client.get("/nothing")

    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.django_db
def test_without_a_key_the_answer_is_401_with_a_challenge(client: Client):
    answer = client.get("/api/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="supplychain"'


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_a_method_the_route_does_not_have_is_405(method: str):
    answer = client_of(new_key()).generic(method, "/api/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]


@pytest.mark.django_db
def test_method_override_headers_are_ignored():
    answer = client_of(new_key("admin")).get("/api/v1/keys", headers={"X-HTTP-Method-Override": "POST"})

    assert answer.status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["evil.example", "a\r\nb"])
def test_a_foreign_host_is_refused_without_html(client: Client, host: str):
    answer = client.get("/api/v1/me", headers={"Host": host})

    assert answer.status_code == 400
    assert answer["Content-Type"] == PROBLEM


@pytest.mark.django_db
def test_an_error_outside_the_views_is_a_problem_too(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("supplychain.api.views.openapi_document", fail)
    client = Client(raise_request_exception=False)

    answer = client.get("/api/v1/schema")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert b"secret" not in answer.content


@pytest.mark.django_db
def test_a_session_without_its_csrf_token_may_not_write():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(organisation="admin"))

    answer = client.post("/api/v1/keys", data={"scopes": ["admin"]}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


@pytest.mark.django_db
def test_a_missing_scope_is_named():
    answer = client_of(new_key("inventory:read")).get("/api/v1/keys")

    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    assert "admin" in answer.json()["detail"]


@pytest.mark.django_db
def test_a_user_without_the_scope_is_told_so():
    assert signed_in(make_user(organisation="responder")).get("/api/v1/keys").json()["code"] == "missing_scope"


def test_every_code_that_the_platform_answers_with_is_documented():
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs" / "api.md").read_text(), flags=re.MULTILINE))

    assert codes_in_source("supplychain") <= documented


def codes_in_source(package: str) -> set[str]:
    """Codes given to DomainError's subclasses, to REST framework's exceptions and to Problem, as literals."""
    found: set[str] = set()
    for path in (ROOT / package).rglob("*.py"):
        source = path.read_text()
        found |= set(re.findall(r'super\(\).__init__\(\s*"([a-z_]+)"', source))
        found |= set(re.findall(r'Problem\(\s*\d{3}, "([a-z_]+)"', source))
        if path.parent.name in {"access", "api"}:
            found |= set(re.findall(r'\bcode(?:: str)? ?= ?"([a-z_]+)"', source))
    return found


def body_of(answer: Any) -> Any:
    import json

    return json.loads(answer.content)
