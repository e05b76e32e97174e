"""Advisories as rows: every version kept, what says the same kept once, each team's own sightings."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from inventory.models import (
    Advisory,
    AdvisoryAlias,
    AdvisorySighting,
    AdvisoryVersion,
    AffectedPackage,
    EvidenceState,
    State,
)
from tests.factories import START, apply_waiting, member_of, store, submit
from tests.inventory.formats.advisory_files import osv, zipped
from tests.inventory.formats.fixtures import raw

pytestmark = pytest.mark.django_db


def send(team: str, document: Any) -> dict[str, int]:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    evidence = submit(team, data, declared_kind="advisory")
    return dict(EvidenceState.objects.get(pk=evidence.pk).counts)


def counts(stored: int = 0, unchanged: int = 0, rejected: int = 0, withdrawn: int = 0) -> dict[str, int]:
    return {
        "records": stored + unchanged + rejected,
        "records_stored": stored,
        "records_unchanged": unchanged,
        "records_rejected": rejected,
        "withdrawn": withdrawn,
    }


def test_a_record_is_kept_with_its_names_packages_and_ranges_as_written():
    assert send("shop", raw("osv/log4shell.json")) == counts(stored=1)

    advisory = Advisory.objects.get()
    assert (advisory.source, advisory.identifier_key) == ("GHSA", "GHSA-JFH8-C2JP-5V3Q")
    assert AdvisoryVersion.objects.get().identifier == "GHSA-jfh8-c2jp-5v3q"
    assert list(AdvisoryAlias.objects.values_list("name_key", flat=True)) == ["CVE-2021-44228"]
    rows = AffectedPackage.objects.order_by("position")
    assert [(row.type, row.namespace_key, row.name_key) for row in rows] == [
        ("maven", "org.apache.logging.log4j", "log4j-core")
    ] * 3
    assert "2.12.2" in rows[1].ranges


def test_every_version_of_a_record_is_kept_and_a_withdrawn_one_counted():
    send("shop", raw("osv/malicious.json"))

    assert send("shop", raw("osv/withdrawn.json")) == counts(stored=1, withdrawn=1)
    assert Advisory.objects.count() == 1
    assert AdvisoryVersion.objects.order_by("modified_at").values_list("withdrawn_at", flat=True)[0] is None
    assert AdvisoryVersion.objects.count() == 2


def test_a_feed_sent_again_costs_no_row_and_only_what_changed_is_stored():
    first = zipped({f"MAL-{number}.json": osv(f"MAL-{number}") for number in range(5)})
    changed = zipped(
        {f"MAL-{n}.json": osv(f"MAL-{n}", **({"summary": "now known"} if n == 3 else {})) for n in range(6)}
    )

    assert send("shop", first) == counts(stored=5)
    assert send("shop", changed) == counts(stored=2, unchanged=4)
    assert AdvisoryVersion.objects.count() == 7


def test_other_spelling_of_the_same_record_is_no_new_version():
    send("shop", osv())

    assert send("shop", json.dumps(osv(), indent=4).encode()) == counts(unchanged=1)
    assert AdvisoryVersion.objects.count() == 1


def test_a_record_twice_in_one_document_is_one():
    assert send("shop", [osv(), osv()]) == counts(stored=1, unchanged=1)


def test_two_teams_share_what_a_record_says_and_each_sees_its_own_sighting():
    send("shop", osv())
    assert send("other", osv()) == counts(stored=1)

    assert AdvisoryVersion.objects.count() == AffectedPackage.objects.count() == 1
    assert AdvisorySighting.objects.count() == 2
    assert AdvisorySighting.objects.visible_to(member_of("shop")).count() == 1
    assert AdvisorySighting.objects.visible_to(member_of("third")).count() == 0


def test_a_bad_entry_of_a_zip_is_a_warning_and_the_others_are_applied():
    evidence = submit("shop", zipped({"a.json": osv("MAL-1"), "b.json": b"{"}), declared_kind="advisory")

    state = EvidenceState.objects.get(pk=evidence.pk)
    assert state.counts == counts(stored=1, rejected=1)
    assert (state.state, state.format) == (State.APPLIED_WITH_WARNINGS, "osv-zip")
    assert [warning["pointer"] for warning in state.warnings] == ["b.json"]


def test_a_document_of_which_no_record_can_be_read_is_rejected_and_leaves_nothing():
    evidence = store("shop", zipped({"a.json": b"{"}), at=START, is_observation=False, declared_kind="advisory")
    apply_waiting()

    state = EvidenceState.objects.get(pk=evidence.pk)
    assert state.state == State.REJECTED
    assert state.error is not None
    assert state.error["code"] == "no_records"
    assert AdvisorySighting.objects.count() == 0


def test_portions_of_a_feed_are_written_one_after_the_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("inventory.ingest.portions.BATCH_RECORDS", 2)

    assert send("shop", [osv(f"MAL-{number}") for number in range(5)]) == counts(stored=5)
    assert AdvisorySighting.objects.values("version").distinct().count() == 5


def test_the_database_refuses_a_second_sighting_and_an_advisory_without_id():
    send("shop", osv())
    sighting = AdvisorySighting.objects.get()

    sighting.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        sighting.save(force_insert=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Advisory.objects.create(source="MAL", identifier_key="")
