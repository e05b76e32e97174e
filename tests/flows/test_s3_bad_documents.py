"""Journey 3: a document that cannot be read ends on its receipt with code, place and words, and leaves nothing else."""

import pytest

from inventory.models import Artifact, Component, EvidenceState, Package, Snapshot, Track
from supplychain.access.models import AuditEvent
from tests.flows.client import Client
from tests.flows.conftest import KeyMaker
from tests.inventory.formats.test_bad_inputs import KEPT, REFUSED

AT_THE_DOOR = {"empty_document", "unsupported_archive"}


@pytest.fixture
def sender(new_key: KeyMaker) -> Client:
    return new_key("team-a", "evidence:write", "inventory:read")


def test_every_unreadable_document_is_rejected_with_its_code_and_nothing_else_is_stored(sender: Client) -> None:
    told, expected = [], []
    sent: list[str] = []
    for number, data, code, pointer, words in REFUSED:
        if code == "inflated_too_large":
            continue  # the site's ceiling is higher than the table's; tests/inventory/intake has this one
        answer = sender.post("/api/v1/evidence", data, name="what it is about", version=f"{len(sent)}")
        assert answer.status < 500, (number, answer.body)
        if answer.status >= 400:
            assert answer.json()["code"] in AT_THE_DOOR, (number, answer.body)
            continue
        sent.append(answer.json()["id"])
        expected.append((number, "rejected", code, pointer, words))
    for public_id, (number, *_, words) in zip(sent, expected, strict=True):
        receipt = sender.receipt(public_id)
        error = receipt["error"]
        found = words if words in error["message"] else error["message"]
        told.append((number, receipt["state"], error["code"], error["pointer"], found))
        assert receipt["attempts"] == 1

    assert told == expected
    for model in (Artifact, Component, Package, Snapshot, Track):
        assert model._base_manager.count() == 0
    received = AuditEvent.objects.filter(action="evidence.received").count()
    assert received == EvidenceState.objects.count() == len(sent)


def test_every_defect_inside_leaves_a_warning_and_the_rest_is_applied(sender: Client) -> None:
    sent = [
        (row, sender.post("/api/v1/evidence", row[1], name="registry.example/x", version=f"{place}").json()["id"])
        for place, row in enumerate(KEPT)
    ]

    for (number, _, code, pointer, stored, rejected), public_id in sent:
        receipt = sender.receipt(public_id)
        assert receipt["state"] == "applied_with_warnings", (number, receipt)
        assert (code, pointer) in [(one["code"], one["pointer"]) for one in receipt["warnings"]], (number, receipt)
        assert (receipt["counts"]["components_stored"], receipt["counts"]["components_rejected"]) == (stored, rejected)
