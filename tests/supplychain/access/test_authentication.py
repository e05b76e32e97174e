import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from supplychain.access.actors import system_actor
from supplychain.access.keys import make_key, revoke_key
from supplychain.access.models import ApiKey
from tests.supplychain.actors import AT, client_of, make_team, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db


def get_me(**headers: str) -> Any:
    return Client().get("/api/v1/me", headers=headers)


@pytest.mark.parametrize(
    "header",
    [("Authorization", "Bearer {}"), ("Authorization", "bearer {}"), ("X-Api-Key", "{}"), ("X-API-Key", " {} ")],
)
def test_a_key_is_taken_from_either_header(header: tuple[str, str]):
    key = new_key()

    answer = get_me(**{header[0]: header[1].format(key.text)})

    assert answer.json()["actor"] == f"key:{key.row.lookup}"


@pytest.mark.parametrize(
    "text", ["", "x", "sc_", "Bearer", "odt_12345678_0123456789abcdef", "é" * 50, "sc_abcdefgh_" + "0" * 50]
)
def test_what_is_no_key_is_401_without_a_query(text: str):
    with CaptureQueriesContext(connection) as queries:
        answer = get_me(**{"X-Api-Key": text})

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert len(queries) == 0


def test_a_key_in_the_address_is_not_read():
    key = new_key()

    assert Client().get("/api/v1/me", {"api_key": key.text, "key": key.text}).status_code == 401


def test_two_different_keys_are_refused():
    answer = get_me(**{"Authorization": f"Bearer {new_key().text}", "X-Api-Key": new_key().text})

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")


def test_another_scheme_is_not_ours():
    answer = get_me(Authorization="Basic YWxpY2U6eA==")

    assert answer.json()["code"] == "not_authenticated"


def test_a_revoked_or_expired_key_is_401_at_once():
    revoked, now = new_key(), timezone.now()
    revoke_key(revoked.row, actor=system_actor("test"), at=now)
    expired = make_key(
        make_team(), scopes=["admin"], actor=system_actor("test"), at=AT, expires_at=AT + timedelta(seconds=1)
    )

    assert client_of(revoked).get("/api/v1/me").status_code == 401
    assert client_of(expired).get("/api/v1/me").status_code == 401


def test_authentication_costs_one_query_and_one_more_once_a_minute():
    client = client_of(new_key())

    with CaptureQueriesContext(connection) as first:
        client.get("/api/v1/keys")
    with CaptureQueriesContext(connection) as second:
        client.get("/api/v1/keys")

    assert [query["sql"].split()[0] for query in first] == ["SELECT", "UPDATE"]
    assert [query["sql"].split()[0] for query in second] == ["SELECT"]


def test_when_a_key_was_used_is_shown():
    key = new_key("admin")
    before = timezone.now()

    client_of(key).get("/api/v1/me")

    used_at = ApiKey.objects.get(pk=key.row.pk).last_used_at
    assert used_at is not None
    assert used_at >= before


def test_a_session_needs_no_key():
    user = make_user("alice", team="payments", role="member")

    answer = signed_in(user).get("/api/v1/me").json()

    assert answer == {
        "kind": "user",
        "actor": "user:alice",
        "teams": ["payments"],
        "sees_all_teams": False,
        "organisation_role": "none",
        "scopes": ["evidence:write", "incidents:read", "inventory:read", "policy:read"],
        "repositories": [],
        "clusters": [],
        "environments": [],
        "kinds": [],
    }


def test_a_key_wins_over_a_session_and_a_bad_key_is_not_forgiven():
    client = signed_in(make_user("alice"))
    key = new_key()

    assert client.get("/api/v1/me", headers={"X-Api-Key": key.text}).json()["kind"] == "key"
    assert client.get("/api/v1/me", headers={"X-Api-Key": "wrong"}).status_code == 401


def test_a_user_who_left_is_signed_out():
    user = make_user("alice")
    client = signed_in(user)
    user.is_active = False
    user.save()

    assert client.get("/api/v1/me").status_code == 401


def test_no_log_line_contains_a_key(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
    key = new_key("admin")
    client = client_of(key)
    monkeypatch.setattr("supplychain.api.access._me", lambda *_args, **_kwargs: 1 / 0)

    with caplog.at_level(logging.DEBUG):
        assert client.get("/api/v1/me").status_code == 500
        client.get("/api/v1/nothing")
        client.get("/api/v1/audit", {"actor": "x" * 5000})
        Client().get("/api/v1/me", headers={"X-Api-Key": key.text + "x"})
        client.post("/api/v1/keys", data={"scopes": ["admin"]}, content_type="application/json")

    secret = key.text.split("_")[2]
    formatter = logging.Formatter()
    assert caplog.records
    assert all(secret not in formatter.format(record) for record in caplog.records)
