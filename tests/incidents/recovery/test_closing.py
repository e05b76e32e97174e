"""What is proven is closed in one step, through all stages; what is not is refused, with the proofs that are left."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.recovery.stamping import stamp_all
from supplychain.access.models import AuditEvent
from tests.incidents.opened import opened, read, send
from tests.incidents.recovery.test_recovery import OLD, recover, run
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

STAGES = ["scoping", "containing", "eradicating", "recovering", "closed"]
BUTTON = "Close the incident"


def close(client: Client, incident: str, **members: Any) -> Any:
    return send(client, f"{incident}/close", {"reason": "over", "walks": True, **members})


def stages(client: Client, incident: str) -> list[str]:
    told = read(client, f"{incident}/timeline?limit=500")["results"]
    return [one["details"]["after"] for one in told if one["kind"] in {"stage", "closed"}]


def page(client: Client, incident: str) -> str:
    return client.get(f"/incidents{incident}").content.decode()


def test_what_is_proven_is_closed_in_one_step_through_all_stages(responder: Client):
    incident = opened(responder)
    recover(responder, incident)
    stamp_all(timezone.now())

    closed = close(responder, incident)

    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    assert stages(responder, incident) == STAGES
    assert AuditEvent.objects.filter(action="incident.stage").count() == 4
    assert AuditEvent.objects.filter(action="incident.closed").count() == 1


def test_it_goes_on_from_the_stage_where_it_is(responder: Client):
    incident = opened(responder)
    recover(responder, incident)
    stamp_all(timezone.now())
    for stage in STAGES[:2]:
        send(responder, incident, {"state": stage}, method="patch")

    close(responder, incident)

    assert stages(responder, incident) == STAGES


def test_what_is_not_proven_is_refused_with_the_proofs_that_are_left_and_nothing_moves(responder: Client):
    incident = opened(responder)

    refused = close(responder, incident)

    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "recovery_unproven")
    assert "shop/checkout (new_artifact, sbom_clean" in problem["detail"]
    left = {error["code"]: error["message"] for error in problem["errors"]}
    assert left["pack_exported"] == "shop/checkout: missing, not_exported"
    assert len(left) == 7
    assert read(responder, incident)["state"] == "open"
    assert stages(responder, incident) == []


def test_closing_step_by_step_names_them_too(responder: Client):
    incident = opened(responder)
    for stage in STAGES[:-1]:
        send(responder, incident, {"state": stage}, method="patch")

    refused = close(responder, incident, walks=False)

    assert "pack_exported" in {error["code"] for error in refused.json()["errors"]}


def test_without_walking_an_open_incident_is_closed_step_by_step(responder: Client):
    incident = opened(responder)
    recover(responder, incident)
    stamp_all(timezone.now())

    refused = close(responder, incident, walks=False)

    assert (refused.status_code, refused.json()["code"]) == (409, "stage_refused")


def test_nobody_walks_over_what_is_not_proven(responder: Client):
    incident = opened(responder)

    refused = close(responder, incident, accept_unproven=True)

    assert refused.status_code == 400
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/walks"}
    assert read(responder, incident)["state"] == "open"


def test_closing_what_is_closed_changes_nothing(responder: Client):
    incident = opened(responder)
    recover(responder, incident)
    stamp_all(timezone.now())

    first, again = close(responder, incident).json(), close(responder, incident).json()

    assert (again["version"], again["event_count"]) == (first["version"], first["event_count"])


def test_a_stranger_and_a_team_close_nothing(responder: Client):
    incident = opened(responder)
    mia = signed_in(make_user("mia", team="shop", role="member"))
    sam = signed_in(make_user("sam", team="others", role="owner"))

    assert close(mia, incident).status_code == 403
    assert close(sam, incident).status_code in {403, 404}


def test_the_page_offers_it_when_all_is_proven_and_closes_with_one_press(responder: Client):
    incident = opened(responder)
    before = page(responder, incident)
    recover(responder, incident)
    stamp_all(timezone.now())
    mia = signed_in(make_user("mia", team="shop", role="member"))
    offered, to_a_team = page(responder, incident), page(mia, incident)

    form = {"state": "closed", "walks": "true", "reason": "Every service is proven recovered."}
    closed = responder.post(f"/incidents{incident}/change", form)

    assert (BUTTON in before, BUTTON in offered, BUTTON in to_a_team) == (False, True, False)
    assert closed.status_code == 303
    assert read(responder, incident)["state"] == "closed"
    assert BUTTON not in page(responder, incident)


def test_the_page_says_what_is_left_where_a_proof_was_lost_meanwhile(responder: Client):
    incident = opened(responder)
    recover(responder, incident)
    stamp_all(timezone.now())
    run(OLD)
    stamp_all(timezone.now())

    refused = responder.post(f"/incidents{incident}/change", {"state": "closed", "walks": "true", "reason": "so it is"})

    shown = refused.content.decode()
    assert refused.status_code == 409
    assert "shop/checkout (new_artifact" in shown
    assert 'value="so it is"' in shown
