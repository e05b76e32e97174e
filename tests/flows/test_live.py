"""A journey: while an incident is open, what is sent in changes its answer by itself, and its page says so."""

import logging
import time

import pytest

from incidents.models import LiveQuestion
from tests.factories import cyclonedx, deployment, digest
from tests.flows.client import Client
from tests.flows.conftest import KeyMaker

logger = logging.getLogger(__name__)

BAD, GOOD = "pkg:npm/lodash@4.17.20", "pkg:npm/react@18.0.0"
SECONDS = 20.0
"""Four times what is promised: 5 s from `applied` to the row."""
OTHERS = 60


@pytest.fixture
def responder(new_key: KeyMaker) -> Client:
    return new_key("team-a", "evidence:write", "inventory:read", "incidents:read", "incidents:write")


def wait_for_run(client: Client, incident: str, number: int, *, since: float) -> float:
    """Return how long the run took to be there, in seconds."""
    while time.monotonic() < since + SECONDS:
        if client.get(f"/api/v1/incidents/{incident}").json()["run_count"] >= number:
            return time.monotonic() - since
        time.sleep(0.05)
    pytest.fail(f"no answer {number} within {SECONDS} s: {list(LiveQuestion.objects.values())}")


def test_an_open_incident_shows_what_is_sent_in_and_what_stops_to_run(responder: Client) -> None:
    shop = digest("shop")
    body = {"text": BAD, "title": "lodash", "severity": "high"}
    incident = responder.post("/api/v1/incidents", body).json()["id"]

    responder.upload(cyclonedx(BAD, subject=shop, name="registry.example/shop:1"))
    took = [wait_for_run(responder, incident, 2, since=time.monotonic())]
    for number in range(OTHERS):  # none of them matters
        responder.post("/api/v1/evidence", cyclonedx(GOOD, subject=digest(f"other {number}")))
    for number, names in ((3, [deployment(digest=shop)]), (4, [deployment(digest=digest("clean"))])):
        report = responder.put("/api/v1/clusters/prod-eu/snapshot", {"namespaces": ["*"], "records": names}).json()
        responder.receipt(report["id"])
        took.append(wait_for_run(responder, incident, number, since=time.monotonic()))

    logger.info("from applied to the row: %s s", ", ".join(f"{one:.2f}" for one in took))
    differences = [responder.get(f"/api/v1/incidents/{incident}/queries/{number}/diff").json() for number in (2, 3, 4)]
    assert [row["artifact"]["digest"] for row in differences[0]["added"]] == [shop]
    assert [row["artifact"]["digest"] for row in differences[1]["started"]] == [shop]
    assert [row["artifact"]["digest"] for row in differences[2]["stopped"]] == [shop]
    assert responder.get(f"/api/v1/incidents/{incident}").json()["run_count"] == 4
