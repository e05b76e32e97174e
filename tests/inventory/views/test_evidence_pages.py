"""Receipts tell the truth at every moment, to the team that sent the document and to responders."""

import pytest

from inventory.models import EvidenceState, State
from tests.factories import cyclonedx, digest, store, submit

pytestmark = pytest.mark.django_db

DOCUMENT = cyclonedx("pkg:npm/left-pad@1.3.0", subject=digest("shop"))


def quarantined(evidence):
    EvidenceState.objects.filter(pk=evidence.pk).update(
        state=State.QUARANTINED,
        attempts=3,
        error={"code": "worker_lost", "pointer": "", "message": "The worker died three times."},
    )
    return evidence


def test_a_waiting_document_is_followed_and_said_to_be_safe(member):
    evidence = store("team-a", DOCUMENT)

    html = member.get(f"/evidence/{evidence.public_id}").content.decode()

    assert "Received" in html
    assert "Stored, and safe" in html
    assert 'hx-trigger="every 2s"' in html


def test_an_applied_document_is_no_longer_followed(member):
    evidence = submit("team-a", DOCUMENT)

    html = member.get(f"/evidence/{evidence.public_id}").content.decode()

    assert "Applied" in html
    assert "hx-trigger" not in html
    assert f"/artifacts/{digest('shop')}" in html


def test_following_fetches_the_receipt_alone(member):
    evidence = store("team-a", DOCUMENT)

    answer = member.get(f"/evidence/{evidence.public_id}", headers={"HX-Request": "true"})

    assert b"<html" not in answer.content
    assert b'id="receipt"' in answer.content


def test_an_applied_document_tells_of_the_tries_that_failed_before(member):
    evidence = submit("team-a", DOCUMENT)
    failed = {"attempt": 1, "code": "time_limit", "error": "OutOfTimeError", "place": "inventory/x.py:7 read"}
    told = {**failed, "message": "", "worker": "host:12", "at": None, "seconds": 270.1}
    EvidenceState.objects.filter(pk=evidence.pk).update(attempts=3, failed_tries=[told])

    html = member.get(f"/evidence/{evidence.public_id}").content.decode()

    assert "<code>time_limit</code> after 270.1 s" in html
    assert "OutOfTimeError, inventory/x.py:7 read, worker host:12" in html
    assert "2: <code>worker_died</code>" in html


def test_a_quarantined_document_says_why_and_can_be_tried_again(member):
    evidence = quarantined(store("team-a", DOCUMENT))
    page = member.get(f"/evidence/{evidence.public_id}").content.decode()

    answer = member.post(f"/evidence/{evidence.public_id}/retry")

    assert "The worker died three times." in page
    assert "Try again" in page
    assert answer.status_code == 302
    assert EvidenceState.objects.get(pk=evidence.pk).state == State.RECEIVED


def test_what_is_done_cannot_be_tried_again(member):
    evidence = submit("team-a", DOCUMENT)

    answer = member.post(f"/evidence/{evidence.public_id}/retry")

    assert answer.status_code == 409
    assert b"not_retryable" in answer.content


def test_a_viewer_may_look_and_not_retry(browser):
    evidence = quarantined(store("team-a", DOCUMENT))
    viewer = browser("team-a", role="viewer")

    assert b"Try again" not in viewer.get(f"/evidence/{evidence.public_id}").content
    assert viewer.post(f"/evidence/{evidence.public_id}/retry").status_code == 403


def test_the_list_is_filtered_by_state(member):
    submit("team-a", DOCUMENT, filename="good.json")
    quarantined(store("team-a", cyclonedx("pkg:npm/b@1", subject=digest("b")), filename="bad.json"))

    html = member.get("/evidence", {"state": "quarantined"}).content.decode()

    assert "bad.json" in html
    assert "good.json" not in html


def test_the_list_is_paged(member):
    for number in range(51):
        store("team-a", cyclonedx(f"pkg:npm/p@{number}", subject=digest("b")), filename=f"document-{number}.json")

    first = member.get("/evidence")
    second = member.get(first.context["list"].next)

    assert b"document-50.json" in first.content
    assert b"document-0.json" in second.content
    assert second.context["list"].next == ""


def test_a_stranger_sees_no_evidence(stranger):
    evidence = submit("team-a", DOCUMENT)

    assert stranger.get(f"/evidence/{evidence.public_id}").status_code == 404
    assert stranger.post(f"/evidence/{evidence.public_id}/retry").status_code in {403, 404}
    assert b"Nothing was received yet" in stranger.get("/evidence").content


def test_a_responder_sees_every_teams_evidence(responder):
    evidence = submit("team-a", DOCUMENT)

    assert responder.get(f"/evidence/{evidence.public_id}").status_code == 200


@pytest.mark.parametrize("path", ["/", "/evidence", "/artifacts", "/packages", "/search?q=x", "/impact", "/workloads"])
def test_nobody_sees_a_page_without_signing_in(client, path):
    answer = client.get(path)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in?next=/")


def test_a_part_asked_for_after_the_session_ended_leads_to_signing_in_and_back(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/evidence?state=applied"}

    answer = client.get("/evidence", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/evidence%3Fstate%3Dapplied"
    assert answer.content == b""


def test_a_list_costs_the_same_few_statements(member, django_assert_max_num_queries):
    for number in range(20):
        store("team-a", cyclonedx(f"pkg:npm/p@{number}", subject=digest("b")))

    with django_assert_max_num_queries(4):
        assert member.get("/evidence").status_code == 200
