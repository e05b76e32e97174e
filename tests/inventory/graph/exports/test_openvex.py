"""Statements about an artifact and what is in it, written as they were made, read back by our own reader."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.formats.read import read_document
from inventory.formats.records import VexRecord
from inventory.graph.artifacts import ArtifactNotFoundError
from inventory.graph.exports import openvex
from inventory.graph.exports.openvex import TooManyStatementsError, export_vex
from tests.factories import SEES_ALL, cyclonedx, digest, member_of, submit

pytestmark = pytest.mark.django_db

APP = digest("app")
LODASH = "pkg:npm/lodash@4.17.21"
IMAGE = f"pkg:oci/app@{APP.replace(':', '%3A')}"


def statement(*products: Any, status: str = "under_investigation", name: str = "CVE-2026-0001", **members: Any) -> Any:
    given = [{"@id": product} if isinstance(product, str) else product for product in products]
    return {"vulnerability": {"name": name}, "products": given, "status": status, **members}


def state(*statements: Any, team: str = "a", at: str = "2026-02-01T00:00:00Z") -> None:
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex", "author": "Acme Security",
        "timestamp": at, "version": 1, "statements": list(statements),
    }  # fmt: skip
    submit(team, json.dumps(document).encode())


def exported(team: str = "a") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(export_vex(APP, actor=member_of(team)))
    return document


def vulnerabilities(team: str = "a") -> list[str]:
    return [one["vulnerability"]["name"] for one in exported(team)["statements"]]


@pytest.fixture(autouse=True)
def _artifact() -> None:
    submit("a", cyclonedx(LODASH, subject=APP))


def test_a_statement_about_the_artifact_is_written_with_its_issuer():
    state(statement({"@id": IMAGE, "subcomponents": [{"@id": LODASH}]}, status="affected", action_statement="Upgrade."))

    [one] = exported()["statements"]

    assert (one["status"], one["action_statement"]) == ("affected", "Upgrade.")
    assert "Acme Security" in one["status_notes"]
    assert one["products"][0]["hashes"] == {"sha-256": APP.removeprefix("sha256:")}
    assert one["products"][0]["subcomponents"][0]["@id"] == LODASH


@pytest.mark.parametrize(
    ("product", "is_there"),
    [
        (LODASH, True),
        ("pkg:npm/lodash", True),
        ("pkg:npm/lodash@4.17.20", False),
        ("pkg:npm/express@1", False),
        (f"pkg:oci/other@{digest('other').replace(':', '%3A')}", False),
    ],
)
def test_a_statement_about_a_package_is_written_when_the_artifact_holds_that_version(product: str, is_there: bool):
    state(statement(product))

    assert vulnerabilities() == (["CVE-2026-0001"] if is_there else [])


def test_products_that_are_not_in_the_artifact_are_left_out():
    state(statement(LODASH, "pkg:npm/express@1"))

    assert [product["@id"] for product in exported()["statements"][0]["products"]] == [LODASH]


def test_of_two_statements_the_later_comes_last():
    state(statement(LODASH, status="fixed", timestamp="2026-02-03T00:00:00Z"))
    state(statement(LODASH, timestamp="2026-02-02T00:00:00Z"))

    assert [one["status"] for one in exported()["statements"]] == ["under_investigation", "fixed"]


def test_what_the_specification_demands_and_a_statement_left_out_is_said_to_be_missing():
    state(statement(LODASH, status="not_affected"), statement(LODASH, status="affected", name="CVE-2026-0002"))

    reasons = [one.get("impact_statement") or one.get("action_statement") for one in exported()["statements"]]

    assert reasons == ["The statement gives no reason.", "The statement names no action."]


def test_our_reader_finds_the_same_statements_and_nothing_to_complain_of():
    state(
        statement(LODASH, status="not_affected", justification="vulnerable_code_not_present"),
        statement({"@id": IMAGE, "subcomponents": [{"@id": LODASH}]}, status="affected", name="CVE-2026-0002"),
    )

    record = read_document(export_vex(APP, actor=SEES_ALL))

    assert isinstance(record, VexRecord)
    assert [one.vulnerability for one in record.statements] == ["CVE-2026-0001", "CVE-2026-0002"]
    assert (record.rejected_count, record.warnings) == (0, [])


def test_another_teams_statements_are_not_written():
    submit("b", cyclonedx("pkg:npm/other@1", subject=APP))
    state(statement(LODASH, IMAGE), team="a")

    assert vulnerabilities("b") == []


def test_another_teams_sbom_finds_no_statement():
    """Team B states something of lodash, which only team A knows to be inside."""
    submit("b", cyclonedx("pkg:npm/other@1", subject=APP))
    state(statement(LODASH), team="b")

    assert vulnerabilities("b") == []


def test_a_stranger_finds_no_artifact():
    with pytest.raises(ArtifactNotFoundError):
        export_vex(APP, actor=member_of("stranger"))


def test_the_same_statements_give_the_same_bytes():
    state(statement(LODASH))

    assert export_vex(APP, actor=SEES_ALL) == export_vex(APP, actor=SEES_ALL)


def test_more_than_one_answer_holds_is_refused_with_a_way_on(monkeypatch):
    monkeypatch.setattr(openvex, "MAX_STATEMENTS", 1)
    state(statement(LODASH), statement(LODASH, name="CVE-2026-0002"))

    with pytest.raises(TooManyStatementsError, match="kind=vex"):
        export_vex(APP, actor=SEES_ALL)


def test_it_costs_two_statements(django_assert_num_queries):
    state(*(statement(LODASH, name=f"CVE-2026-{number:04}") for number in range(20)))
    actor = member_of("a")

    with django_assert_num_queries(2):
        export_vex(APP, actor=actor)
