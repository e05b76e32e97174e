"""A feed in portions: what is written outlives the try, nobody sees it before all is applied, nothing is twice."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from inventory.ingest.portions import PortionReader
from inventory.ingest.process import process_next
from inventory.models import (
    AdvisoryPortion,
    AdvisorySighting,
    AdvisoryVersion,
    AffectedPackage,
    Evidence,
    EvidenceState,
    State,
)
from tests.factories import START, store
from tests.inventory.formats.advisory_files import osv, zipped

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "interning"])

ENTRIES: dict[str, Any] = {
    "0.json": osv("MAL-0"),
    "1.json": osv("MAL-1", withdrawn="2026-03-02T00:00:00Z"),
    "2.json": b"{",
    "3.json": osv("MAL-3"),
    "4.json": osv("MAL-0", summary="again, changed"),
    "5.json": b"",
    "6.json": osv("MAL-0"),
}
COUNTS = {"records": 7, "records_stored": 4, "records_unchanged": 1, "records_rejected": 2, "withdrawn": 1}


@pytest.fixture(autouse=True)
def _two_records_a_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.ingest.portions.BATCH_RECORDS", 2)


def sent(entries: dict[str, Any] = ENTRIES, *, team: str = "shop") -> Evidence:
    return store(team, zipped(entries), at=START, is_observation=False, declared_kind="advisory")


def state_of(evidence: Evidence) -> EvidenceState:
    return EvidenceState.objects.get(pk=evidence.pk)


def due_again(evidence: Evidence) -> None:
    EvidenceState.objects.filter(pk=evidence.pk).update(queued_at=datetime.now(UTC))


def rows_of(evidence: Evidence) -> set[tuple[str, str, str]]:
    sightings = AdvisorySighting.objects.filter(evidence=evidence).select_related("version")
    return {(one.pointer, one.version.identifier, one.version.summary) for one in sightings}


def test_a_feed_in_many_turns_comes_to_what_one_in_a_single_turn_does(monkeypatch: pytest.MonkeyPatch):
    at_once, in_turns = sent(), sent(team="other")
    while not state_of(at_once).applied_at:
        process_next()
    monkeypatch.setattr("inventory.ingest.advisories.TURN_SECONDS", 0.0)

    for turn in range(1, 4):
        process_next()
        assert (state_of(in_turns).state, state_of(in_turns).attempts) == (State.RECEIVED, 0)
        assert AdvisoryPortion.objects.count() == turn
        assert not AdvisorySighting.objects.filter(evidence=in_turns).exists()
    process_next()

    whole, parts = state_of(at_once), state_of(in_turns)
    assert (parts.state, parts.counts) == (State.APPLIED_WITH_WARNINGS, COUNTS)
    assert (whole.counts, whole.warnings, whole.warning_count) == (parts.counts, parts.warnings, parts.warning_count)
    assert [(warning["code"], warning["pointer"]) for warning in parts.warnings] == [
        ("bad_advisory", "2.json"),
        ("entry_not_read", "5.json"),
    ]
    assert rows_of(in_turns) == rows_of(at_once)
    assert len(rows_of(in_turns)) == AdvisoryVersion.objects.count() == AffectedPackage.objects.count() == 4
    assert not AdvisoryPortion.objects.exists()


def test_a_try_that_dies_is_gone_on_with_and_nothing_is_read_or_written_twice(monkeypatch: pytest.MonkeyPatch):
    evidence, work, calls = sent(), PortionReader.work, []

    def counted(reader: PortionReader) -> Any:
        calls.append(reader)
        if len(calls) == 3:
            raise MemoryError
        return work(reader)

    monkeypatch.setattr(PortionReader, "work", counted)

    process_next()

    assert (state_of(evidence).state, state_of(evidence).attempts) == (State.RECEIVED, 1)
    kept = list(AdvisoryPortion.objects.values_list("position", "records", "until"))
    assert kept == [(0, 2, "1.json")]

    due_again(evidence)
    process_next()

    assert state_of(evidence).counts == COUNTS
    assert len(calls) == 3 + 4
    assert AdvisoryVersion.objects.count() == AdvisorySighting.objects.count() == 4


def test_a_document_refused_in_its_middle_leaves_no_portion_and_no_sighting():
    evidence = sent({**ENTRIES, "8.json": zipped({"a.json": osv()})})

    process_next()

    state = state_of(evidence)
    assert state.state == State.REJECTED
    assert state.error is not None
    assert state.error["code"] == "nested_archive"
    assert not AdvisoryPortion.objects.exists()
    assert not AdvisorySighting.objects.exists()


def test_a_document_that_does_not_read_as_it_did_begins_anew(monkeypatch: pytest.MonkeyPatch):
    evidence = sent()
    with monkeypatch.context() as patched:
        patched.setattr("inventory.ingest.advisories.TURN_SECONDS", 0.0)
        process_next()
    AdvisoryPortion.objects.update(until="another.json")

    process_next()
    assert not AdvisoryPortion.objects.exists()
    process_next()

    assert state_of(evidence).counts == COUNTS


def test_what_another_document_brought_meanwhile_is_counted_as_unchanged(monkeypatch: pytest.MonkeyPatch):
    evidence = sent()
    with monkeypatch.context() as patched:
        patched.setattr("inventory.ingest.advisories.TURN_SECONDS", 0.0)
        process_next()
    EvidenceState.objects.filter(pk=evidence.pk).update(queued_at=datetime(2100, 1, 1, tzinfo=UTC))
    single = sent({"one.json": osv("MAL-0")})
    process_next()
    due_again(evidence)
    process_next()

    assert state_of(single).counts["records_stored"] == 1
    assert state_of(evidence).counts == {**COUNTS, "records_stored": 3, "records_unchanged": 2}


def test_the_database_refuses_a_portion_that_rejects_more_than_it_holds():
    evidence = sent()
    portion = AdvisoryPortion(evidence=evidence, position=0, records=1, rejected=2, withdrawn=0, until="", defects=[])
    portion.advisories, portion.versions, portion.digests, portion.pointers = [], [], [], []

    with pytest.raises(IntegrityError, match="advisory_portion_adds_up"), transaction.atomic():
        portion.save(force_insert=True)
