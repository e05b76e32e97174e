"""The queue of record: who is next, what a try costs, and how a document ends when it cannot be applied."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import OperationalError, connection, connections, transaction
from psycopg.errors import DiskFull

from inventory.ingest import process, sbom, upsert
from inventory.ingest.held import Claim, claim_next, hold
from inventory.ingest.time_limit import OutOfTimeError
from inventory.models import Evidence, EvidenceBlob, EvidenceState, State
from supplychain.access.models import Team
from tests.factories import START, apply_waiting, cyclonedx, digest, store

GOOD = cyclonedx("pkg:npm/left@1", subject=digest("app"))
BAD = b'{"bomFormat": "CycloneDX", "specVersion": "9.9"}'


def state_of(evidence: Evidence) -> EvidenceState:
    return EvidenceState.objects.get(pk=evidence.pk)


def make_due(evidence: Evidence, **fields: Any) -> None:
    EvidenceState.objects.filter(pk=evidence.pk).update(queued_at=START, **fields)


@pytest.fixture(autouse=True)
def _new_worker() -> None:
    upsert.forget_all()  # earlier tests were rolled back, which no worker sees happen


def break_reading(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(*_args: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(process, "read_source", fail)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every document fails, and is not due again while its test lasts, however slow the machine."""
    assert timedelta(seconds=2) == process.RETRY_AFTER
    monkeypatch.setattr(process, "RETRY_AFTER", timedelta(minutes=20))
    break_reading(monkeypatch, ZeroDivisionError)


@pytest.mark.django_db
def test_the_oldest_of_the_team_with_the_fewest_in_work_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_work", lambda _claim, **_named: None)  # claimed, and stays in work
    first = [store("a", b"{%d}" % number) for number in range(3)]
    late = [store("b", b"{%d}" % number) for number in range(3, 5)]
    order: list[int] = []

    for _ in range(5):
        before = set(_claimed())
        assert process.process_next()
        order += sorted(set(_claimed()) - before)

    a1, a2, a3, b1, b2 = (evidence.pk for evidence in (*first, *late))
    assert order == [a1, b1, a2, b2, a3]
    assert not process.process_next()


@pytest.mark.django_db
def test_a_team_whose_worker_died_is_not_held_to_be_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_work", lambda _claim, **_named: None)
    died, waiting = store("a", b"{1}"), store("a", b"{2}")
    long_ago = datetime.now(UTC) - timedelta(seconds=11)
    make_due(died, state=State.PROCESSING, attempts=1, claimed_at=long_ago)

    process.process_next()
    process.process_next()

    assert [(state_of(one).state, state_of(one).attempts) for one in (died, waiting)] == [
        ("processing", 2),
        ("processing", 1),
    ]


@pytest.mark.django_db
def test_what_a_living_worker_took_a_moment_ago_is_left_to_it() -> None:
    make_due(store("a", GOOD), state=State.PROCESSING, attempts=1, claimed_at=datetime.now(UTC))

    assert not process.process_next()
    assert process.count_overdue() == 0


@pytest.mark.django_db
def test_the_try_is_counted_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = store("a", GOOD)
    seen: list[tuple[str, int]] = []

    def look(_claim: Claim, **_named: object) -> None:
        seen.append((state_of(evidence).state, state_of(evidence).attempts))

    monkeypatch.setattr(process, "_work", look)
    process.process_next()

    assert seen == [("processing", 1)]


@pytest.mark.django_db
@pytest.mark.usefixtures("broken")
def test_a_failure_of_ours_is_tried_three_times_with_a_growing_delay_and_then_put_aside() -> None:
    evidence, delays = store("a", GOOD), []

    for _ in range(2):
        assert process.process_next()
        state = state_of(evidence)
        assert (state.state, state.error) == (State.RECEIVED, None)
        delays.append((state.queued_at - datetime.now(UTC)).total_seconds() / 60)
        assert not process.process_next(), "the delay is kept"
        make_due(evidence)
    assert process.process_next()

    state = state_of(evidence)
    assert (state.state, state.attempts) == (State.QUARANTINED, 3)
    assert state.error == {
        "code": "internal_error",
        "pointer": "",
        "message": "Processing failed 3 times: ZeroDivisionError.",
    }
    assert delays == [pytest.approx(20, abs=2), pytest.approx(40, abs=2)]
    assert not process.process_next()


@pytest.mark.django_db
@pytest.mark.usefixtures("broken")
def test_the_next_document_is_not_held_up_by_a_failing_one() -> None:
    poison, other = store("a", GOOD), store("a", GOOD, filename="again")

    process.process_next()
    process.process_next()

    assert [state_of(one).attempts for one in (poison, other)] == [1, 1]


@pytest.mark.django_db
def test_three_dead_workers_end_in_quarantine() -> None:
    evidence = store("a", GOOD)
    long_ago = datetime.now(UTC) - timedelta(seconds=11)
    make_due(evidence, state=State.PROCESSING, attempts=3, claimed_at=long_ago)

    assert process.process_next()

    state = state_of(evidence)
    assert (state.state, state.error["code"] if state.error else "") == (State.QUARANTINED, "worker_died")
    assert state.attempts == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "code", "words"),
    [(MemoryError, "resource_limit", "more memory"), (OutOfTimeError, "time_limit", "more time")],
)
def test_a_document_that_needs_too_much_is_put_aside_with_the_limit_it_met(
    error: type[Exception], code: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_reading(monkeypatch, error)
    evidence = store("a", GOOD)

    for _ in range(3):
        make_due(evidence)
        assert process.process_next()

    state = state_of(evidence)
    assert (state.state, state.attempts) == (State.QUARANTINED, 3)
    assert state.error is not None
    assert state.error["code"] == code
    assert words in state.error["message"]


@pytest.mark.django_db
def test_a_rejected_document_leaves_its_row_and_bytes_and_nothing_else() -> None:
    Team.objects.create(slug="a", name="a")
    apply_waiting()
    before = _row_counts()

    evidence = store("a", BAD)
    apply_waiting()

    state = state_of(evidence)
    assert (state.state, state.attempts, state.applied_at, state.applied_sequence) == (State.REJECTED, 1, None, None)
    assert state.error is not None
    assert (state.error["code"], state.error["pointer"]) == ("unsupported_version", "/specVersion")
    after = _row_counts()
    assert {name for name, count in after.items() if count != before[name]} == {
        Evidence._meta.db_table,
        EvidenceBlob._meta.db_table,
        EvidenceState._meta.db_table,
    }


@pytest.mark.django_db
def test_a_document_refused_while_it_is_applied_leaves_nothing_either() -> None:
    Team.objects.create(slug="a", name="a")
    before = _row_counts()
    about_nothing = json.loads(cyclonedx("pkg:npm/left@1"))
    del about_nothing["metadata"]["component"]

    evidence = store("a", json.dumps(about_nothing).encode())
    apply_waiting()

    state = state_of(evidence)
    assert (state.state, state.error["code"] if state.error else "") == (State.REJECTED, "subject_required")
    changed = {name for name, count in _row_counts().items() if count != before[name]}
    assert changed == {model._meta.db_table for model in (Evidence, EvidenceBlob, EvidenceState)}


@pytest.mark.django_db
@pytest.mark.parametrize("ended", [State.REJECTED, State.QUARANTINED])
def test_what_was_refused_can_be_tried_again_from_the_start(ended: State) -> None:
    evidence = store("a", GOOD)
    make_due(evidence, state=ended, attempts=3, error={"code": "x", "pointer": "", "message": ""})

    assert process.retry(evidence.pk, at=START)
    assert not process.retry(evidence.pk, at=START)
    apply_waiting()

    assert (state_of(evidence).state, state_of(evidence).attempts) == (State.APPLIED, 1)
    assert state_of(evidence).error is None
    assert not process.retry(evidence.pk, at=START)


@pytest.mark.django_db
def test_documents_are_numbered_in_the_order_in_which_search_can_see_them() -> None:
    first, rejected, last = (
        store("a", data) for data in (GOOD, BAD, cyclonedx("pkg:npm/right@1", subject=digest("other")))
    )
    apply_waiting()

    numbers = [state_of(one).applied_sequence for one in (first, rejected, last)]
    assert numbers[1] is None
    assert numbers[0] is not None
    assert numbers[2] is not None
    assert numbers[0] < numbers[2]


@pytest.mark.django_db
def test_what_waits_too_long_is_counted_for_the_sweep_up_to_a_limit() -> None:
    overdue = [store("a", b"{%d}" % number) for number in range(process.MAX_RINGS + 3)]
    store("a", b"[]", at=datetime.now(UTC))

    assert process.count_overdue() == process.MAX_RINGS
    EvidenceState.objects.filter(pk__in=[one.pk for one in overdue[2:]]).update(queued_at=datetime.now(UTC))
    assert process.count_overdue() == 2


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_a_row_that_another_connection_holds_is_passed_over() -> None:
    held, free = store("a", GOOD), store("a", cyclonedx("pkg:npm/right@1", subject=digest("b")))
    long_ago = datetime.now(UTC) - timedelta(seconds=11)
    make_due(held, state=State.PROCESSING, attempts=1, claimed_at=long_ago)

    def while_held() -> None:
        assert process.count_overdue() == 1
        assert process.process_next()
        assert not process.process_next()

    _beside_a_holder(held, while_held)

    assert (state_of(held).state, state_of(held).attempts) == (State.PROCESSING, 1)
    assert state_of(free).state == State.APPLIED
    assert process.process_next()
    assert (state_of(held).state, state_of(held).attempts) == (State.APPLIED, 2)


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_what_was_taken_over_meanwhile_is_not_worked_on_twice() -> None:
    evidence = store("a", GOOD)
    make_due(evidence, state=State.PROCESSING, attempts=2, claimed_at=datetime.now(UTC))

    with transaction.atomic():
        process._work(hold(Claim(evidence.pk, attempt=1)), goes_on=lambda: False)

    assert (state_of(evidence).state, state_of(evidence).attempts) == (State.PROCESSING, 2)


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_after_a_failure_ids_that_may_not_have_reached_the_disk_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evidence = store("a", GOOD)
    with monkeypatch.context() as patched:
        patched.setattr(sbom, "_find_place", _fail)
        process.process_next()
    with connection.cursor() as cursor:  # what a crash of the database does to rows interned without waiting
        cursor.execute("DELETE FROM inventory_component")
    make_due(evidence)

    process.process_next()

    assert (state_of(evidence).state, state_of(evidence).attempts) == (State.APPLIED, 2)


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_a_moment_in_which_another_claim_looks_at_the_row_costs_no_try() -> None:
    evidence = store("a", GOOD)
    claim = claim_next(now=datetime.now(UTC))
    assert claim is not None
    worker = threading.Thread(target=_process, args=(claim,))

    def while_looked_at() -> None:
        worker.start()
        while worker.is_alive() and not _waits_for_a_lock():
            pass
        assert worker.is_alive(), "it waits, and does not leave the document to the sweep"

    _beside_a_holder(evidence, while_looked_at)
    worker.join()

    assert (state_of(evidence).state, state_of(evidence).attempts) == (State.APPLIED, 1)


def _process(claim: Claim) -> None:
    try:
        with transaction.atomic():
            process._work(hold(claim), goes_on=lambda: False)
    finally:
        connections.close_all()


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE NOT granted AND datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


def _fail(*_args: object, **_named: object) -> None:
    raise ConnectionError


def _claimed() -> list[int]:
    return list(EvidenceState.objects.filter(state=State.PROCESSING).values_list("pk", flat=True))


def _row_counts() -> dict[str, int]:
    models = [model for model in apps.get_models() if not model._meta.app_label.startswith("django")]
    return {model._meta.db_table: model._base_manager.count() for model in models}


def _beside_a_holder(evidence: Evidence, deed: Callable[[], None]) -> None:
    """Run a deed while another connection is at work on a row."""
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                EvidenceState.objects.select_for_update(no_key=True).get(pk=evidence.pk)
                locked.set()
                done.wait(20)
        finally:
            connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert locked.wait(20)
        deed()
    finally:
        done.set()
        holder.join()


@pytest.mark.django_db
def test_the_watchdog_is_told_of_what_waits_longer_than_its_limit() -> None:
    waiting = store("a", GOOD)
    EvidenceState.objects.filter(pk=waiting.pk).update(queued_at=datetime.now(UTC) - timedelta(seconds=30))

    assert process.is_any_overdue(20)
    assert not process.is_any_overdue(60)


@pytest.mark.django_db
def test_a_full_disk_costs_a_document_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_named: object) -> None:
        raise OperationalError from DiskFull()

    monkeypatch.setattr(process, "read_source", fail)
    evidence = store("a", GOOD)

    for _ in range(4):
        make_due(evidence)
        assert process.process_next()

    state = state_of(evidence)
    assert (state.state, state.attempts, state.error) == (State.RECEIVED, 0, None)
    assert state.queued_at > datetime.now(UTC) + timedelta(seconds=10)
