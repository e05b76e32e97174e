"""Browsers get a page that says what happened and what to do next; htmx gets one sentence for the part it swaps."""

import psycopg
import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from supplychain import handlers
from supplychain.access.actors import Actor
from supplychain.errors import DomainError, ErrorDetail
from supplychain.web import pages, views


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_an_unknown_address_is_a_page_with_a_way_on(client):
    answer = client.get("/no-such-page")

    assert answer.status_code == 404
    assert b"There is nothing here that you can see" in answer.content
    assert b'action="/search"' in answer.content


def test_htmx_gets_a_sentence_and_not_a_page_in_a_page(client):
    answer = client.get("/no-such-page", headers={"HX-Request": "true"})

    assert answer.status_code == 404
    assert b"<html" not in answer.content
    assert b'role="alert"' in answer.content


def test_a_failure_names_the_request_id_and_needs_no_database():
    answer = views.server_error(RequestFactory().get("/"))

    assert answer.status_code == 500
    assert b"The server failed to answer" in answer.content


@pytest.mark.parametrize(
    ("path", "told"), [("/settings/sessions", b"The database does not answer"), ("/api/v1/x", b"database_unavailable")]
)
def test_a_database_that_is_away_is_told_where_no_view_of_ours_did(path, told, rf):
    try:
        raise OperationalError("gone")
    except OperationalError:  # Django asks the handler while it handles the exception
        answer = handlers.server_error(rf.get(path))

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert told in answer.content


def test_a_form_without_token_changes_nothing_and_says_so():
    answer = Client(enforce_csrf_checks=True).post("/sign-out")

    assert answer.status_code == 403
    assert b"This form is too old" in answer.content


def test_a_refusal_of_the_domain_shows_its_message_and_place(rf):
    request = rf.get("/impact")
    request.user = None
    error = DomainError("bad_window", "`from` is after `to`.", details=(ErrorDetail("/from", "bad_window", "Later."),))

    answer = pages.refused(request, error)

    assert answer.status_code == 400
    assert b"from is after to." in answer.content
    assert b"/from" in answer.content
    assert b"bad_window" in answer.content


@pytest.mark.parametrize(
    ("cause", "status", "words"),
    [(psycopg.errors.QueryCanceled(), 504, b"took too long"), (psycopg.OperationalError(), 503, b"does not answer")],
)
def test_what_will_pass_is_said_without_asking_the_database(rf, cause, status, words):
    @pages.signed_in("inventory:read")
    def view(_request: HttpRequest) -> HttpResponse:
        raise OperationalError from cause

    request = rf.get("/artifacts")
    request.user = Actor(team_ids=None, scopes=frozenset({"inventory:read"}), kind="user")
    answer = view(request)

    assert answer.status_code == status
    assert words in answer.content
    assert answer.headers["Retry-After"] == "5"


def test_every_page_sends_a_policy_without_inline(client):
    policy = client.get("/no-such-page").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
