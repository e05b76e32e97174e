"""Planted drills: a compromise that is known beforehand goes the way of any upload; it is found and told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from incidents.drills import telling
from incidents.drills.planting import NoDrillTeamError
from incidents.drills.running import DrillRefusedError, Turn, run_drill, run_waiting, start_planted_drill
from incidents.models import Drill, DrillResult
from inventory.models import Evidence, Presence, SnapshotSubject
from supplychain.access.actors import system_actor
from supplychain.access.models import Team
from supplychain.notify.models import Delivery
from tests.factories import SEES_ALL, START, apply_waiting, cyclonedx, deployment, digest, member_of, report, submit
from tests.incidents.impact.test_matching import ask
from tests.supplychain.actors import make_user, signed_in
from tests.supplychain.notify.made import a_channel, a_responder
from tests.supplychain.notify.receiver import Receiver, receiving

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

RITA = system_actor("rita")


@pytest.fixture(autouse=True)
def drill_team(settings) -> None:
    Team.objects.create(slug="drills", name="drills")
    settings.DRILL_TEAM = "drills"


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    with receiving() as receiver:
        settings.NOTIFY_INTERNAL_HOSTS = (receiver.host,)
        yield receiver


def planted() -> Drill:
    drill = start_planted_drill(actor=RITA, at=START)
    apply_waiting()
    return drill


def test_what_is_planted_is_found_in_every_document_and_a_block_would_hit_it():
    result = run_drill(planted().public_id)

    assert (result.is_passed, result.problem) == (True, "")
    assert (result.expected_count, result.found_count, result.listed_count, result.blocked_count) == (3, 3, 3, 3)
    assert (result.document_count, result.unread_count) == (3, 0)
    assert result.searchable_ms is not None
    assert (result.channel_count, result.notify_ms) == (0, None)


def test_what_is_planted_is_in_no_count_of_what_runs():
    submit("shop", cyclonedx("pkg:npm/left-pad@1.0.0", subject=digest("shop")))
    report("shop", deployment(digest=digest("shop")))
    before = ask("pkg:npm/left-pad@1.0.0", actor=SEES_ALL)

    planted()

    after = ask("pkg:npm/left-pad@1.0.0", actor=SEES_ALL)
    assert after.header.coverage == before.header.coverage
    assert after.header.summary == before.header.summary
    assert after.rows == before.rows


def test_a_drill_waits_for_what_it_planted():
    drill = start_planted_drill(actor=RITA, at=START)

    assert run_waiting(START) == Turn(0, 1)

    apply_waiting()

    assert run_waiting(START) == Turn(1, 0)
    assert DrillResult.objects.get(drill=drill).is_passed


def test_what_was_planted_and_not_taken_in_is_a_drill_that_was_not_passed():
    drill = start_planted_drill(actor=RITA, at=START)

    result = run_drill(drill.public_id)

    assert (result.is_passed, result.problem) == (False, "3 of the planted documents are not searchable.")
    assert (result.searchable_ms, result.list_ms) == (None, None)


def test_an_index_that_forgot_what_was_planted_is_found_out():
    drill = planted()
    lost = drill.planted[2]["digest"]  # the SPDX document, which has a track of its own
    about = SnapshotSubject.objects.filter(artifact__digest=lost)
    Presence.objects.filter(track__in=about.values("track")).delete()

    result = run_drill(drill.public_id)

    assert (result.found_count, result.expected_count, result.missing) == (2, 3, [lost])
    assert result.problem == "1 planted artifacts hold it and were not listed."


def test_channels_that_name_drills_are_told_and_no_other(receiver: Receiver):
    rita = a_responder()
    a_channel(receiver.url, event_kinds=("drill.*",), actor=rita)
    a_channel(receiver.url, actor=rita)
    a_channel(receiver.url, event_kinds=("incident.*",), actor=rita)

    result = run_drill(planted().public_id)

    assert (result.channel_count, result.told_count, result.is_passed) == (1, 1, True)
    assert result.list_ms is not None
    assert result.notify_ms is not None
    assert result.block_ms is not None
    assert result.list_ms <= result.block_ms <= result.notify_ms
    (request,) = receiver.requests
    body = json.loads(request.body)
    assert (body["type"], body["data"]["drill"]["listed_count"]) == ("drill.found", 3)
    assert body["title"].startswith("DRILL: ")
    assert Delivery.objects.count() == 1


def test_a_channel_that_is_not_told_in_time_fails_the_drill(receiver: Receiver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(telling, "WAIT_SECONDS", 0.0)
    a_channel(receiver.url, event_kinds=("drill.*",))

    result = run_drill(planted().public_id)

    assert (result.channel_count, result.told_count, result.notify_ms) == (1, 0, None)
    assert result.problem == "1 of 1 channels that are marked for drills were not told in time."


def test_without_a_team_nothing_is_planted(settings):
    settings.DRILL_TEAM = ""

    with pytest.raises(NoDrillTeamError):
        start_planted_drill(actor=RITA, at=START)

    assert not Drill.objects.exists()
    assert not Evidence.objects.exists()


def test_a_team_plants_nothing():
    with pytest.raises(DrillRefusedError):
        start_planted_drill(actor=member_of("drills"), at=START)

    assert not Evidence.objects.exists()


def test_the_database_takes_no_more_told_than_there_are_channels():
    result = run_drill(planted().public_id)

    with pytest.raises(IntegrityError):
        DrillResult.objects.filter(pk=result.pk).update(told_count=1)


# --- Over HTTP, on pages, by command -------------------------------------------------------------------------------


@pytest.fixture
def responder() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


def start(client: Client, **body: object) -> tuple[int, dict[str, object]]:
    answer = client.post("/api/v1/drills", json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


def test_a_planted_drill_over_http_and_on_its_page(responder: Client):
    status, made = start(responder, plant=True)
    assert (status, made["is_planted"], made["result"]) == (202, True, None)
    apply_waiting()
    run_waiting(Drill.objects.get().started_at)

    shown = responder.get(str(made["url"])).json()["result"]
    assert (shown["recall"], shown["is_passed"], shown["channel_count"]) == (1.0, True, 0)
    page = responder.get(f"/drills/{made['id']}").content.decode()
    assert "3 artifacts that run nowhere" in page
    assert "no channel is told of drills" in page
    assert "planted" in responder.get("/drills").content.decode()


def test_what_is_planted_is_not_named_too(responder: Client):
    assert start(responder, plant=True, component="pkg:npm/lodash@4.17.20")[0] == 400
    assert not Drill.objects.exists()


def test_the_page_plants_where_a_team_is_set(responder: Client, settings):
    assert "Plant one and find it" in responder.get("/drills").content.decode()
    assert responder.post("/drills", {"plant": "true"}).status_code == 303
    assert Drill.objects.get().planted

    settings.DRILL_TEAM = ""

    assert "Plant one and find it" not in responder.get("/drills").content.decode()
    assert responder.post("/drills", {"plant": "true"}).status_code == 409
    assert start(responder, plant=True)[1]["code"] == "no_drill_team"


def test_the_command_says_when_nobody_takes_in_what_it_planted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("incidents.management.commands.run_drill.PATIENCE_SECONDS", 0.0)

    with pytest.raises(CommandError, match="3 of the planted documents are not searchable"):
        call_command("run_drill", "--plant")
    with pytest.raises(CommandError, match="planted or named"):
        call_command("run_drill", "pkg:npm/lodash@4.17.20", "--plant")
