"""Drills: measured on what runs, kept for good, seen as far as one may; an index that lies does not pass."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from incidents.drills.proof import proof_of
from incidents.drills.running import BadDrillError, DrillRefusedError, Turn, run_drill, run_waiting, start_drill
from incidents.models import Drill, DrillResult, Incident
from inventory.models import Presence, SnapshotSubject
from inventory.policy.models import Block
from supplychain.access.actors import system_actor
from supplychain.access.models import AuditEvent
from tests.factories import cyclonedx, deployment, digest, later, member_of, report, submit
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

SHOP, PAY = digest("shop"), digest("pay")
BAD = "pkg:npm/lodash@4.17.20"
RITA = system_actor("rita")


@pytest.fixture
def estate() -> None:
    for team, artifact in (("shop", SHOP), ("payments", PAY)):
        submit(team, cyclonedx(BAD, subject=artifact, name=f"registry.example/{team}:1"))
        report(team, deployment(digest=artifact, cluster=team, workload=f"Deployment/{team}"))


def ran(component: str = "") -> DrillResult:
    return run_drill(start_drill(component, actor=RITA, at=later(0)).public_id)


def test_a_drill_measures_list_recall_and_block_and_disturbs_nothing(estate: None):
    result = ran(BAD)

    assert (result.is_passed, result.problem) == (True, "")
    assert (result.listed_count, result.expected_count, result.found_count, result.blocked_count) == (2, 2, 2, 2)
    assert result.list_ms is not None
    assert result.block_ms is not None
    assert 0 <= result.list_ms <= result.block_ms
    assert not Incident.objects.exists()
    assert not Block.objects.exists()
    actions = AuditEvent.objects.filter(subject=str(result.drill.public_id)).order_by("sequence")
    assert list(actions.values_list("action", flat=True)) == ["drill.started", "drill.finished"]


def test_without_a_component_one_that_runs_is_picked(estate: None):
    result = ran()

    assert (result.component, result.is_passed, result.expected_count) == (BAD, True, 2)


def test_an_index_that_forgot_a_document_is_found_out(estate: None):
    about = SnapshotSubject.objects.filter(artifact__digest=PAY)
    Presence.objects.filter(track__in=about.values("track")).delete()

    result = ran(BAD)

    assert (result.is_passed, result.found_count, result.expected_count, result.missing) == (False, 1, 2, [PAY])
    assert result.problem == "1 running artifacts hold it and were not listed."


def test_where_nothing_can_be_compared_nothing_is_proven():
    assert ran().problem.startswith("Nothing that runs has an SBOM")
    assert ran(BAD).problem.startswith("The count by hand found it nowhere")
    assert proof_of(since=later(0)).recall is None
    assert not proof_of(since=later(0)).is_proven


def test_a_result_stands_whoever_runs_it_again(estate: None):
    first = ran(BAD)
    submit("shop", cyclonedx(BAD, subject=digest("new")))
    report("shop", deployment(digest=digest("new"), cluster="shop", workload="Deployment/new"))

    assert run_drill(first.drill.public_id).expected_count == 2
    assert run_waiting(later(1)) == Turn(0, 0)


def test_what_waits_is_run_once_and_what_is_too_old_is_not(estate: None):
    start_drill(BAD, actor=RITA, at=later(0))
    start_drill(BAD, actor=RITA, at=later(120))

    assert run_waiting(later(121)) == Turn(1, 0)
    assert DrillResult.objects.get().drill.started_at == later(120)


def test_the_database_takes_no_result_that_passed_without_finding_all(estate: None):
    result = ran(BAD)

    with pytest.raises(IntegrityError):
        DrillResult.objects.filter(pk=result.pk).update(found_count=1)


@pytest.mark.parametrize("component", ["lodash", "pkg:npm/lodash", "pkg:nothing"])
def test_a_drill_rehearses_one_version_of_one_package(component: str):
    with pytest.raises(BadDrillError):
        start_drill(component, actor=RITA, at=later(0))


def test_a_team_starts_none():
    with pytest.raises(DrillRefusedError):
        start_drill(BAD, actor=member_of("shop"), at=later(0))

    assert not Drill.objects.exists()


# --- Over HTTP, on pages, by command -------------------------------------------------------------------------------


@pytest.fixture
def responder() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


def started(client: Client, **body: Any) -> Any:
    return client.post("/api/v1/drills", json.dumps(body), content_type="application/json")


def test_a_drill_over_http_waits_for_a_worker_and_then_has_its_result(estate: None, responder: Client):
    answer = started(responder, component=BAD)
    assert (answer.status_code, answer.json()["result"]) == (202, None)

    run_waiting(Drill.objects.get().started_at)

    shown = responder.get(answer.json()["url"]).json()
    assert (shown["result"]["recall"], shown["result"]["is_passed"]) == (1.0, True)
    assert responder.get("/api/v1/drills").json()["results"] == [shown]


def test_a_team_sees_that_and_how_it_went_but_not_what_others_hold(estate: None):
    result = ran(BAD)
    member = signed_in(make_user("mia", team="shop", role="member"))

    shown = member.get(f"/api/v1/drills/{result.drill.public_id}").json()["result"]
    page = member.get(f"/drills/{result.drill.public_id}").content.decode() + member.get("/drills").content.decode()

    assert (shown["is_passed"], shown["component"], shown["missing"]) == (True, None, None)
    assert "lodash" not in page
    assert "Start a drill" not in page


def test_the_pages_show_what_is_proven_and_start_another(estate: None, responder: Client):
    assert b"No drill in the last 30 days" in responder.get("/drills").content
    sent = responder.post("/drills", {"component": BAD})
    waiting = responder.get(sent.headers["Location"]).content
    run_waiting(Drill.objects.get().started_at)

    assert b"Waiting" in waiting
    assert b"2 of 2" in responder.get(sent.headers["Location"]).content
    assert b"100 % of what a count by hand found" in responder.get("/drills").content
    assert responder.post("/drills", {"component": "lodash"}).status_code == 400


def test_the_command_says_what_came_of_it(estate: None, capsys: Any):
    call_command("run_drill", BAD)
    assert "2 of 2 counted by hand from 2 documents" in capsys.readouterr().out

    with pytest.raises(CommandError, match="not passed"):
        call_command("run_drill", "pkg:npm/nowhere@1.0.0")
