"""Incidents over HTTP: opened with an answer that is kept, asked again, changed, told, closed; and who sees what."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Incident, QueryRun, QueryRunPage
from incidents.response import runs
from supplychain.access.models import AuditEvent
from tests.factories import cyclonedx, deployment, digest, later, report, submit
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

SHOP, PAY, LATER = digest("shop"), digest("pay"), digest("later")
BAD = "pkg:npm/lodash@4.17.20"


@pytest.fixture
def estate() -> None:
    """The package runs in a service of each of two teams."""
    for team, artifact, service in (("shop", SHOP, "checkout"), ("payments", PAY, "ledger")):
        submit(team, cyclonedx(BAD, subject=artifact, name=f"registry.example/{service}:1"))
        report(team, deployment(digest=artifact, image=f"registry.example/{service}:1", service=service, cluster=team))


@pytest.fixture
def responder() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


def send(client: Client, path: str, body: Any = None, *, method: str = "post", **extra: Any) -> Any:
    return getattr(client, method)(
        f"/api/v1/incidents{path}", json.dumps(body or {}), content_type="application/json", **extra
    )


def read(client: Client, path: str = "", status: int = 200) -> Any:
    response = client.get(f"/api/v1/incidents{path}")
    assert response.status_code == status, response.content[:1000]
    return json.loads(response.content)


def opened(client: Client, **body: Any) -> dict[str, Any]:
    response = send(client, "", {"title": "lodash taken over", "severity": "critical", "text": BAD} | body)
    assert response.status_code == 201, response.content[:1000]
    value: dict[str, Any] = response.json()
    return value


# --- Opening -------------------------------------------------------------------------------------------------------


def test_opening_an_incident_keeps_its_first_answer(estate: None, responder: Client):
    incident = opened(responder)

    run = read(responder, f"/{incident['id']}/queries/1")

    assert (incident["state"], incident["owner"], incident["team"], incident["run_count"]) == ("open", "rita", None, 1)
    assert [row["artifact"]["digest"] for row in run["rows"]] == sorted([SHOP, PAY])
    assert run["summary"]["affected"]["running_artifact_count"] == 2
    assert run["hash"] == run["run"]["answer_hash"]
    assert run["is_whole"] is True
    assert run["coverage"]["running_artifact_count"] == 2
    assert [team["team"] for team in incident["teams"]] == ["payments", "shop"]


def test_a_kept_answer_says_what_it_said_whatever_happens_later(estate: None, responder: Client):
    incident = opened(responder)
    before = read(responder, f"/{incident['id']}/queries/1")

    submit("shop", cyclonedx(BAD, subject=LATER, name="registry.example/later:1"))
    report("shop", deployment(digest=LATER, cluster="shop", service="checkout"), at=later(5))

    assert read(responder, f"/{incident['id']}/queries/1") == before


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"title": ""}, "/title"),
        ({"severity": "huge"}, "/severity"),
        ({"text": ""}, "/text"),
        ({"limit": 5}, "/limit"),
        ({"statuses": ["affected"]}, "/statuses"),
        ({"colour": "red"}, "/colour"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "/from"),
    ],
)
def test_an_incident_that_cannot_be_opened_leaves_nothing(estate: None, responder: Client, body: Any, pointer: str):
    response = send(responder, "", {"title": "t", "severity": "low", "text": BAD} | body)

    assert response.status_code == 400
    assert pointer in [error["pointer"] for error in response.json()["errors"]]
    assert not Incident.objects.exists()


def test_the_rows_of_an_answer_are_kept_in_pages_and_read_back(estate: None, responder: Client, monkeypatch: Any):
    for name in ("STORED_ROWS", "ASKED_ROWS"):
        monkeypatch.setattr(f"incidents.response.runs.{name}", 1)
    incident = opened(responder)

    run = QueryRun.objects.get(incident__public_id=incident["id"])

    assert run.pages.count() == 2
    assert [row.artifact.digest for row in runs.read(run)[1]] == sorted([SHOP, PAY])


@pytest.mark.parametrize("damage", ["rows", "header"])
def test_an_answer_that_was_tampered_with_is_not_shown(estate: None, responder: Client, damage: str):
    incident = opened(responder)
    if damage == "rows":
        QueryRunPage.objects.update(rows=zlib.compress(b"[]"))
    else:
        QueryRun.objects.update(header={})

    assert read(responder, f"/{incident['id']}/queries/1", 500)["code"] == "run_damaged"


# --- Asking again --------------------------------------------------------------------------------------------------


def test_asking_again_tells_what_is_new_and_what_no_longer_runs(estate: None, responder: Client):
    incident = opened(responder)
    submit("shop", cyclonedx(BAD, subject=LATER, name="registry.example/later:1"))
    clean = digest("clean")
    submit("shop", cyclonedx("pkg:npm/lodash@4.17.21", subject=clean, name="registry.example/checkout:2"))
    report("shop", deployment(digest=clean, service="checkout", cluster="shop"), at=later(5))

    run = send(responder, f"/{incident['id']}/queries").json()
    diff = read(responder, f"/{incident['id']}/queries/{run['number']}/diff")

    assert run["number"] == 2
    assert [row["artifact"]["digest"] for row in diff["added"]] == [LATER]
    assert [row["artifact"]["digest"] for row in diff["stopped"]] == [SHOP]
    assert (diff["retracted"], diff["started"], diff["unchanged_count"]) == ([], [], 1)
    found = [event for event in read(responder, f"/{incident['id']}/timeline")["results"] if event["kind"] == "found"]
    assert [(event["details"]["added_count"], event["details"]["stopped_count"]) for event in found] == [(1, 1)]


def test_a_question_put_in_place_of_the_first_withdraws_what_it_no_longer_asks(estate: None, responder: Client):
    incident = opened(responder)

    run = send(responder, f"/{incident['id']}/queries", {"text": "pkg:npm/lodash@9.9.9"}).json()
    diff = read(responder, f"/{incident['id']}/queries/2/diff")

    assert run["occasion"] == "changed"
    assert len(diff["retracted"]) == 2
    assert read(responder, f"/{incident['id']}")["question"] == {"text": "pkg:npm/lodash@9.9.9"}


def test_the_first_answer_is_compared_with_nothing(estate: None, responder: Client):
    incident = opened(responder)

    diff = read(responder, f"/{incident['id']}/queries/1/diff")

    assert (diff["against"], len(diff["added"])) == (None, 2)
    assert read(responder, f"/{incident['id']}/queries/1/diff?against=7", 404)["code"] == "not_found"


# --- Changing ------------------------------------------------------------------------------------------------------


def test_an_incident_moves_by_its_stages_and_is_closed_with_a_reason(estate: None, responder: Client):
    incident = opened(responder)
    for state in ("scoping", "containing", "eradicating", "recovering"):
        assert send(responder, f"/{incident['id']}", {"state": state}, method="patch").json()["state"] == state

    reason = {"reason": "every service redeployed", "accept_unproven": True}
    closed = send(responder, f"/{incident['id']}/close", reason).json()

    assert closed["state"] == "closed"
    assert closed["closed_at"]
    assert closed["allowed_states"] == ["scoping"]
    assert send(responder, f"/{incident['id']}/queries").json()["code"] == "incident_closed"
    reopened = send(responder, f"/{incident['id']}", {"state": "scoping"}, method="patch").json()
    assert (reopened["state"], reopened["closed_at"]) == ("scoping", None)


def test_a_stage_is_not_skipped(estate: None, responder: Client):
    incident = opened(responder)

    response = send(responder, f"/{incident['id']}/close", {"reason": "tired"})

    assert (response.status_code, response.json()["code"]) == (409, "stage_refused")


def test_two_who_change_the_same_version_do_not_both_succeed(estate: None, responder: Client):
    incident = opened(responder)
    tag = {"headers": {"If-Match": f'"{incident["version"]}"'}}

    first = send(responder, f"/{incident['id']}", {"severity": "high"}, method="patch", **tag)
    second = send(responder, f"/{incident['id']}", {"severity": "low"}, method="patch", **tag)

    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "stale_version")
    assert first.headers["ETag"] == f'"{incident["version"] + 1}"'


def test_the_owner_is_somebody(estate: None, responder: Client):
    incident = opened(responder)
    make_user("olaf", organisation="responder")

    assert send(responder, f"/{incident['id']}", {"owner": "olaf"}, method="patch").json()["owner"] == "olaf"
    refused = send(responder, f"/{incident['id']}", {"owner": "nobody"}, method="patch")
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_owner")
    assert send(responder, f"/{incident['id']}", {"owner": None}, method="patch").json()["owner"] is None


def test_what_changes_nothing_is_not_told(estate: None, responder: Client):
    incident = opened(responder)

    again = send(responder, f"/{incident['id']}", {"severity": "critical", "state": "open"}, method="patch").json()

    assert (again["version"], again["event_count"]) == (incident["version"], incident["event_count"])


def test_everything_is_told_on_the_timeline_and_in_the_audit_log(estate: None, responder: Client):
    incident = opened(responder)
    send(responder, f"/{incident['id']}/notes", {"text": "called the maintainer"})
    send(responder, f"/{incident['id']}", {"is_exploited": True, "aware_at": "2026-03-01T12:00:00Z"}, method="patch")

    events = read(responder, f"/{incident['id']}/timeline")["results"]

    kinds = [event["kind"] for event in events]
    assert kinds == ["opened", "asked", "team_concerned", "team_concerned", "note", "flag", "flag"]
    assert [event["number"] for event in events] == list(range(1, 8))
    assert {event["actor"] for event in events} == {"user:rita"}
    audited = AuditEvent.objects.filter(subject=incident["id"]).order_by("sequence").values_list("action", flat=True)
    assert list(audited) == [f"incident.{kind}" for kind in kinds]


# --- Who sees what -------------------------------------------------------------------------------------------------


def test_a_team_sees_the_part_of_an_incident_that_concerns_it(estate: None, responder: Client):
    incident = opened(responder)
    member = signed_in(make_user("mia", team="payments", role="member"))

    run = read(member, f"/{incident['id']}/queries/1")

    assert [row["artifact"]["digest"] for row in run["rows"]] == [PAY]
    assert run["summary"]["affected"]["artifact_count"] == 1
    assert [cluster["cluster"] for cluster in run["clusters"]] == ["payments"]
    assert (run["is_whole"], run["coverage"], run["asked"], run["run"]["row_count"]) == (False, None, None, None)
    assert SHOP not in json.dumps(run)
    assert "shop" not in json.dumps(read(member, f"/{incident['id']}/timeline"))
    assert [team["team"] for team in read(member, f"/{incident['id']}")["teams"]] == ["payments"]
    assert [row["id"] for row in read(member)["results"]] == [incident["id"]]


def test_a_team_learns_that_it_is_affected_without_seeing_whose_document_says_so(responder: Client):
    submit("vendor", cyclonedx(BAD, subject=SHOP, name="registry.example/vendor:1"))
    report("shop", deployment(digest=SHOP, service="checkout", cluster="shop"))
    incident = opened(responder)

    (row,) = read(signed_in(make_user("mia", team="shop")), f"/{incident['id']}/queries/1")["rows"]

    assert row["status"] == "affected"
    assert [(match["purl"], match["evidence"], match["pointer"]) for match in row["matches"]] == [(BAD, None, None)]


def test_a_stranger_sees_no_incident(estate: None, responder: Client):
    incident = opened(responder)
    stranger = signed_in(make_user("sam", team="elsewhere", role="owner"))

    for path in ("", "/timeline", "/queries", "/queries/1", "/queries/1/diff"):
        missing = read(stranger, f"/00000000-0000-7000-8000-000000000000{path}", 404)
        assert read(stranger, f"/{incident['id']}{path}", 404) == missing
    assert read(stranger)["results"] == []
    assert send(stranger, f"/{incident['id']}/notes", {"text": "hello"}).status_code == 403


def test_a_concerned_team_says_once_that_it_knows(estate: None, responder: Client):
    incident = opened(responder)
    member = signed_in(make_user("mia", team="payments", role="member"))

    known = send(member, f"/{incident['id']}/acknowledge").json()

    assert [(team["team"], team["acknowledged_by"]) for team in known["teams"]] == [("payments", "user:mia")]
    again = send(member, f"/{incident['id']}/acknowledge")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_acknowledge")


def test_a_team_that_may_only_read_changes_nothing(estate: None, responder: Client):
    incident = opened(responder)
    member = signed_in(make_user("mia", team="payments", role="member"))

    assert send(member, f"/{incident['id']}", {"severity": "low"}, method="patch").status_code == 403
    assert send(member, f"/{incident['id']}/queries").status_code == 403


def test_a_teams_own_incident_is_asked_through_its_eyes_whoever_asks(estate: None, responder: Client):
    incident = opened(client_of(new_key("incidents:read", "incidents:write", team="shop")))
    assert incident["team"] == "shop"

    send(responder, f"/{incident['id']}/queries")
    run = read(responder, f"/{incident['id']}/queries/2")

    assert [row["artifact"]["digest"] for row in run["rows"]] == [SHOP]


def test_an_incident_of_the_organisation_is_not_asked_again_by_who_sees_a_part(estate: None, responder: Client):
    incident = opened(responder)
    key = client_of(new_key("incidents:read", "incidents:write", team="shop"))

    response = send(key, f"/{incident['id']}/queries")

    assert (response.status_code, response.json()["code"]) == (403, "sees_not_all")


def test_a_list_of_many_incidents_asks_no_more_than_one_of_few(estate: None, responder: Client):
    counts = []
    for total in (1, 4):
        while Incident.objects.count() < total:
            opened(responder)
        with CaptureQueriesContext(connection) as asked:
            assert len(read(responder)["results"]) == total
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_incidents_are_found_by_state_and_severity(estate: None, responder: Client):
    one, other = opened(responder), opened(responder, severity="low")
    send(responder, f"/{other['id']}", {"state": "scoping"}, method="patch")

    assert [row["id"] for row in read(responder, "?state=scoping")["results"]] == [other["id"]]
    assert [row["id"] for row in read(responder, "?severity=critical&open=true")["results"]] == [one["id"]]
    assert read(responder, "?state=sleeping", 400)["code"] == "bad_parameter"
