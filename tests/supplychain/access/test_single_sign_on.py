"""Signing in at an identity provider: the whole way there and back, and everything that must be refused on it."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client

from supplychain.access.models import AuditEvent, Membership, User
from supplychain.access.single_sign_on import flow
from supplychain.env import RoleGrant, TeamGrant
from tests.supplychain.access.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    serving,
    signed_by_a_stranger,
    signed_by_an_unknown_key,
    signed_with_the_public_key,
    unsigned,
)
from tests.supplychain.actors import make_team, make_user

pytestmark = pytest.mark.django_db


SPOILT: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another nonce": lambda claims: claims | {"nonce": "another"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "another audience": lambda claims: claims | {"aud": "another-client"},
    "two audiences": lambda claims: claims | {"aud": [CLIENT_ID, "another-client"]},
    "another party": lambda claims: claims | {"azp": "another-client"},
    "another issuer": lambda claims: claims | {"iss": "https://another.example"},
    "expired": lambda claims: claims | {"exp": int(time.time()) - 120},
    "not yet made": lambda claims: claims | {"iat": int(time.time()) + 3600},
    "never expires": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "no subject": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
    "empty subject": lambda claims: claims | {"sub": ""},
    "long subject": lambda claims: claims | {"sub": "x" * 256},
}


@pytest.fixture
def provider(settings: Any) -> Iterator[IdentityProvider]:
    flow._discovered.clear()
    with serving(IdentityProvider()) as provider:
        settings.OIDC_ISSUER = provider.issuer
        settings.OIDC_NAME = "Corporate"
        settings.OIDC_CLIENT_ID = CLIENT_ID
        settings.OIDC_CLIENT_SECRET = CLIENT_SECRET
        settings.OIDC_CREATE_USERS = True
        yield provider


def leave(client: Client, **fields: str) -> str:
    """Press the button; return the address at the provider."""
    answer = client.post("/sign-in/sso", fields)
    assert answer.status_code == 200, answer.content
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.content.decode())
    assert found is not None
    return html.unescape(found[1])


def come_back(client: Client, **query: str) -> Any:
    return client.get("/sign-in/sso/callback", query)


def sign_in(client: Client, provider: IdentityProvider, **fields: str) -> Any:
    return come_back(client, **provider.authorise(leave(client, **fields)))


def is_signed_in(client: Client) -> bool:
    return client.get("/api/v1/me").status_code == 200


def link(user: User, provider: IdentityProvider, subject: str = "8001") -> None:
    SocialAccount.objects.create(user=user, provider=provider.issuer, uid=subject)


def test_somebody_new_comes_in_and_leads_back_to_where_they_were(client: Client, provider: IdentityProvider):
    provider.person |= {"email": "erin@example.org", "email_verified": True}

    answer = sign_in(client, provider, next="/impact?q=x")

    assert (answer.status_code, answer["Location"]) == (302, "/impact?q=x")
    user = User.objects.get()
    assert (user.username, user.email, user.has_usable_password()) == ("erin", "erin@example.org", False)
    assert client.get("/api/v1/me").json()["actor"] == "user:erin"
    assert list(AuditEvent.objects.order_by("sequence").values_list("action", flat=True)) == [
        "user.created",
        "session.started",
    ]
    assert '"methods":["sso"]' in AuditEvent.objects.get(action="session.started").body


def test_the_second_time_it_is_the_same_person_whatever_they_are_called(client: Client, provider: IdentityProvider):
    sign_in(client, provider)
    provider.person |= {"preferred_username": "erin.renamed"}

    sign_in(Client(), provider)

    assert [user.username for user in User.objects.all()] == ["erin"]
    assert SocialAccount.objects.get().extra_data == {"iss": provider.issuer, "sub": "8001", "second_factor": False}
    assert not SocialToken.objects.exists()


def test_the_way_there_carries_state_nonce_and_challenge_and_no_parameter_of_the_address(
    client: Client, provider: IdentityProvider
):
    answer = client.post("/sign-in/sso?scope=admin,everything&auth_params=prompt%3Dnone&process=redirect")

    address = html.unescape(answer.content.decode())
    query = parse_qs(urlsplit(re.search(r"url=(\S+)\"", address)[1]).query)  # type: ignore[index]
    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    assert "prompt" not in query
    assert query["redirect_uri"] == ["http://testserver/sign-in/sso/callback"]
    assert len(query["nonce"][0]) >= 40
    assert len(query["code_challenge"][0]) == 43


def test_nothing_starts_without_a_form_of_ours(provider: IdentityProvider):
    assert Client().get("/sign-in/sso").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/sign-in/sso").status_code == 403


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    client: Client, provider: IdentityProvider, spoil: Callable[[dict[str, Any]], dict[str, Any]]
):
    provider.spoil = spoil

    answer = sign_in(client, provider)

    assert answer.status_code == 403
    assert not is_signed_in(client)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "sign", [unsigned, signed_by_a_stranger, signed_with_the_public_key, signed_by_an_unknown_key, lambda _: "a.b.c"]
)
def test_a_token_that_the_provider_did_not_sign_is_refused(
    client: Client, provider: IdentityProvider, sign: Callable[[dict[str, Any]], str]
):
    provider.sign = sign

    assert sign_in(client, provider).status_code == 403
    assert not is_signed_in(client)


def test_a_state_that_this_browser_did_not_get_is_refused_before_anybody_is_asked(
    client: Client, provider: IdentityProvider
):
    back = provider.authorise(leave(client))
    asked = len(provider.asked)

    wrong = come_back(client, **{**back, "state": "another"})
    elsewhere = come_back(Client(), **back)  # an attacker's code, sent to a victim's browser

    assert (wrong.status_code, elsewhere.status_code) == (403, 403)
    assert len(provider.asked) == asked


def test_a_code_works_once(client: Client, provider: IdentityProvider):
    back = provider.authorise(leave(client))
    come_back(client, **back)
    client.post("/sign-out")

    assert come_back(client, **back).status_code == 403
    other = Client()
    fresh = provider.authorise(leave(other))
    assert come_back(other, code=back["code"], state=fresh["state"]).status_code == 403
    assert not is_signed_in(other)


def test_an_answer_of_another_issuer_is_refused(client: Client, provider: IdentityProvider):
    back = provider.authorise(leave(client))

    assert come_back(client, **back, iss="https://another.example").status_code == 403
    assert come_back(client, **back, iss=provider.issuer).status_code == 302


def test_who_cancels_is_told_so(client: Client, provider: IdentityProvider):
    state = provider.authorise(leave(client))["state"]

    answer = come_back(client, error="access_denied", state=state)

    assert (answer.status_code, b"cancelled" in answer.content) == (403, True)


@pytest.mark.parametrize("found", [{"issuer": "https://another.example"}, {"token_endpoint": None}])
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    client: Client, provider: IdentityProvider, found: dict[str, Any]
):
    provider.discovery = found

    assert client.post("/sign-in/sso").status_code == 502


def test_a_provider_that_is_away_breaks_nothing(client: Client, settings: Any):
    flow._discovered.clear()
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    make_user("alice")

    assert client.post("/sign-in/sso").status_code == 502
    assert client.post("/sign-in", {"username": "alice", "password": "correct horse battery"}).status_code == 302


def test_without_a_provider_there_is_no_way_to_one(client: Client):
    assert client.post("/sign-in/sso").status_code == 404
    assert client.get("/sign-in/sso/callback").status_code == 404
    assert b"/sign-in/sso" not in client.get("/sign-in").content


def test_the_description_is_not_fetched_again_for_everybody_who_presses_the_button(provider: IdentityProvider):
    for _ in range(3):
        leave(Client())

    assert provider.asked == ["/.well-known/openid-configuration"]


def test_nobody_is_made_where_the_settings_do_not_say_so(client: Client, provider: IdentityProvider, settings: Any):
    settings.OIDC_CREATE_USERS = False

    answer = sign_in(client, provider)

    assert (answer.status_code, b"not among those" in answer.content) == (403, True)
    assert not User.objects.exists()


def test_a_mail_address_identifies_nobody(client: Client, provider: IdentityProvider, settings: Any):
    """The account takeover that linking by mail address would be: the provider says the victim's address."""
    victim = make_user("victim", organisation="admin")
    victim.email = "victim@example.org"
    victim.save()
    provider.person = {"sub": "666", "preferred_username": "victim", "email": victim.email, "email_verified": True}

    sign_in(client, provider)

    assert client.get("/api/v1/me").json()["actor"] == "user:victim-2"
    assert SocialAccount.objects.get().user != victim


def test_the_same_subject_of_another_issuer_is_somebody_else(client: Client, provider: IdentityProvider):
    admin = make_user("admin", organisation="admin")
    SocialAccount.objects.create(user=admin, provider="https://old.example", uid="8001")

    sign_in(client, provider)

    assert client.get("/api/v1/me").json()["actor"] == "user:erin"


def test_who_left_stays_out(client: Client, provider: IdentityProvider):
    user = make_user("erin")
    link(user, provider)
    user.is_active = False
    user.save()

    sign_in(client, provider)

    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"email": "e@example.org", "email_verified": True}, 302),
        ({"email": "e@EXAMPLE.ORG", "email_verified": True}, 302),
        ({"email": "e@example.org"}, 403),
        ({"email": "e@example.org.evil.example", "email_verified": True}, 403),
        ({"email": "e@evil.example", "email_verified": True}, 403),
        ({}, 403),
    ],
)
def test_only_verified_addresses_of_the_allowed_domains_come_in(
    client: Client, provider: IdentityProvider, settings: Any, claims: dict[str, Any], status: int
):
    settings.OIDC_ALLOWED_DOMAINS = frozenset({"example.org"})
    provider.person |= claims

    assert sign_in(client, provider).status_code == status


@pytest.mark.parametrize(("groups", "status"), [(["staff", "x"], 302), (["x"], 403), ([], 403), (None, 403)])
def test_only_the_allowed_groups_come_in(
    client: Client, provider: IdentityProvider, settings: Any, groups: list[str] | None, status: int
):
    settings.OIDC_ALLOWED_GROUPS = frozenset({"staff"})
    provider.person |= {} if groups is None else {"groups": groups}

    assert sign_in(client, provider).status_code == status


def test_groups_give_teams_and_roles_and_take_them_at_the_next_sign_in(
    client: Client, provider: IdentityProvider, settings: Any
):
    settings.OIDC_GROUP_TEAMS = (
        TeamGrant("devs", "payments", "viewer"),
        TeamGrant("leads", "payments", "owner"),
        TeamGrant("ops", "platform", "member"),
    )
    settings.OIDC_GROUP_ROLES = (RoleGrant("csirt", "responder"), RoleGrant("sec-admins", "admin"))
    provider.person |= {"groups": ["devs", "leads", "ops", "csirt", "never heard of"]}
    sign_in(client, provider)
    user = User.objects.get()
    by_hand = Membership.objects.create(user=user, team=make_team("by-hand"), role="member")
    assert dict(Membership.objects.exclude(pk=by_hand.pk).values_list("team__slug", "role")) == {
        "payments": "owner",
        "platform": "member",
    }
    assert user.organisation_role == "responder"

    provider.person |= {"groups": ["devs"]}
    sign_in(Client(), provider)

    assert dict(Membership.objects.values_list("team__slug", "role")) == {"payments": "viewer", "by-hand": "member"}
    user.refresh_from_db()
    assert user.organisation_role == "none"
    assert not is_signed_in(client)  # the session of the lost role
    assert AuditEvent.objects.filter(action="membership.removed").count() == 1


def test_groups_of_userinfo_count_where_the_settings_ask_for_it(
    client: Client, provider: IdentityProvider, settings: Any
):
    settings.OIDC_USERINFO = True
    settings.OIDC_GROUPS_CLAIM = "realm_access.roles"
    settings.OIDC_GROUP_TEAMS = (TeamGrant("devs", "payments", "viewer"),)
    provider.userinfo = {"realm_access": {"roles": ["devs"]}}

    sign_in(client, provider)

    assert Membership.objects.get().team.slug == "payments"


def test_userinfo_about_somebody_else_is_refused(client: Client, provider: IdentityProvider, settings: Any):
    settings.OIDC_USERINFO = True
    provider.userinfo = {"sub": "somebody else"}

    assert sign_in(client, provider).status_code == 403


def test_no_secret_and_no_token_is_logged(client: Client, provider: IdentityProvider, caplog: pytest.LogCaptureFixture):
    provider.spoil = lambda claims: claims | {"aud": "another"}

    sign_in(client, provider)

    logged = "".join(str(vars(record)) for record in caplog.records if record.name.startswith("supplychain"))
    assert "InvalidAudienceError" in logged
    assert CLIENT_SECRET not in logged
    assert "eyJ" not in logged
