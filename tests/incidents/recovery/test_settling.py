"""Rebuilds and redeployments are done by evidence, and to be done again when it takes a proof back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.recovery.stamping import stamp_all
from supplychain.access.models import AuditEvent
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.incidents.opened import opened, read, send
from tests.incidents.recovery.test_recovery import ask, built, describe, run
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"
OLD, NEW, NEWER = digest("old"), digest("new"), digest("newer")


@pytest.fixture
def incident(responder: Client) -> str:
    """An incident of which rebuild (1) and redeployment (2) are taken."""
    incident = opened(responder)
    proposed = read(responder, f"{incident}/actions/proposed")["results"]
    keys = [one["key"] for one in proposed if one["kind"] in {"rebuild", "redeploy"}]
    taken = send(responder, f"{incident}/actions/proposed", {"keys": keys}).json()["actions"]
    assert [(one["number"], one["kind"]) for one in taken] == [(1, "rebuild"), (2, "redeploy")]
    return incident


def send_clean_build(artifact: str = NEW) -> None:
    describe(artifact, "pkg:npm/lodash@4.17.21")
    built(artifact, at=timezone.now())
    run(artifact)


def states(client: Client, incident: str) -> list[str]:
    return [one["state"] for one in read(client, f"{incident}/actions")["results"]]


def action(client: Client, incident: str, number: int = 1) -> Any:
    return read(client, f"{incident}/actions/{number}")


def move(client: Client, incident: str, number: int, state: str) -> None:
    answered = send(client, f"{incident}/actions/{number}", {"state": state}, method="patch")
    assert answered.status_code == 200, answered.content


def lines(client: Client, incident: str, change: str) -> list[Any]:
    told = read(client, f"{incident}/timeline?limit=500")["results"]
    return [one for one in told if one["kind"] == "action" and one["details"]["change"] == change]


def test_what_evidence_proves_is_done_by_it_with_what_proved_it(responder: Client, incident: str):
    send_clean_build()

    stamp_all(timezone.now())

    assert states(responder, incident) == ["done", "done"]
    rebuild = action(responder, incident)
    assert (rebuild["done_by"], rebuild["reopened_by"]) == ("system:recovery", "")
    assert rebuild["evidence_before"]["artifacts"][0]["digest"] == OLD
    (proven,) = rebuild["evidence_after"]["proven"]
    assert (proven["service"], proven["before"], proven["after"]) == ("checkout", [OLD], [NEW])
    assert [one["proof"] for one in proven["proofs"]] == ["new_artifact", "sbom_clean", "provenance_verified"]
    assert all(one["evidence"] for one in proven["proofs"])
    assert len(action(responder, incident, 2)["evidence_after"]["proven"][0]["proofs"]) == 4


def test_it_is_told_on_the_timeline_and_in_the_audit_log_once(responder: Client, incident: str):
    send_clean_build()

    for _ in range(3):
        stamp_all(timezone.now())

    told = lines(responder, incident, "proven")
    assert [(one["details"]["number"], one["actor"]) for one in told] == [
        (1, "system:recovery"),
        (2, "system:recovery"),
    ]
    assert (told[0]["details"]["old"], told[0]["details"]["new"]) == ([OLD], [NEW])
    kept = AuditEvent.objects.filter(action="incident.action", body__contains='"change":"proven"')
    assert kept.count() == 2


def test_a_redeployment_is_left_while_a_workload_still_runs_what_was_found(responder: Client):
    run(OLD, workload="Deployment/second")
    incident = opened(responder)
    send(responder, f"{incident}/actions/proposed")
    send_clean_build()

    stamp_all(timezone.now())

    found = {one["kind"]: one["state"] for one in read(responder, f"{incident}/actions")["results"]}
    assert (found["rebuild"], found["redeploy"]) == ("done", "open")


def test_a_service_of_two_images_is_rebuilt_when_both_are(responder: Client):
    other, clean = digest("worker"), digest("worker clean")
    describe(other, BAD)
    run(other, workload="Deployment/worker", container="worker")
    incident = opened(responder)
    send(responder, f"{incident}/actions/proposed")
    send_clean_build()

    stamp_all(timezone.now())
    half = states_of_kinds(responder, incident)
    describe(clean, "pkg:npm/lodash@4.17.21")
    built(clean, at=timezone.now())
    run(clean, workload="Deployment/worker", container="worker")
    stamp_all(timezone.now())
    whole = states_of_kinds(responder, incident)
    run(other, workload="Deployment/worker", container="worker")
    stamp_all(timezone.now())

    assert (half["rebuild"], half["redeploy"]) == ("open", "open")
    assert (whole["rebuild"], whole["redeploy"]) == ("done", "done")
    assert states_of_kinds(responder, incident)["rebuild"] == "open"
    assert lines(responder, incident, "proof_lost")[0]["details"]["left"] == ["new_artifact"]


def states_of_kinds(client: Client, incident: str) -> dict[str, str]:
    return {one["kind"]: one["state"] for one in read(client, f"{incident}/actions")["results"]}


@pytest.mark.parametrize("missing", ["sbom", "provenance"])
def test_what_is_not_proven_stays_to_be_done(responder: Client, incident: str, missing: str):
    if missing != "sbom":
        describe(NEW, "pkg:npm/lodash@4.17.21")
    if missing != "provenance":
        built(NEW, at=timezone.now())
    run(NEW)
    ask(responder, incident)

    stamp_all(timezone.now())

    assert states(responder, incident) == ["open", "open"]


def test_evidence_that_takes_a_proof_back_opens_what_it_had_closed_and_may_close_it_again(
    responder: Client, incident: str
):
    send_clean_build()
    stamp_all(timezone.now())

    run(OLD)
    stamp_all(timezone.now())
    lost = [action(responder, incident, number) for number in (1, 2)]
    run(NEW)
    stamp_all(timezone.now())

    assert [(one["state"], one["done_by"], one["evidence_after"]) for one in lost] == [("open", "", None)] * 2
    told = lines(responder, incident, "proof_lost")
    assert [one["details"]["number"] for one in told] == [1, 2]
    assert "new_artifact" in told[0]["details"]["left"]
    assert "replaced_everywhere" in told[1]["details"]["left"]
    assert states(responder, incident) == ["done", "done"]


def test_a_cluster_that_falls_silent_opens_nothing(responder: Client, incident: str):
    send_clean_build()
    stamp_all(timezone.now())

    stamp_all(timezone.now() + timedelta(hours=2))

    assert states(responder, incident) == ["done", "done"]


def test_what_a_person_opened_again_or_withdrew_is_left_to_them(responder: Client, incident: str):
    send_clean_build()
    stamp_all(timezone.now())
    move(responder, incident, 1, "open")
    move(responder, incident, 2, "open")
    move(responder, incident, 2, "withdrawn")

    run(NEWER)
    send_clean_build(NEWER)
    stamp_all(timezone.now())

    assert states(responder, incident) == ["open", "withdrawn"]
    assert action(responder, incident)["reopened_by"] == "user:rita"
    move(responder, incident, 1, "done")
    assert action(responder, incident)["reopened_by"] == ""


def test_what_a_person_said_is_done_is_not_opened_by_evidence(responder: Client, incident: str):
    move(responder, incident, 1, "done")

    stamp_all(timezone.now())

    assert action(responder, incident)["done_by"] == "user:rita"


def test_what_is_to_be_done_for_one_digest_or_commit_no_service_proves(responder: Client):
    incident = opened(responder)
    target = {"service": "checkout", "commit": "a" * 40}
    send(responder, f"{incident}/actions", {"kind": "rebuild", "target": target})
    send_clean_build()

    stamp_all(timezone.now())

    assert states(responder, incident) == ["open"]


def test_a_workload_of_no_service_is_proven_by_its_own_name(responder: Client):
    describe(digest("loose"), BAD)
    report("shop", deployment(digest=digest("loose"), workload="Deployment/loose"), at=timezone.now())
    incident = opened(responder)
    send(responder, f"{incident}/actions/proposed")
    describe(NEW, "pkg:npm/lodash@4.17.21")
    built(NEW, at=timezone.now())
    report("shop", deployment(digest=NEW, workload="Deployment/loose"), at=timezone.now())

    stamp_all(timezone.now())

    found = read(responder, f"{incident}/actions?kind=rebuild")["results"]
    states_by_target = {one["target"].get("name", ""): one["state"] for one in found}
    assert states_by_target == {"loose": "done", "": "open"}


def test_a_service_of_the_same_name_in_another_team_has_to_prove_it_too_and_is_not_shown(responder: Client):
    submit("payments", cyclonedx(BAD, subject=digest("pay"), name="registry.example/pay:1"))
    report("payments", deployment(digest=digest("pay"), service="checkout", cluster="pay"), at=timezone.now())
    incident = opened(responder)
    send(responder, f"{incident}/actions/proposed")
    (rebuild,) = read(responder, f"{incident}/actions?kind=rebuild")["results"]
    send_clean_build()

    stamp_all(timezone.now())
    before = action(responder, incident, rebuild["number"])["state"]
    clean = digest("pay clean")
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.21", subject=clean, name="registry.example/pay:2"))
    built(clean, at=timezone.now())
    report("payments", deployment(digest=clean, service="checkout", cluster="pay"), at=timezone.now())
    stamp_all(timezone.now())
    after = action(responder, incident, rebuild["number"])

    assert (before, after["state"]) == ("open", "done")
    assert [one["team"] for one in after["evidence_after"]["proven"]] == [rebuild["team"]]


def test_nothing_is_settled_once_the_incident_is_closed(responder: Client, incident: str):
    for state in ("scoping", "containing", "eradicating", "recovering"):
        send(responder, incident, {"state": state}, method="patch")
    send(responder, f"{incident}/close", {"reason": "over", "accept_unproven": True})
    send_clean_build()

    stamp_all(timezone.now())

    assert states(responder, incident) == ["open", "open"]


def test_a_team_reads_that_its_action_was_closed_by_evidence_and_a_stranger_nothing(responder: Client, incident: str):
    send_clean_build()
    stamp_all(timezone.now())
    mia = signed_in(make_user("mia", team="shop", role="member"))
    sam = signed_in(make_user("sam", team="others", role="owner"))

    page = mia.get(f"/incidents{incident}").content.decode()

    assert "Proven by evidence" in page
    assert "done by evidence" in page
    read(sam, f"{incident}/actions/1", 404)


def test_what_is_matched_when_it_is_asked_once_more_closes_nothing(responder: Client):
    send_list(BAD)
    incident = opened(responder, text="list:worms")
    send(responder, f"{incident}/actions/proposed")
    send_clean_build()
    ask(responder, incident)
    send_list(BAD, "pkg:npm/lodash@4.17.21")

    stamp_all(timezone.now())

    kinds = {one["kind"]: one["state"] for one in read(responder, f"{incident}/actions")["results"]}
    assert (kinds["rebuild"], kinds["redeploy"]) == ("open", "open")
    assert read(responder, incident)["run_count"] == 3


def send_list(*purls: str) -> None:
    lines = ["package,version", *(one.removeprefix("pkg:npm/").replace("@", ",") for one in purls)]
    submit("shop", "\n".join(lines).encode(), at=timezone.now(), declared_kind="list", name="worms")
