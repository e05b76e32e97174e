"""The pages on which people look after their own account: password, sessions, linking single sign-on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.test import Client

from supplychain.access.models import AuditEvent, User
from supplychain.access.user_agents import describe_browser
from tests.supplychain.access.factors import enter_password, is_signed_in
from tests.supplychain.access.identity_provider import IdentityProvider
from tests.supplychain.access.test_single_sign_on import come_back, leave, provider
from tests.supplychain.actors import PASSWORD, make_user

__all__ = ["provider"]  # a fixture

pytestmark = pytest.mark.django_db

NEW = "a long and new one"
CHANGE = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def alice() -> User:
    return make_user("alice", team="payments")


def handles(client: Client) -> list[str]:
    return re.findall(r'name="end" value="([0-9a-f]{20})"', client.get("/settings/sessions").content.decode())


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(alice: User):
    client, other = enter_password(alice), enter_password(alice)

    answer = client.post("/settings/password", CHANGE)

    assert answer["Location"] == "/settings/security"
    assert (is_signed_in(client), is_signed_in(other)) == (True, False)
    assert Client().post("/sign-in", {"username": "alice", "password": NEW}).status_code == 302
    event = AuditEvent.objects.get(action="password.changed")
    assert NEW not in event.body


@pytest.mark.parametrize(
    "change", [{"oldpassword": "wrong"}, {"password2": "another one"}, {"password1": "short", "password2": "short"}]
)
def test_a_password_that_will_not_do_changes_nothing(alice: User, change: dict[str, str]):
    client = enter_password(alice)

    answer = client.post("/settings/password", CHANGE | change)

    assert answer.status_code == 200
    assert b"is-invalid" in answer.content
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_guessing_the_old_password_is_held_back(alice: User):
    client = enter_password(alice)

    answers = [client.post("/settings/password", CHANGE | {"oldpassword": "wrong"}).status_code for _ in range(6)]

    assert answers == [200] * 5 + [429]


def test_a_password_that_an_administrator_made_is_changed_first(alice: User):
    alice.must_change_password = True
    alice.save()
    client = enter_password(alice)
    assert client.get("/artifacts")["Location"] == "/settings/password"
    assert client.get("/api/v1/artifacts").json()["code"] == "password_change_required"

    client.post("/settings/password", CHANGE)

    assert client.get("/artifacts").status_code == 200


def test_the_page_of_the_password_is_not_for_who_has_none(alice: User, settings: Any):
    client = enter_password(alice)
    settings.PASSWORD_SIGN_IN = False

    assert client.get("/settings/password")["Location"] == "/settings/security"
    assert b"/settings/password" not in client.get("/settings/security").content


def test_sessions_say_where_and_are_ended_one_by_one(alice: User):
    client, other = enter_password(alice), Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="203.0.113.9")
    enter_password(alice, client=other)
    page = client.get("/settings/sessions").content.decode()
    assert "Firefox on Linux" in page
    assert "203.0.113.9" in page
    assert str(client.session.session_key) not in page

    client.post("/settings/sessions", {"end": handles(client)[1]})

    assert (is_signed_in(client), is_signed_in(other)) == (True, False)
    assert len(handles(client)) == 1


def test_all_others_are_ended_at_once(alice: User):
    client, others = enter_password(alice), [enter_password(alice), enter_password(alice)]

    client.post("/settings/sessions", {"end": "others"})

    assert [is_signed_in(other) for other in (client, *others)] == [True, False, False]
    assert '"count":2' in AuditEvent.objects.get(action="session.ended").body


def test_ending_ones_own_session_is_signing_out(alice: User):
    client = enter_password(alice)

    answer = client.post("/settings/sessions", {"end": handles(client)[0]})

    assert answer["Location"] == "/sign-in"
    assert not is_signed_in(client)


def test_a_strangers_session_is_as_good_as_none(alice: User):
    client = enter_password(alice)
    stranger = enter_password(make_user("mallory"))

    foreign = stranger.post("/settings/sessions", {"end": handles(client)[0]})
    missing = stranger.post("/settings/sessions", {"end": "0" * 20})

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert is_signed_in(client)


def test_signing_out_takes_the_session_off_the_list(alice: User):
    enter_password(alice).post("/sign-out")

    client = enter_password(alice)

    assert len(handles(client)) == 1
    assert UserSession.objects.count() == 1


def test_an_account_is_linked_by_who_is_signed_in_and_then_signs_in_with_it(alice: User, provider: IdentityProvider):
    client = enter_password(alice)
    assert b"not linked" in client.get("/settings/security").content

    answer = come_back(client, **provider.authorise(leave(client)))

    assert answer["Location"] == "/settings/security"
    assert is_signed_in(client)
    assert AuditEvent.objects.get(action="user.linked").subject == "user:alice"
    other = Client()
    come_back(other, **provider.authorise(leave(other)))
    assert other.get("/api/v1/me").json()["actor"] == "user:alice"


def test_an_account_that_is_somebody_elses_is_not_taken_over(alice: User, provider: IdentityProvider):
    owner = make_user("owner")
    SocialAccount.objects.create(user=owner, provider=provider.issuer, uid="8001")
    client = enter_password(alice)

    come_back(client, **provider.authorise(leave(client)))

    assert SocialAccount.objects.get().user == owner
    assert client.get("/api/v1/me").json()["actor"] == "user:alice"


@pytest.mark.parametrize(
    ("vouches", "amr", "led"), [(False, ["pwd"], True), (False, ["mfa"], False), (True, [], False)]
)
def test_a_second_factor_that_the_provider_asked_for_counts(
    provider: IdentityProvider, settings: Any, vouches: bool, amr: list[str], led: bool
):
    settings.REQUIRE_MFA = "all"
    settings.OIDC_PROVIDES_MFA = vouches
    provider.person |= {"amr": amr}
    client = Client()

    come_back(client, **provider.authorise(leave(client)))

    assert (client.get("/api/v1/keys").json()["code"] == "second_factor_required") is led


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "a browser without a name"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_browser_is_named_in_a_few_words(user_agent: str, words: str):
    assert describe_browser(user_agent) == words
