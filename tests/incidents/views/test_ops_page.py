"""The operations page: for those who see every team; for others it is not there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from inventory.models import EvidenceState, State
from supplychain.ids import uuid7
from supplychain.ops.models import ProcessBeat
from tests.factories import START, cyclonedx, digest, store
from tests.supplychain.actors import make_user, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def responder() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


def html(client: Client, path: str = "/ops") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def without_token(answer: Any) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())


def quarantine(team: str = "shop") -> str:
    evidence = store(team, cyclonedx("pkg:npm/left@1", subject=digest("app")))
    error = {"code": "worker_died", "pointer": "", "message": "3 workers died over this document."}
    EvidenceState.objects.filter(pk=evidence.pk).update(state=State.QUARANTINED, error=error)
    return str(evidence.public_id)


def test_it_says_who_waits_and_for_how_long(responder: Client) -> None:
    store("shop", b"{1}")

    page = html(responder)

    assert "Oldest waits" in page
    assert '<th scope="row">shop</th>' in page


def test_a_quarantined_document_is_shown_with_its_code_and_can_be_tried_again_by_who_may() -> None:
    public_id = quarantine()
    admin = signed_in(make_user("ada", organisation="admin"))

    page = html(admin)
    again = admin.post(f"/evidence/{public_id}/retry")

    assert f'action="/evidence/{public_id}/retry"' in page
    assert "worker_died" in page
    assert 'href="/evidence?state=quarantined"' in page
    assert again.status_code == 302
    assert EvidenceState.objects.get().state == State.RECEIVED


def test_who_may_not_write_evidence_gets_no_button(responder: Client) -> None:
    public_id = quarantine()

    assert f"/evidence/{public_id}/retry" not in html(responder)


def test_a_process_is_shown_with_the_document_it_works_on(responder: Client) -> None:
    evidence = store("shop", b"{1}")
    now = datetime.now(UTC)
    for age_at in (now, START):
        ProcessBeat.objects.create(
            id=uuid7(),
            kind="worker",
            host="machine-7",
            pid=4711,
            started_at=START,
            beat_at=age_at,
            doing=f"evidence:{evidence.pk}",
            doing_since=now,
        )

    page = html(responder)

    assert "machine-7, process 4711" in page
    assert f'href="/evidence/{evidence.public_id}"' in page
    assert "Alive" in page
    assert "Silent" in page


def test_htmx_gets_the_board_alone(responder: Client) -> None:
    part = responder.get("/ops", headers={"HX-Request": "true"}).content.decode()

    assert part.lstrip().startswith('<div id="board"')
    assert "<html" not in part


@pytest.mark.parametrize("role", ["viewer", "member", "owner"])
def test_for_the_member_of_a_team_there_is_no_such_page(role: str) -> None:
    quarantine("other")
    member = signed_in(make_user("mia", team="shop", role=role))

    missing, refused = member.get("/nothing-here"), member.get("/ops")

    assert (refused.status_code, missing.status_code) == (404, 404)
    assert without_token(refused) == without_token(missing)
    assert 'href="/ops"' not in html(member, "/evidence")


def test_a_stranger_is_sent_to_sign_in() -> None:
    assert Client().get("/ops").status_code == 302


def test_the_page_asks_a_fixed_number_of_times(responder: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(4):
        store(f"team-{number}", b"{%d}" % number)
    quarantine()

    with django_assert_max_num_queries(45):
        html(responder)
