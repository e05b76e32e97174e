"""Blocks and freezes of an incident: in force with the action that makes them, lifted by two people; and reports."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from incidents.models import ContainmentAction, LegalReport
from inventory.policy.models import Block
from tests.incidents.opened import SHOP, make_estate, opened, read, send
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BLOCK = {"kind": "block", "target": {"kind": "artifact", "digest": SHOP.upper().replace("SHA", "sha")}}


@pytest.fixture
def responder() -> Client:
    make_estate()
    return signed_in(make_user("rita", organisation="responder"))


@pytest.fixture
def other() -> Client:
    return signed_in(make_user("otto", organisation="responder"))


def lift(client: Client, incident: str, number: int = 1, **body: Any) -> Any:
    return send(client, f"{incident}/actions/{number}", {"state": "reverted", **body}, method="patch")


def test_a_block_is_in_force_and_done_as_soon_as_it_is_made(responder: Client):
    incident = opened(responder)

    action = send(responder, f"{incident}/actions", BLOCK).json()

    block = Block.objects.get()
    assert (action["state"], action["done_by"], action["block"]) == ("done", "user:rita", str(block.public_id))
    assert action["target"] == {"kind": "artifact", "digest": SHOP}
    assert (block.value, f"/{block.incident}", block.binds(timezone.now())) == (SHOP, incident, True)
    assert action["allowed_states"] == ["reverted"]


def test_the_same_spelled_otherwise_is_the_same(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", BLOCK)

    again = send(responder, f"{incident}/actions", {"kind": "block", "target": {"kind": "artifact", "digest": SHOP}})

    assert again.json()["code"] == "action_exists"


def test_taking_all_puts_every_block_and_freeze_in_force_once(responder: Client):
    incident = opened(responder)

    send(responder, f"{incident}/actions/proposed")
    send(responder, f"{incident}/actions/proposed")

    kinds = sorted(Block.objects.values_list("kind", flat=True))
    assert kinds == ["artifact", "artifact", "package", "service", "service"]
    assert read(responder, f"{incident}/actions?kind=block&state=done")["results"][0]["is_reversible"] is True


def test_two_people_lift_it_and_the_timeline_tells_both(responder: Client, other: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", BLOCK)

    asked = lift(responder, incident, note="a false alarm")
    alone = lift(responder, incident)
    agreed = lift(other, incident)

    assert asked.json()["state"] == "done"
    assert (alone.status_code, alone.json()["code"]) == (409, "lift_refused")
    assert agreed.json()["state"] == "reverted"
    assert not Block.objects.get().binds(timezone.now())
    told = [one["details"] for one in read(responder, f"{incident}/timeline")["results"] if one["kind"] == "action"]
    assert [one["change"] for one in told] == ["made", "lift_asked", "lifted"]


def test_what_is_lifted_on_its_own_page_is_reverted_here(responder: Client, other: Client):
    incident = opened(responder)
    block = send(responder, f"{incident}/actions", BLOCK).json()["block"]

    for client in (responder, other):
        client.post(f"/api/v1/blocks/{block}/lift", {"reason": "over"}, content_type="application/json")

    assert read(responder, f"{incident}/actions/1")["state"] == "reverted"
    assert send(responder, f"{incident}/actions", BLOCK).status_code == 201


def test_a_lift_without_a_reason_is_refused(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", BLOCK)

    assert lift(responder, incident).json()["code"] == "bad_block"


def test_a_key_blocks_nothing(responder: Client):
    incident = opened(responder)
    key = client_of(new_key("incidents:read", "incidents:write", team="shop", sees_all=True))

    refused = send(key, f"{incident}/actions", BLOCK)

    assert (refused.status_code, refused.json()["code"]) == (403, "person_needed")
    assert not ContainmentAction.objects.exists()
    assert send(key, f"{incident}/actions", {"kind": "rotate", "target": {"credential": "A"}}).status_code == 201


def test_a_block_that_names_nothing_is_refused(responder: Client):
    refused = send(responder, f"{opened(responder)}/actions", {"kind": "block", "target": {"kind": "artifact"}})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/target/digest")


# --- Reports -------------------------------------------------------------------------------------------------------

EARLY = {"duty": "severe_incident", "report": "early_warning", "reference": "ENISA-7"}


def test_a_report_is_noted_once(responder: Client):
    incident = opened(responder)
    send(responder, incident, {"is_severe": True, "aware_at": "2026-01-01T00:00:00Z"}, method="patch")

    noted = send(responder, f"{incident}/reports", EARLY)
    again = send(responder, f"{incident}/reports", EARLY)

    assert (noted.status_code, again.status_code, again.json()["code"]) == (201, 409, "report_refused")
    first = read(responder, f"{incident}/reports")["results"][0]
    assert (first["reference"], first["is_late"], first["due_at"]) == ("ENISA-7", True, "2026-01-02T00:00:00Z")
    assert read(responder, f"{incident}/timeline?limit=500")["results"][-1]["kind"] == "reported"


@pytest.mark.parametrize("body", [EARLY, {**EARLY, "sent_at": "2999-01-01T00:00:00Z"}])
def test_a_report_that_is_not_due_or_was_not_sent_is_refused(responder: Client, body: Any):
    incident = opened(responder)
    if "sent_at" in body:
        send(responder, incident, {"is_severe": True}, method="patch")

    assert send(responder, f"{incident}/reports", body).json()["code"] == "report_refused"


def test_reports_are_for_who_sees_the_whole_incident(responder: Client):
    incident = opened(responder)
    mia = signed_in(make_user("mia", team="shop", role="member"))

    read(mia, f"{incident}/reports", 403)


def test_the_database_keeps_one_report_of_each(responder: Client):
    incident = opened(responder)
    send(responder, incident, {"is_severe": True}, method="patch")
    send(responder, f"{incident}/reports", EARLY)
    noted = LegalReport.objects.get()

    noted.pk = None
    with pytest.raises(IntegrityError, match="legal_report_once"), transaction.atomic():
        noted.save()
