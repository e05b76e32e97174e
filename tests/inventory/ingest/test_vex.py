"""Statements about vulnerabilities as rows: whole, of their team, each once."""

import json

import pytest
from django.db import IntegrityError, transaction

from inventory.models import EvidenceState, VexProduct, VexStatement
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, START, member_of, submit
from tests.inventory.formats.fixtures import raw

pytestmark = pytest.mark.django_db


def seen_by(actor: Actor) -> list[str]:
    return list(VexStatement.objects.visible_to(actor).order_by("position").values_list("vulnerability", flat=True))


def test_statements_products_and_subcomponents_are_kept_as_they_were_made():
    evidence = submit("shop", raw("vex/openvex-0.2.0.json"))

    first = VexStatement.objects.get(evidence=evidence, position=0)
    assert first.names == ["CVE-2021-44228", "GHSA-JFH8-C2JP-5V3Q"]
    assert (first.status, first.justification) == ("not_affected", "vulnerable_code_not_present")
    assert first.stated_at.isoformat() == "2026-03-01T09:00:00+00:00"
    rows = VexProduct.objects.filter(statement=first).order_by("position")
    assert list(rows.values_list("position", "parent", "type", "name_key", "version")) == [
        (0, None, "oci", "shop-api", "sha256:" + "ab" * 32),
        (1, 0, "maven", "log4j-core", "2.14.1"),
    ]
    assert [row.digest for row in rows] == ["sha256:" + "ab" * 32, ""]


def test_the_receipt_counts_statements_and_products():
    evidence = submit("shop", raw("vex/openvex-0.2.0.json"))

    state = EvidenceState.objects.get(pk=evidence.pk)
    assert (state.kind, state.format, state.format_version) == ("vex", "openvex", "0.2.0")
    assert state.counts == {"statements": 3, "statements_stored": 3, "statements_rejected": 0, "products": 3}


def test_a_stranger_sees_no_statement_of_another_team():
    submit("shop", raw("vex/openvex-0.2.0.json"))

    assert seen_by(member_of("other")) == []
    assert len(seen_by(member_of("shop"))) == len(seen_by(SEES_ALL)) == 3


def test_without_a_time_of_its_own_a_statement_is_of_the_day_it_came():
    statement = {"vulnerability": "CVE-2026-1", "status": "fixed", "products": ["pkg:npm/x@1"]}
    document = {"@context": "https://openvex.dev/ns", "statements": [statement]}

    submit("shop", json.dumps(document).encode(), at=START)

    assert VexStatement.objects.get().stated_at == START


def test_many_statements_are_written_in_several_portions(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("inventory.ingest.vex.BATCH_PRODUCTS", 2)
    submit("shop", raw("vex/openvex-0.2.0.json"))

    assert VexStatement.objects.count() == 3
    assert VexProduct.objects.count() == 4


def test_the_database_refuses_a_status_nobody_defined():
    submit("shop", raw("vex/openvex-0.2.0.json"))
    first = VexStatement.objects.get(position=0)

    with pytest.raises(IntegrityError), transaction.atomic():
        VexStatement.objects.create(
            team=first.team, evidence=first.evidence, position=9, vulnerability="x", names=["X"], status="fine",
            stated_at=START,
        )  # fmt: skip
