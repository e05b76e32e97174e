from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.utils import timezone

from supplychain.access.models import AuditEvent, SignInFailure
from supplychain.access.sign_in import MAX_FOR_NAME_AND_ADDRESS, WINDOW, is_held_back, record_failure
from supplychain.celery import app
from tests.supplychain.actors import AT, PASSWORD, make_user, signed_in

pytestmark = pytest.mark.django_db

GOOD = {"username": "alice", "password": PASSWORD}
WRONG = {"username": "alice", "password": "wrong"}


def test_the_right_password_signs_in_and_is_recorded(client: Client):
    make_user("alice", team="payments")

    answer = client.post("/sign-in", GOOD)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert AuditEvent.objects.get().action == "session.started"
    assert client.get("/api/v1/me").json()["actor"] == "user:alice"


def test_a_wrong_password_is_refused_like_an_unknown_name(client: Client):
    make_user("alice")

    wrong, unknown = client.post("/sign-in", WRONG), client.post("/sign-in", {**WRONG, "username": "alicf"})

    assert wrong.status_code == unknown.status_code == 200
    assert b"alice" in wrong.content
    assert wrong.content.count(b"<p>") == unknown.content.count(b"<p>")
    assert SignInFailure.objects.count() == 2


def test_a_user_who_left_cannot_sign_in(client: Client):
    user = make_user("alice")
    user.is_active = False
    user.save()

    assert client.post("/sign-in", GOOD).status_code == 200


def test_after_too_many_wrong_passwords_not_even_the_right_one_is_tried(client: Client):
    make_user("alice")
    for _ in range(MAX_FOR_NAME_AND_ADDRESS):
        client.post("/sign-in", WRONG)

    held = client.post("/sign-in", GOOD)

    assert held.status_code == 429
    assert int(held["Retry-After"]) == WINDOW.total_seconds()
    assert b"Too many wrong passwords" in held.content


def test_somebody_else_elsewhere_cannot_lock_a_user_out(client: Client):
    make_user("alice")
    for _ in range(MAX_FOR_NAME_AND_ADDRESS):
        client.post("/sign-in", WRONG, REMOTE_ADDR="203.0.113.9")

    assert client.post("/sign-in", GOOD).status_code == 302


def test_holding_back_ends_with_the_window():
    for _ in range(MAX_FOR_NAME_AND_ADDRESS):
        record_failure(username="alice", address="203.0.113.9", at=AT)

    assert is_held_back(username="alice", address="203.0.113.9", at=AT)
    assert not is_held_back(username="alice", address="203.0.113.9", at=AT + WINDOW)


def test_an_address_that_tries_many_names_is_held_back_for_all():
    for number in range(50):
        record_failure(username=f"user{number}", address="203.0.113.9", at=AT)

    assert is_held_back(username="alice", address="203.0.113.9", at=AT)
    assert not is_held_back(username="alice", address="203.0.113.10", at=AT)


def test_signing_in_forgets_what_was_mistyped(client: Client):
    make_user("alice")
    client.post("/sign-in", WRONG)

    client.post("/sign-in", GOOD)

    assert not SignInFailure.objects.exists()


def test_failures_of_yesterday_are_forgotten():
    record_failure(username="alice", address=None, at=AT - timedelta(days=2))

    record_failure(username="bob", address=None, at=AT)

    assert [failure.username for failure in SignInFailure.objects.all()] == ["bob"]


@pytest.mark.parametrize("name", ["x" * 5000, "a\x00b", "\ud800", "'; --"])
def test_a_hostile_name_is_refused_and_nothing_breaks(client: Client, name: str):
    answer = client.post("/sign-in", {"username": name.encode("utf-8", "replace").decode(), "password": "x"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/impact?q=x", "/impact?q=x"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
        ("\t//evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("%2f%2fevil.example", "/"),
        ("///evil.example", "/"),
        ("http:evil.example", "/"),
        ("data:text/html,x", "/"),
        ("http://testserver/impact", "/"),
    ],
)
def test_next_leads_to_this_site_only(client: Client, target: str, expected: str):
    make_user("alice")

    assert client.post("/sign-in", {**GOOD, "next": target})["Location"] == expected


def test_an_unknown_name_costs_as_much_as_a_wrong_password(client: Client, monkeypatch: pytest.MonkeyPatch):
    make_user("alice")
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(salt)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)

    client.post("/sign-in", WRONG)
    wrong = len(hashed)
    client.post("/sign-in", {**WRONG, "username": "nobody"})

    assert wrong == len(hashed) - wrong == 1


def test_where_passwords_are_off_only_those_for_the_emergency_may_use_one(client: Client, settings: Any):
    make_user("alice")
    make_user("warden")
    settings.PASSWORD_SIGN_IN = False
    settings.BREAK_GLASS_USERS = frozenset({"warden"})

    refused = client.post("/sign-in", GOOD)
    let_in = client.post("/sign-in", {**GOOD, "username": "warden"})

    assert (refused.status_code, let_in.status_code) == (200, 302)
    assert b"correct user name and password" in refused.content or b"enter a correct" in refused.content


def test_signing_in_needs_no_broker(client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch):
    make_user("alice")
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")  # nothing listens there
    engines = [settings.SESSION_ENGINE, *(cache["BACKEND"] for cache in settings.CACHES.values())]

    assert client.post("/sign-in", GOOD).status_code == 302
    assert client.get("/api/v1/me").status_code == 200
    assert not [engine for engine in engines if "redis" in engine]


def test_refusals_are_logged_without_the_password(client: Client, caplog: pytest.LogCaptureFixture):
    make_user("alice")

    client.post("/sign-in", {**WRONG, "password": "hunter2-hunter2"})

    refused = next(record for record in caplog.records if record.message == "sign-in refused")
    assert (vars(refused)["username"], vars(refused)["address"]) == ("alice", "127.0.0.1")
    assert "hunter2" not in "".join(str(vars(record)) for record in caplog.records)


def test_signing_in_needs_the_csrf_token():
    make_user("alice")

    assert Client(enforce_csrf_checks=True).post("/sign-in", GOOD).status_code == 403


def test_signing_out_ends_the_session_and_is_a_post():
    client = signed_in(make_user("alice"))

    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 302
    assert client.get("/api/v1/me").status_code == 401


def test_the_session_changes_its_key_when_somebody_signs_in(client: Client):
    make_user("alice")
    client.get("/sign-in")
    before = client.session.session_key

    client.post("/sign-in", GOOD)

    assert client.session.session_key != before
    assert timezone.now() < client.session.get_expiry_date()


@pytest.mark.parametrize(
    ("trusted", "forwarded", "counted"),
    [
        (False, "198.51.100.7", "127.0.0.1"),
        (True, "10.9.9.9, 198.51.100.7", "198.51.100.7"),
        (True, "", None),
        (True, "not an address", None),
    ],
)
def test_the_address_behind_a_trusted_proxy_is_the_one_it_saw(
    client: Client, settings: Any, trusted: bool, forwarded: str, counted: str | None
):
    settings.USE_X_FORWARDED_HOST = trusted

    client.post("/sign-in", WRONG, headers={"X-Forwarded-For": forwarded})

    assert SignInFailure.objects.get().address == counted
