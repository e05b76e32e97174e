"""An incident's page follows what happens: it asks for the parts that change, and gets nothing while nothing did."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from incidents.live import asking, following
from incidents.models import ContainmentAction, EventKind, FollowedEvidence, Incident, LiveQuestion, Stage
from incidents.timeline import changing
from supplychain.access.actors import system_actor
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"


@pytest.fixture
def rita() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


@pytest.fixture
def incident(rita: Client) -> Incident:
    assert rita.post("/incidents", {"q": BAD, "title": "lodash", "severity": "high"}).status_code == 303
    return Incident.objects.get()


def send_in() -> None:
    submit("shop", cyclonedx(BAD, subject=digest("shop"), name="registry.example/shop:1"))
    report("shop", deployment(digest=digest("shop")))
    at = timezone.now() + timedelta(minutes=1)
    following.follow(at)
    FollowedEvidence.objects.update(rests_until=at)
    asking.ask_what_waits(at)


def send_note(incident: Incident) -> None:
    with changing(incident.public_id, actor=system_actor("test"), at=timezone.now()) as change:
        change.tell(EventKind.NOTE, "a note")


def shown(client: Client, incident: Incident) -> str:
    """Return the name of what the page shows, as it asks whether that is still so."""
    page = client.get(f"/incidents/{incident.public_id}").content.decode()
    return page.partition(f'hx-get="/incidents/{incident.public_id}/live?seen=')[2].partition('"')[0]


def test_nothing_is_sent_while_nothing_happens(rita, incident):
    tag = shown(rita, incident)

    assert tag == f"{incident.version}.1.0."
    for answer in (
        rita.get(f"/incidents/{incident.public_id}/live?seen={tag}"),
        rita.get(f"/incidents/{incident.public_id}/live", headers={"If-None-Match": f'"{tag}"'}),
    ):
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", f'"{tag}"')


def test_a_new_answer_is_shown_and_said_in_words(rita, incident):
    following.follow(timezone.now())
    send_in()

    parts = rita.get(f"/incidents/{incident.public_id}/live?seen={incident.version}.1").content.decode()

    assert 'data-announce="There is a new answer, 2: 1 new."' in parts
    assert 'id="part-timeline" hx-swap-oob="outerMorph"' in parts, "what is typed and unfolded stays"
    assert "New: registry.example/shop:1" in parts
    assert digest("shop") in parts.partition('id="rows"')[2]
    incident.refresh_from_db()
    assert f"live?seen={incident.version}.2" in parts


def test_every_part_of_the_page_follows(rita, incident):
    page = rita.get(f"/incidents/{incident.public_id}").content.decode()
    send_in()
    parts = rita.get(f"/incidents/{incident.public_id}/live?seen=1.1").content.decode()

    names = set(re.findall(r'id="(part-[a-z]+)"', page))
    assert names == set(re.findall(r'id="(part-[a-z]+)"', parts))
    assert names >= {"part-containment", "part-recovery", "part-teams", "part-clocks", "part-rows", "part-nav"}
    assert parts.count('hx-swap-oob="outerMorph"') == len(names)


def test_an_action_of_somebody_else_a_proof_and_a_deadline_are_news(rita, incident):
    tags = [shown(rita, incident)]
    following.follow(timezone.now())

    rita.post(f"/incidents/{incident.public_id}/actions/make", {"kind": "rotate", "target": "TOKEN"})
    tags.append(shown(rita, incident))
    ContainmentAction.objects.update(due_at=timezone.now() - timedelta(hours=1))
    tags.append(shown(rita, incident))
    LiveQuestion.objects.update(proofs="f" * 32)
    tags.append(shown(rita, incident))

    assert len(set(tags)) == 4
    seen = rita.get(f"/incidents/{incident.public_id}/live?seen={tags[2]}").content.decode()
    assert "A proof of recovery stands otherwise." in seen


def test_a_milestone_is_told_in_words(rita, incident):
    with changing(incident.public_id, actor=system_actor("test"), at=timezone.now()) as change:
        change.tell(EventKind.MILESTONE, "all_blocked", details={"seconds": 5})
    incident.refresh_from_db()

    answer = rita.get(f"/incidents/{incident.public_id}/live?seen={incident.version - 1}.1")

    assert "New on the timeline: Milestone all blocked." in answer.content.decode()


def test_the_page_follows_as_it_was_narrowed(rita, incident):
    page = rita.get(f"/incidents/{incident.public_id}?group=kind&team=shop").content.decode()

    assert "&amp;team=shop&amp;group=kind" in page.partition("/live?seen=")[2][:80]


def test_who_sees_a_part_is_told_of_that_part(rita, incident):
    following.follow(timezone.now())
    send_in()
    member = signed_in(make_user("mia", team="shop", role="member"))
    stranger = signed_in(make_user("sam", team="search", role="member"))
    address = f"/incidents/{incident.public_id}/live?seen=1.1"

    assert "There is a new answer, 2: 1 row for your teams." in member.get(address).content.decode()
    assert stranger.get(address).status_code == 404


def test_a_question_that_cannot_be_asked_says_so(rita, incident):
    following.follow(timezone.now())
    LiveQuestion.objects.update(problem="The list names too much.")

    answer = rita.get(f"/incidents/{incident.public_id}/live?seen={incident.version}.1")

    assert answer.status_code == 200
    assert "The list names too much." in answer.content.decode()
    assert answer.headers["ETag"] == f'"{incident.version}.1.0..failing"'


def test_a_page_is_loaded_anew_when_its_incident_is_closed_or_reopened(rita, incident):
    opened = shown(rita, incident)
    Incident.objects.update(stage=Stage.CLOSED, closed_at=timezone.now(), version=9)
    closed = shown(rita, incident)

    assert (opened.endswith(".closed"), closed) == (False, "9.1.0..closed")
    answer = rita.get(f"/incidents/{incident.public_id}/live?seen={opened}")
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")
    assert rita.get(f"/incidents/{incident.public_id}/live?seen={closed}").status_code == 304

    Incident.objects.update(stage=Stage.OPEN, closed_at=None, version=10)

    answer = rita.get(f"/incidents/{incident.public_id}/live?seen={closed}")
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")


def test_the_page_of_a_closed_incident_tells_by_itself_that_its_pack_was_downloaded(rita, incident):
    assert rita.post(f"/incidents/{incident.public_id}/export").status_code == 200
    Incident.objects.update(stage=Stage.CLOSED, closed_at=timezone.now())
    send_note(incident)
    page = rita.get(f"/incidents/{incident.public_id}").content.decode()
    tag = shown(rita, incident)
    assert "more happened since" in page
    assert "asked no more" in page

    assert rita.post(f"/incidents/{incident.public_id}/export").status_code == 200

    answer = rita.get(f"/incidents/{incident.public_id}/live?seen={tag}")
    assert answer.status_code == 200
    assert "Last exported" in answer.content.decode()
    assert "more happened since" not in answer.content.decode()
