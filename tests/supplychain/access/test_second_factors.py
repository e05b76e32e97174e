"""Authenticator apps and recovery codes: setting up, signing in, guessing, losing, and being made to have one."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from supplychain.access.models import AuditEvent, User
from supplychain.access.second_factors import reseal_second_factors
from supplychain.celery import app
from tests.supplychain.access.factors import code_of, enter_password, is_signed_in, recovery_codes, set_up_app
from tests.supplychain.actors import PASSWORD, client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

STEP = "/sign-in/second-factor"


@pytest.fixture
def alice() -> User:
    return make_user("alice", organisation="responder")


@pytest.fixture
def client(alice: User) -> Client:
    return enter_password(alice)


def forget_the_fresh_sign_in(client: Client) -> None:
    """Move the sign-in out of the ten minutes in which nobody is asked again."""
    session = client.session
    session["account_authentication_methods"] = [
        {**record, "at": time.time() - 601} for record in session["account_authentication_methods"]
    ]
    session.save()


def test_an_app_is_set_up_and_asked_for_from_then_on(client: Client, alice: User):
    secret = set_up_app(client)

    other = enter_password(alice, next="/impact?q=x")

    assert not is_signed_in(other)
    assert other.get("/impact")["Location"].startswith("/sign-in")
    answer = other.post(STEP, {"code": code_of(secret, steps=1)})
    assert (answer.status_code, answer["Location"]) == (302, "/impact?q=x")
    assert is_signed_in(other)
    assert (
        '"methods":["password","totp"]' in AuditEvent.objects.filter(action="session.started").latest("sequence").body
    )


def test_setting_up_is_recorded_and_ends_the_other_sessions(client: Client, alice: User):
    other = enter_password(alice)

    set_up_app(client)

    assert (is_signed_in(client), is_signed_in(other)) == (True, False)
    assert '"kind":"totp"' in AuditEvent.objects.get(action="second_factor.added").body


def test_the_second_step_needs_the_first(alice: User):
    answer = Client().get(STEP)

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in")


def test_the_session_changes_its_key_at_the_second_step(client: Client, alice: User):
    secret = set_up_app(client)
    other = enter_password(alice)
    before = other.session.session_key

    other.post(STEP, {"code": code_of(secret, steps=1)})

    assert other.session.session_key != before


def test_a_code_works_once(client: Client, alice: User):
    secret = set_up_app(client)
    code = code_of(secret, steps=1)
    enter_password(alice).post(STEP, {"code": code})

    again = enter_password(alice)

    assert again.post(STEP, {"code": code}).status_code == 200
    assert not is_signed_in(again)


def test_guessing_codes_is_held_back(client: Client, alice: User):
    secret = set_up_app(client)
    other = enter_password(alice)
    wrong = code_of(secret, steps=5000)
    for _ in range(5):
        assert other.post(STEP, {"code": wrong}).status_code == 200

    held = other.post(STEP, {"code": code_of(secret, steps=1)})

    assert (held.status_code, held["Retry-After"]) == (429, "300")
    assert not is_signed_in(other)


def test_a_recovery_code_works_once_and_is_shown_once(client: Client, alice: User):
    set_up_app(client)
    codes = recovery_codes(client)
    assert len(codes) == 10
    assert recovery_codes(client) == []

    let_in, again = enter_password(alice), enter_password(alice)
    let_in.post(STEP, {"code": codes[0]})
    again.post(STEP, {"code": codes[0]})

    assert (is_signed_in(let_in), is_signed_in(again)) == (True, False)
    assert b"9 codes left" in let_in.get("/settings/security").content


def test_new_codes_replace_the_old(client: Client, alice: User):
    set_up_app(client)
    old = recovery_codes(client)

    client.post("/settings/security/recovery-codes/new")

    assert not set(recovery_codes(client)) & set(old)
    other = enter_password(alice)
    other.post(STEP, {"code": old[0]})
    assert not is_signed_in(other)


def test_codes_without_a_factor_are_not_made(client: Client):
    assert client.post("/settings/security/recovery-codes/new").status_code == 200
    assert not Authenticator.objects.exists()


def test_removing_the_last_factor_takes_the_codes_too(client: Client, alice: User):
    set_up_app(client)

    client.post("/settings/security/app/remove")

    assert not Authenticator.objects.exists()
    assert is_signed_in(enter_password(alice))
    assert AuditEvent.objects.get(action="second_factor.removed").subject == "user:alice"


@pytest.mark.parametrize("path", ["app", "app/remove", "passkeys/add", "recovery-codes/new"])
def test_whoever_finds_an_open_browser_must_show_who_they_are(client: Client, path: str):
    set_up_app(client)
    forget_the_fresh_sign_in(client)

    answers = client.get(f"/settings/security/{path}"), client.post(f"/settings/security/{path}")

    assert all(answer["Location"].startswith("/settings/confirm?next=") for answer in answers)
    assert Authenticator.objects.count() == 2


def test_showing_who_one_is_leads_back(client: Client, alice: User):
    secret = set_up_app(client)
    forget_the_fresh_sign_in(client)
    target = "/settings/security/recovery-codes/new"

    wrong = client.post("/settings/confirm", {"password": "wrong", "next": target})
    right = client.post("/settings/confirm/code", {"code": code_of(secret, steps=1), "next": target})

    assert wrong.status_code == 200
    assert right["Location"] == target
    assert client.get(target).status_code == 200


def test_guessing_the_password_there_is_held_back_by_the_same_counters(client: Client, alice: User):
    forget_the_fresh_sign_in(client)
    for _ in range(5):
        client.post("/settings/confirm", {"password": "wrong"})

    assert client.post("/settings/confirm", {"password": PASSWORD}).status_code == 429
    assert Client().post("/sign-in", {"username": "alice", "password": PASSWORD}).status_code == 429


def test_seeds_are_sealed_in_the_database_and_survive_another_secret_key(client: Client, alice: User, settings: Any):
    secret = set_up_app(client)
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in stored

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + "9" * 50
    assert reseal_second_factors() == 2
    settings.SECRET_KEY_FALLBACKS = []

    other = enter_password(alice)
    other.post(STEP, {"code": code_of(secret, steps=1)})
    assert is_signed_in(other)


@pytest.mark.parametrize(
    ("required", "organisation", "led"),
    [
        ("none", "admin", False),
        ("organisation-roles", "none", False),
        ("organisation-roles", "responder", True),
        ("all", "none", True),
    ],
)
def test_who_needs_a_second_factor_sets_one_up_before_anything_else(
    settings: Any, required: str, organisation: str, led: bool
):
    settings.REQUIRE_MFA = required
    client = enter_password(make_user("bob", organisation=organisation, team="payments"))

    page, api = client.get("/artifacts"), client.get("/api/v1/artifacts")

    assert (page.status_code == 302 and page["Location"] == "/settings/security") is led
    assert (api.status_code == 403 and api.json()["code"] == "second_factor_required") is led
    assert (b"A second factor is needed here" in client.get("/settings/security").content) is led
    set_up_app(client)
    assert client.get("/artifacts").status_code == client.get("/api/v1/artifacts").status_code == 200


def test_a_part_of_a_page_leads_there_too(settings: Any, client: Client):
    settings.REQUIRE_MFA = "all"

    answer = client.get("/artifacts", headers={"HX-Request": "true"})

    assert (answer.status_code, answer["HX-Redirect"]) == (403, "/settings/security")


def test_keys_need_no_second_factor(settings: Any):
    settings.REQUIRE_MFA = "all"

    assert client_of(new_key()).get("/api/v1/artifacts").status_code == 200


def test_another_scheme_beside_the_session_is_no_way_around(settings: Any, client: Client):
    settings.REQUIRE_MFA = "all"

    answer = client.get("/api/v1/artifacts", headers={"Authorization": "Basic YTpi"})

    assert answer.json()["code"] == "second_factor_required"


def test_it_all_works_while_the_broker_is_away(alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")  # nothing listens there
    client = enter_password(alice)
    secret = set_up_app(client)
    client.post("/sign-out")

    enter_password(alice, client=client)
    client.post(STEP, {"code": code_of(secret, steps=1)})

    assert is_signed_in(client)


def test_nobody_sees_or_removes_what_is_somebody_elses(client: Client):
    set_up_app(client)
    stranger = enter_password(make_user("mallory"))

    assert stranger.get("/settings/security/app/remove").status_code == 404
    assert stranger.get("/settings/security/recovery-codes").status_code == 404
    assert stranger.post("/settings/security/passkeys/abc/remove").status_code == 404
    assert Authenticator.objects.count() == 2


@pytest.mark.parametrize(
    "path", ["security", "sessions", "password", "security/app", "confirm", "security/passkeys/add"]
)
def test_settings_are_for_who_is_signed_in(path: str):
    answer = Client().get(f"/settings/{path}")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in")


def test_a_session_that_began_elsewhere_is_asked_to_sign_in_again(alice: User):
    alice.set_unusable_password()
    alice.save()

    client = signed_in(alice)

    assert client.get("/settings/security/app")["Location"].startswith("/settings/confirm/again")
    assert b"Sign out" in client.get("/settings/confirm/again").content
