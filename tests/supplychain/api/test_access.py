import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from supplychain.access import audit
from supplychain.access.actors import actor_for_key, system_actor
from supplychain.access.keys import verify_key
from supplychain.access.models import ApiKey, AuditEvent
from supplychain.access.scopes import Scope
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(path, data=json.dumps(body), content_type="application/json")


def test_a_key_is_made_and_shown_once():
    client = client_of(new_key("admin", team="payments"))

    answer = post(client, "/api/v1/keys", {"scopes": ["evidence:write"], "name": "ci", "clusters": ["prod-eu"]})

    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    made = verify_key(answer.json()["key"], at=timezone.now())
    assert made is not None
    assert (made.team.slug, made.scopes, made.clusters) == ("payments", ["evidence:write"], ["prod-eu"])
    listed = client.get("/api/v1/keys").json()["results"][0]
    assert listed["id"] == answer.json()["id"]
    assert "key" not in listed


def test_a_new_key_works_and_a_revoked_one_does_not():
    client = client_of(new_key("admin"))
    made = post(client, "/api/v1/keys", {"scopes": ["inventory:read"]}).json()
    mine = Client(headers={"X-Api-Key": made["key"]})
    assert mine.get("/api/v1/me").status_code == 200

    answer = client.post(f"/api/v1/keys/{made['id']}/revoke")

    assert (answer.status_code, answer.json()["state"]) == (200, "revoked")
    assert mine.get("/api/v1/me").status_code == 401


def test_revoking_again_answers_the_same():
    key = new_key("admin")
    other = new_key().row

    first = client_of(key).post(f"/api/v1/keys/{other.public_id}/revoke")
    second = client_of(key).post(f"/api/v1/keys/{other.public_id}/revoke/")

    assert first.json() == second.json()


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/scopes", "required"),
        ({"scopes": []}, "/scopes", "empty"),
        ({"scopes": ["root"]}, "/scopes/0", "invalid_choice"),
        ({"scopes": ["admin"], "is_staff": True}, "/is_staff", "unknown_field"),
        ({"scopes": ["admin"], "revoked_at": None}, "/revoked_at", "unknown_field"),
        ({"scopes": ["admin"], "name": "a\x00b"}, "/name", "null_characters_not_allowed"),
        ({"scopes": ["admin"], "expires_at": "0001-01-01T00:00:00+14:00"}, "/expires_at", "overflow"),
        ({"scopes": ["admin"], "team": "search"}, "/team", "unknown_team"),
        ({"scopes": ["admin"], "team": "no-such-team"}, "/team", "unknown_team"),
        ([], "", "invalid"),
    ],
)
def test_a_request_for_a_key_that_is_wrong_names_the_place(body: Any, pointer: str, code: str):
    client = client_of(new_key("admin"))
    new_key(team="search")

    answer = post(client, "/api/v1/keys", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")
    assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (pointer, code)
    assert ApiKey.objects.count() == 2


def test_a_key_in_the_past_is_refused():
    answer = post(
        client_of(new_key("admin")), "/api/v1/keys", {"scopes": ["admin"], "expires_at": "2020-01-01T00:00:00Z"}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_key_request")


def test_a_bound_key_makes_no_keys_and_a_team_key_none_that_sees_all():
    bound = post(client_of(new_key("admin", clusters=("a",))), "/api/v1/keys", {"scopes": ["admin"]})
    wide = post(client_of(new_key("admin")), "/api/v1/keys", {"scopes": ["admin"], "sees_all_teams": True})

    assert (bound.status_code, bound.json()["code"]) == (403, "key_delegation_refused")
    assert (wide.status_code, wide.json()["code"]) == (403, "key_delegation_refused")


def test_an_administrator_makes_keys_for_any_team_and_must_name_one():
    new_key(team="search")
    client = signed_in(make_user(organisation="admin"))

    unnamed = post(client, "/api/v1/keys", {"scopes": ["admin"]})
    named = post(client, "/api/v1/keys", {"scopes": ["admin"], "team": "search", "sees_all_teams": True})

    assert unnamed.json()["errors"][0]["code"] == "unknown_team"
    assert (named.status_code, named.json()["team"]) == (201, "search")


def test_another_teams_key_is_answered_like_one_that_does_not_exist():
    client = client_of(new_key("admin", team="payments"))
    foreign = new_key(team="search").row

    stranger = client.post(f"/api/v1/keys/{foreign.public_id}/revoke")
    missing = client.post(f"/api/v1/keys/{uuid4()}/revoke")

    assert stranger.status_code == missing.status_code == 404
    assert stranger.content == missing.content
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_lists_show_ones_own_team_alone():
    mine, foreign = new_key("admin", team="payments"), new_key("admin", team="search")
    client = client_of(mine)

    keys, events = client.get("/api/v1/keys").json(), client.get("/api/v1/audit").json()

    assert [key["id"] for key in keys["results"]] == [str(mine.row.public_id)]
    assert [event["subject"] for event in events["results"]] == [str(mine.row.public_id)]
    assert str(foreign.row.public_id) not in json.dumps(keys) + json.dumps(events)


def test_an_administrator_sees_the_keys_and_the_log_of_all_teams():
    new_key(team="payments")
    new_key(team="search")
    client = signed_in(make_user(organisation="admin"))

    assert {key["team"] for key in client.get("/api/v1/keys").json()["results"]} == {"payments", "search"}
    assert len(client.get("/api/v1/audit").json()["results"]) == AuditEvent.objects.count()


@pytest.mark.parametrize("path", ["/api/v1/keys", "/api/v1/audit"])
def test_keys_and_audit_need_the_admin_scope(path: str):
    every_other = set(Scope.values) - {Scope.ADMIN.value}

    assert client_of(new_key(*every_other)).get(path).json()["code"] == "missing_scope"


def test_the_audit_list_is_filtered_and_newest_first():
    key = new_key("admin")
    actor = actor_for_key(key.row)
    for number in range(3):
        audit.record(actor, "thing.done", subject=f"thing:{number}", details={"number": number})
    audit.record(system_actor("test"), "other.done", subject="thing:1", details={}, team_id=key.row.team_id)
    client = client_of(key)

    done = client.get("/api/v1/audit", {"action": "thing.done"}).json()["results"]
    about = client.get("/api/v1/audit", {"subject": "thing:1", "actor": actor.label}).json()["results"]
    later = client.get("/api/v1/audit", {"since": "2999-01-01T00:00:00Z"}).json()["results"]

    assert [event["subject"] for event in done] == ["thing:2", "thing:1", "thing:0"]
    assert [event["details"] for event in about] == [{"number": 1}]
    assert later == []


def test_a_listed_row_can_be_checked_by_whoever_reads_it():
    key = new_key("admin")
    audit.record(actor_for_key(key.row), "thing.done", subject="thing", details={"a": "é"})

    newest, before = client_of(key).get("/api/v1/audit").json()["results"]

    found = audit.chain_hash(
        newest["body"], sequence=newest["sequence"], previous_hash=bytes.fromhex(newest["previous_hash"][7:])
    )
    assert newest["hash"] == "sha256:" + found.hex()
    assert newest["previous_hash"] == before["hash"]


@pytest.mark.parametrize("path", ["/api/v1/keys", "/api/v1/audit"])
def test_a_list_costs_two_queries_however_long_it_is(path: str):
    client = client_of(new_key("admin"))
    for _ in range(20):
        new_key("admin")
    client.get(path)

    with CaptureQueriesContext(connection) as queries:
        client.get(path)

    assert len(queries) == 2
