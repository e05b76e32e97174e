"""A journey: a clean digest comes and the old one leaves; the service recovers by itself, and is lost again later."""

import time
from typing import Any

import pytest
from django.utils import timezone

from incidents.drills.running import start_drill
from incidents.models.drills import DrillResult
from inventory.models import Attestation, Verdict
from inventory.models.verification import AttestationVerdict
from supplychain.access.actors import system_actor
from tests.attested import bundle, encode, provenance, statement
from tests.factories import cyclonedx, deployment, digest
from tests.flows.client import Client
from tests.flows.conftest import KeyMaker
from tests.judgements import change_trust, judge

SECONDS = 120.0
"""Of waiting, on a busy machine; the sweep that stamps comes every 10 s."""
OLD, NEW = digest("old"), digest("new")


@pytest.fixture
def responder(new_key: KeyMaker) -> Client:
    change_trust()
    return new_key("team-a", "evidence:write", "inventory:read", "incidents:read", "incidents:write")


def upload(client: Client, document: bytes) -> None:
    sent = client.post("/api/v1/evidence", document).json()
    assert client.receipt(sent["id"])["state"].startswith("applied")


def attest(client: Client, artifact: str) -> Attestation:
    """Send a provenance, wait until the workers have judged it, and judge it as if its signature were trusted."""
    predicate = provenance()
    predicate["runDetails"]["metadata"]["startedOn"] = timezone.now().isoformat()
    upload(client, encode(bundle(statement(artifact, predicate=predicate))))
    attestation = Attestation.objects.latest("pk")
    until(lambda: AttestationVerdict.objects.filter(attestation=attestation).exists(), "no verdict")
    return attestation


def run(client: Client, artifact: str) -> None:
    records = [deployment(digest=artifact, service="checkout")]
    sent = client.put("/api/v1/clusters/prod-eu/snapshot", {"namespaces": ["*"], "records": records}).json()
    assert client.receipt(sent["id"])["state"].startswith("applied")


def until(holds: Any, problem: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, problem() if callable(problem) else problem
        time.sleep(0.2)


def test_a_service_recovers_by_itself_and_is_lost_when_the_old_digest_comes_back(responder: Client) -> None:
    """Beside it, by the same clock and the same role of the workers: a drill that no ring told of, and a watch."""
    drill = start_drill("pkg:npm/lodash@4.17.20", actor=system_actor("journey"), at=timezone.now())
    watch = responder.post("/api/v1/watches", {"name": "the clean one", "text": "pkg:npm/lodash@4.17.21"}).json()

    upload(responder, cyclonedx("pkg:npm/lodash@4.17.20", subject=OLD, name="registry.example/checkout:1"))
    attest(responder, OLD)
    run(responder, OLD)
    body = {"text": "pkg:npm/lodash@4.17.20", "title": "lodash", "severity": "high"}
    incident = f"/api/v1/incidents/{responder.post('/api/v1/incidents', body).json()['id']}"

    def service() -> Any:
        return responder.get(f"{incident}/recovery").json()["services"][0]

    def left() -> set[str]:
        return {one["proof"] for one in service()["proofs"] if one["state"] != "proven"}

    assert service()["state"] == "recovering"
    proposed = responder.get(f"{incident}/actions/proposed").json()["results"]
    keys = [one["key"] for one in proposed if one["kind"] in {"rotate", "revoke"}]
    for action in responder.post(f"{incident}/actions/proposed", {"keys": keys}).json()["actions"]:
        done = responder.send("PATCH", f"{incident}/actions/{action['number']}", body={"state": "done"})
        assert done.status == 200, done.body

    upload(responder, cyclonedx("pkg:npm/lodash@4.17.21", subject=NEW, name="registry.example/checkout:2"))
    attestation = attest(responder, NEW)
    judge(attestation, Verdict.VERIFIED_EXPECTED, signed_at=timezone.now())
    run(responder, NEW)
    until(lambda: left() == {"pack_exported"}, service)
    assert responder.get(f"{incident}/export").status == 200

    until(lambda: service()["state"] == "recovered", service)
    recovered = service()
    assert (recovered["old_artifacts"], recovered["new_artifacts"]) == ([OLD], [NEW])

    run(responder, OLD)
    until(lambda: service()["state"] == "lost", service)
    told = responder.get(f"{incident}/timeline", limit=500).json()["results"]
    assert [one["kind"] for one in told if one["kind"].startswith("recover")] == ["recovered", "recovery_lost"]

    hits = responder.get(f"{watch['url']}/hits").json()["results"]
    assert {hit["name"] for hit in hits} == {"registry.example/checkout:2"}
    until(DrillResult.objects.filter(drill=drill).exists, "nobody ran the drill")
    result = DrillResult.objects.get(drill=drill)
    assert result.component == drill.component
    assert result.found_count == result.expected_count == result.listed_count
