"""Blocks of an incident: taken from its answer in one request, obeyed by the gate, told on the timeline."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from inventory.policy.models import Block
from tests.incidents.opened import PAY, SHOP, make_estate, opened, read, send
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def estate() -> None:
    make_estate()


@pytest.fixture
def rita() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


@pytest.fixture
def anna() -> Client:
    return signed_in(make_user("anna", organisation="approver"))


def allowed(digest: str) -> bool:
    key = client_of(new_key("policy:read", team="shop"))
    return bool(key.get(f"/api/v1/artifacts/{digest}/decision").json()["allowed"])


def test_what_an_answer_names_is_blocked_in_one_request_and_obeyed_by_the_next(rita):
    address = opened(rita)
    assert allowed(SHOP)

    answer = send(rita, f"{address}/blocks", {"proposed": True, "reason": "INC-1"})

    assert answer.status_code == 201
    blocks = answer.json()["blocks"]
    assert [one["kind"] for one in blocks] == ["package", "artifact", "artifact"]
    assert {one["selector"].get("digest") for one in blocks} == {None, SHOP, PAY}
    assert not allowed(SHOP)
    actions = read(rita, f"{address}/actions")["results"]
    assert [(one["kind"], one["state"]) for one in actions] == [("block", "done")] * 3
    assert {one["reason"] for one in blocks} == {"INC-1"}
    listed = rita.get(f"/api/v1/blocks?incident={address[1:]}").json()["results"]
    assert {one["id"] for one in listed} == {one["id"] for one in blocks}


def test_a_block_that_is_named_is_set_and_its_end_is_told(rita, anna):
    address = opened(rita)
    body = {"blocks": [{"kind": "artifact", "selector": {"digest": SHOP}}], "reason": "INC-1"}

    block = send(rita, f"{address}/blocks", body).json()["blocks"][0]["id"]
    rita.post(f"/api/v1/blocks/{block}/lift", {"reason": "rebuilt"}, content_type="application/json")
    anna.post(f"/api/v1/blocks/{block}/keep", {}, content_type="application/json")
    rita.post(f"/api/v1/blocks/{block}/lift", {"reason": "rebuilt"}, content_type="application/json")
    assert not allowed(SHOP)
    anna.post(f"/api/v1/blocks/{block}/lift", {}, content_type="application/json")

    assert allowed(SHOP)
    assert [one["state"] for one in read(rita, f"{address}/actions")["results"]] == ["reverted"]


def test_a_repeat_sets_nothing_twice(rita):
    address = opened(rita)
    body = {"blocks": [{"kind": "service", "selector": {"service": "checkout"}}], "reason": "INC-1"}

    first, again = (send(rita, f"{address}/blocks", body) for _ in range(2))

    assert first.json() == again.json()
    assert (Block.objects.count(), len(read(rita, f"{address}/actions")["results"])) == (1, 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"reason": "x"}, "nothing_to_block"),
        ({"proposed": True}, "validation_failed"),
        ({"blocks": [{"kind": "artifact", "selector": {}}], "reason": "x"}, "bad_selector"),
        ({"blocks": [{"kind": "image", "selector": {}}], "reason": "x"}, "validation_failed"),
        ({"blocks": "all", "reason": "x"}, "validation_failed"),
    ],
)
def test_what_cannot_be_blocked_is_refused(rita, body, code):
    address = opened(rita)

    refused = send(rita, f"{address}/blocks", body)

    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert not Block.objects.exists()


def test_a_key_a_stranger_and_a_team_block_nothing(rita):
    address = opened(rita)
    key = client_of(new_key("incidents:write", team="shop"))
    stranger = client_of(new_key("incidents:write", team="stranger"))
    body = {"proposed": True, "reason": "x"}

    assert send(key, f"{address}/blocks", body).json()["code"] == "person_needed"
    foreign, missing = (
        (answer.status_code, answer.content.replace(path.encode(), b"/asked"))  # a problem names what was asked
        for path in (address, "/00000000-0000-7000-8000-000000000000")
        for answer in [send(stranger, f"{path}/blocks", body)]
    )
    assert foreign == missing
    assert foreign[0] == 403
    assert not Block.objects.exists()


def test_a_team_is_not_told_for_which_incident_it_is_blocked(rita):
    address = opened(rita)
    send(rita, f"{address}/blocks", {"proposed": True, "reason": "INC-1"})
    team = client_of(new_key("policy:read", team="shop"))

    assert {one["incident"] for one in team.get("/api/v1/blocks").json()["results"]} == {None}
    assert team.get(f"/api/v1/blocks?incident={address[1:]}").json()["results"] == []


def test_the_page_has_the_blocks_ticked_and_sets_them_with_one_press(rita):
    address = f"/incidents{opened(rita)}"
    html = rita.get(address).content.decode()
    ticked = re.findall(r'name="key" value="([^"]+)" checked', html)
    assert len(ticked) == 3

    answer = rita.post(f"{address}/actions/take", {"key": ticked})

    assert answer.status_code == 303
    assert Block.objects.count() == 3
    assert not allowed(SHOP)
