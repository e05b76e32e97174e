"""What a run lost of which nothing came that runs: a rotation that recovery and closing wait for."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.response.lifecycle import ORDER
from inventory.models import Attestation, Verdict
from tests.attested import bundle, encode, provenance, statement
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.incidents.opened import BAD, opened, read, send
from tests.judgements import judge
from tests.supplychain.actors import make_user, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

COMMIT = "c" * 40
ACTION = {"kind": "action", "uses": "tj-actions/changed-files", "refs": ["v45"]}
PACKAGE = {"kind": "package", "purl": BAD}
WORKFLOW = b"""
on: push
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: tj-actions/changed-files@v45
        env: {TOKEN: "${{ secrets.NPM_TOKEN }}"}
"""


@pytest.fixture
def responder() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


def run_without_output(team: str = "shop", *, number: int = 7, began: datetime | None = None) -> None:
    at = (began or timezone.now() - timedelta(hours=2)).isoformat()
    submit(team, WORKFLOW, repository="shop/api", name=".github/workflows/ci.yml", commit=COMMIT)
    run = {
        "id": number, "run_attempt": 1, "repository": {"full_name": "shop/api"}, "path": ".github/workflows/ci.yml",
        "head_sha": COMMIT, "event": "push", "run_started_at": at, "updated_at": at, "status": "completed",
    }  # fmt: skip
    submit(team, json.dumps({"total_count": 1, "workflow_runs": [run]}).encode())


def service_runs(team: str, name: str) -> None:
    submit(team, cyclonedx(BAD, subject=digest(name), name=f"registry.example/{name}:1"), at=timezone.now())
    report(team, deployment(digest=digest(name), service=name, cluster=team), at=timezone.now())


def reasons(client: Client, incident: str) -> dict[str, list[Any]]:
    """Return why the rotations of each service stand where they do."""
    found = {}
    for service in read(client, f"{incident}/recovery")["services"]:
        (proof,) = [one for one in service["proofs"] if one["proof"] == "credentials_rotated"]
        found[service["service"]] = [(proof["state"], one["code"], one["about"]) for one in proof["reasons"]]
    return found


def proposed_rotations(client: Client, incident: str) -> list[Any]:
    return [one for one in read(client, f"{incident}/actions/proposed")["results"] if one["kind"] == "rotate"]


def after_actions_of_csv(client: Client, incident: str) -> list[str]:
    answer = client.get(f"/api/v1/incidents{incident}/credentials?as=csv")
    return [row["after_action"] for row in csv.DictReader(io.StringIO(answer.content.decode()))]


def rotate(client: Client, incident: str) -> None:
    keys = [one["key"] for one in proposed_rotations(client, incident)]
    for action in send(client, f"{incident}/actions/proposed", {"keys": keys}).json()["actions"]:
        send(client, f"{incident}/actions/{action['number']}", {"state": "done"}, method="patch")


def test_a_service_waits_for_what_a_run_of_its_team_lost_though_nothing_came_of_it(responder: Client):
    service_runs("shop", "checkout")
    service_runs("payments", "ledger")
    run_without_output("shop")

    incident = opened(responder, text=None, indicators=[PACKAGE, ACTION])

    assert reasons(responder, incident) == {
        "ledger": [("unknown", "build_not_known", digest("ledger"))],
        "checkout": [("missing", "rotation_not_begun", "NPM_TOKEN")],
    }

    rotate(responder, incident)

    rest = ("proven", "rotated", "credentials of builds that nobody knows")
    assert reasons(responder, incident) == {"ledger": [rest], "checkout": [rest, ("proven", "rotated", "NPM_TOKEN")]}


def test_a_rotation_for_unknown_builds_holds_when_what_they_made_runs_no_more(responder: Client):
    service_runs("shop", "checkout")
    incident = opened(responder)
    rotate(responder, incident)
    report("shop", deployment(digest=digest("new"), service="checkout", cluster="shop"), at=timezone.now())

    assert send(responder, f"{incident}/queries").status_code == 201

    assert reasons(responder, incident)["checkout"] == [
        ("proven", "rotated", "credentials of builds that nobody knows")
    ]


def test_a_rotation_stands_for_no_unknown_build_that_was_found_after_it_was_done(responder: Client):
    service_runs("shop", "checkout")
    incident = opened(responder)
    rotate(responder, incident)
    service_runs("payments", "ledger")

    assert send(responder, f"{incident}/queries").status_code == 201

    rotated = ("proven", "rotated", "credentials of builds that nobody knows")
    assert reasons(responder, incident) == {
        "checkout": [rotated],
        "ledger": [("unknown", "build_not_known", digest("ledger"))],
    }
    (again,) = proposed_rotations(responder, incident)
    assert again["target"]["after_action"] == "1"
    assert again["title"] == (
        "Rotate all that unknown builds could reach, or send their provenance (found after action 1 was done)"
    )

    listed = {one["after_action"]: one for one in read(responder, f"{incident}/credentials")["results"]}
    assert (listed[None]["action"], listed[1]["action"], listed[1]["key"]) == (1, None, again["key"])
    assert sorted(after_actions_of_csv(responder, incident)) == ["", "1"]

    taken = send(responder, f"{incident}/actions/proposed", {"keys": [again["key"]]}).json()["actions"]

    assert reasons(responder, incident)["ledger"] == [("missing", "rotation_open", rotated[2])]
    assert reasons(responder, incident)["checkout"] == [rotated]

    send(responder, f"{incident}/actions/{taken[0]['number']}", {"state": "done"}, method="patch")

    assert reasons(responder, incident) == {"checkout": [rotated], "ledger": [rotated]}
    assert proposed_rotations(responder, incident) == []


def test_a_rotation_that_was_not_done_when_more_was_found_stands_for_it_too(responder: Client):
    service_runs("shop", "checkout")
    incident = opened(responder)
    (one,) = proposed_rotations(responder, incident)
    send(responder, f"{incident}/actions/proposed", {"keys": [one["key"]]})
    service_runs("payments", "ledger")
    send(responder, f"{incident}/queries")

    assert proposed_rotations(responder, incident) == []

    send(responder, f"{incident}/actions/1", {"state": "done"}, method="patch")

    rotated = ("proven", "rotated", "credentials of builds that nobody knows")
    assert reasons(responder, incident) == {"checkout": [rotated], "ledger": [rotated]}


def built(name: str, *, signed_at: datetime | None) -> None:
    """Let what runs have been built in a run of shop/api that claims to be long over, and was signed at that time."""
    made = provenance()
    made["runDetails"]["metadata"]["finishedOn"] = (timezone.now() - timedelta(days=1)).isoformat()
    submit("shop", encode(bundle(statement(digest(name), predicate=made))))
    if signed_at is not None:
        judge(Attestation.objects.latest("pk"), Verdict.VERIFIED_EXPECTED, signed_at=signed_at)


@pytest.mark.parametrize(
    ("signed", "state"), [(timedelta(hours=-1), "proven"), (timedelta(hours=1), "missing"), (None, "missing")]
)
def test_all_secrets_of_a_repository_are_rotated_for_the_builds_that_were_over(
    responder: Client, signed: timedelta | None, state: str
):
    at = timezone.now()
    service_runs("shop", "checkout")
    built("checkout", signed_at=None)
    incident = opened(responder)
    rotate(responder, incident)
    service_runs("payments", "wiki")
    built("wiki", signed_at=None if signed is None else at + signed)

    send(responder, f"{incident}/queries")

    found = reasons(responder, incident)
    assert [one[0] for one in found["checkout"]] == ["proven"]
    assert [one[0] for one in found["wiki"]] == [state]
    again = proposed_rotations(responder, incident)
    assert [one["target"]["after_action"] for one in again] == ([] if state == "proven" else ["1"])


def test_a_secret_that_a_run_could_reach_after_its_rotation_is_rotated_again(responder: Client):
    service_runs("shop", "checkout")
    run_without_output(number=7)
    incident = opened(responder, text=None, indicators=[PACKAGE, ACTION])
    rotate(responder, incident)
    run_without_output(number=8, began=timezone.now())

    send(responder, f"{incident}/queries")

    assert reasons(responder, incident)["checkout"] == [("missing", "rotation_not_begun", "NPM_TOKEN")]
    (again,) = proposed_rotations(responder, incident)
    assert again["target"]["credential"] == "NPM_TOKEN"


def test_no_build_need_be_known_of_what_is_merely_vulnerable(responder: Client):
    service_runs("shop", "checkout")

    incident = opened(responder, text="pkg:npm/lodash vers:npm/<4.17.21")

    assert reasons(responder, incident) == {"checkout": [("proven", "nothing_was_exposed", "")]}


def test_what_is_merely_vulnerable_does_not_wait_for_what_is_sought_of_others(responder: Client):
    service_runs("shop", "checkout")
    submit("shop", cyclonedx("pkg:npm/marked@1.0.0", subject=digest("wiki"), name="registry.example/wiki:1"))
    report("shop", deployment(digest=digest("wiki"), service="wiki", workload="Deployment/wiki", cluster="shop"))

    incident = opened(responder, text=f"{BAD}\npkg:npm/marked vers:npm/<2")
    send(responder, f"{incident}/actions/proposed")

    assert reasons(responder, incident) == {
        "checkout": [("missing", "rotation_open", "credentials of builds that nobody knows")],
        "wiki": [("proven", "nothing_was_exposed", "")],
    }


def test_a_build_that_is_told_later_takes_the_place_of_what_nobody_knew(responder: Client):
    service_runs("shop", "checkout")
    incident = opened(responder)
    submit("shop", encode(bundle(statement(digest("checkout"), predicate=provenance()))))

    ((state, code, about),) = reasons(responder, incident)["checkout"]

    assert (state, code) == ("missing", "rotation_not_begun")
    assert about.startswith("all secrets of github.com/shop/api")


def test_an_incident_of_which_nothing_runs_is_not_closed_before_the_rotation(responder: Client):
    run_without_output()
    incident = opened(responder, text=None, indicators=[ACTION])
    for state in ORDER[1:-1]:
        send(responder, incident, {"state": state}, method="patch")

    refused = send(responder, f"{incident}/close", {"reason": "nothing runs"})

    assert (refused.status_code, refused.json()["code"]) == (409, "recovery_unproven")
    assert "NPM_TOKEN of github.com/shop/api" in refused.json()["detail"]

    rotate(responder, incident)

    assert send(responder, f"{incident}/close", {"reason": "rotated"}).status_code == 200


def test_a_run_that_is_told_later_is_a_new_answer_and_a_difference(responder: Client):
    run_without_output(number=7)
    incident = opened(responder, text=None, indicators=[ACTION])
    run_without_output(number=8)

    assert send(responder, f"{incident}/queries").status_code == 201

    found = read(responder, f"{incident}/queries/2/diff")
    assert [one["run_id"] for one in found["builds"]["added"]] == ["8"]
    assert (found["builds"]["retracted"], found["builds"]["changed"], found["added"]) == ([], [], [])
    events = read(responder, f"{incident}/timeline?limit=500")["results"]
    (told,) = [one for one in events if one["kind"] == "found"]
    assert told["details"]["added_build_count"] == 1


def test_many_runs_are_all_kept_and_shown_page_by_page(responder: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("incidents.api.runs.PAGE_ROWS", 2)
    for number in range(3):
        run_without_output(number=number + 1)
    incident = opened(responder, text=None, indicators=[ACTION])

    first = read(responder, f"{incident}/queries/1")
    second = read(responder, f"{incident}/queries/1?page={first['next_page']}")

    pages = [[one["run_id"] for one in page["builds"]["runs"]] for page in (first, second)]
    assert sorted(number for page in pages for number in page) == ["1", "2", "3"]
    assert (len(pages[0]), second["next_page"]) == (2, None)
