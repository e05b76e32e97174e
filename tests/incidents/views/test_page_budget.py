"""An incident's page reads each answer that it shows once, and asks as much of the database whatever it shows."""

from __future__ import annotations

import msgspec
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.asking import read_incident_question
from incidents.models import ActionKind, Incident, Occasion
from incidents.response import runs, slim
from incidents.response.actions import NewAction, make_action
from supplychain.access.actors import actor_for_user
from supplychain.access.models import User
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"
PAGE = 50
"""Who asks; incident and answers; actions, proposals, credentials; recovery; people, clocks, timeline."""
ROWS = 12
"""Who asks; incident and answer; the rows, and whether the page is to follow."""
LIVE = 8
"""What is asked every few seconds while nothing happens."""


@pytest.fixture
def rita() -> Client:
    submit("shop", cyclonedx(BAD, subject=digest("shop"), name="registry.example/shop:1"))
    report("shop", deployment(digest=digest("shop"), service="shop"))
    client = signed_in(make_user("rita", organisation="responder"))
    assert client.post("/incidents", {"q": BAD, "title": "lodash", "severity": "high"}).status_code == 303
    return client


def grow(*, actions: int, rows: int) -> Incident:
    """Give the incident so many actions, and another answer with so many rows."""
    incident, actor = Incident.objects.get(), actor_for_user(User.objects.get(username="rita"))
    known = incident.actions.count()
    for number in range(known, known + actions):
        wanted = NewAction(kind=ActionKind.ROTATE, target={"credential": f"TOKEN_{number}"})
        make_action(incident.public_id, wanted, actor=actor, at=timezone.now())
    incident.refresh_from_db()
    run = incident.runs.get(number=1)
    run.incident = incident
    header, (row,) = runs.read(run)
    artifacts = (msgspec.structs.replace(row.artifact, digest=digest(f"row {number}")) for number in range(rows))
    copies = tuple(msgspec.structs.replace(row, artifact=artifact) for artifact in artifacts)
    asked = read_incident_question(incident.question)
    answered = runs.Answered(asked.question, header, (copies,), run.answer_hash, 0.1)
    with transaction.atomic():
        at = timezone.now()
        runs.keep(answered, incident=incident, given=asked.given, occasion=Occasion.ASKED, actor=actor, at=at)
        incident.save(update_fields=["run_count"])
    for stored in incident.runs.select_related("incident"):
        slim.read_slim(stored)  # where it is large, its gist is made, as it is of an answer that was asked for
    return incident


def statements(client: Client, path: str, status: int = 200, *, is_part: bool = False) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path, headers={"HX-Request": "true"} if is_part else {})
    assert answer.status_code == status, answer.content[:500]
    return [query["sql"] for query in captured.captured_queries]


def test_sixty_actions_and_a_thousand_rows_cost_no_statement_more(rita: Client):
    address = f"/incidents/{grow(actions=2, rows=3).public_id}"
    few = statements(rita, address)
    grow(actions=58, rows=1_000)
    many = statements(rita, address)

    assert len(many) == len(few) <= PAGE
    assert sum('"incidents_queryrunpage"' in sql for sql in many) == 2, "the newest answer, and the one before it"


@pytest.mark.parametrize("large", [2_000, 1])
@pytest.mark.parametrize(("path", "limit"), [
    ("", PAGE), ("/live?seen=0", PAGE), ("/queries/1", PAGE), ("?status=affected", ROWS), ("?page=2", ROWS),
    ("/queries/1?cluster=prod-eu", ROWS),
])  # fmt: skip
def test_each_part_costs_the_same_whatever_it_shows(
    rita: Client, monkeypatch: pytest.MonkeyPatch, path: str, limit: int, large: int
):
    is_part = limit == ROWS
    monkeypatch.setattr(slim, "LARGE", large)
    address = f"/incidents/{grow(actions=2, rows=30).public_id}{path}"
    slim.forget_all()
    few = statements(rita, address, is_part=is_part)
    grow(actions=20, rows=400)
    slim.forget_all()

    many = statements(rita, address, is_part=is_part)
    again = statements(rita, address, is_part=is_part)

    assert len(again) <= len(many) <= len(few) <= limit
    assert (len(again) < len(many)) == (large == 1), "a large answer is read once"


def test_asking_whether_anything_happened_reads_no_answer(rita: Client):
    incident = grow(actions=2, rows=3)
    page = rita.get(f"/incidents/{incident.public_id}").content.decode()
    tag = page.partition("/live?seen=")[2].partition('"')[0]

    asked = statements(rita, f"/incidents/{incident.public_id}/live?seen={tag}", 304)

    assert len(asked) <= LIVE
    assert not any('"incidents_queryrunpage"' in sql for sql in asked)
