"""A process tells that it lives and what it counted, adds up with the others, and loses nothing to a short outage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from supplychain.exchange import Query, Statement, exchange
from supplychain.ops import costs, reporter, slow_statements
from supplychain.ops.models import Measure, ProcessBeat, SlowStatement
from supplychain.ops.tasks import remove_old, tidy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter, "_process", reporter._Process("worker"))
    slow_statements.take()


@pytest.fixture
def _all_is_slow(settings: Any) -> Iterator[None]:
    settings.SLOW_QUERY_MILLISECONDS = 0
    yield
    slow_statements.take()


def now() -> datetime:
    return datetime.now(UTC)


def test_a_beat_is_one_row_that_says_what_is_being_done() -> None:
    reporter.beat(now())
    with reporter.working_on("evidence:12"):
        reporter.beat(now())
        busy = ProcessBeat.objects.get()
    reporter.beat(now())

    idle = ProcessBeat.objects.get()
    assert (busy.kind, busy.pid, busy.doing, busy.done_count) == ("worker", os.getpid(), "evidence:12", 0)
    assert (idle.id, idle.doing, idle.doing_since, idle.done_count) == (busy.id, "", None, 1)


def test_counts_of_processes_add_up_and_of_gauges_the_largest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for amount, value in ((2, 1.5), (3, 0.5)):
        monkeypatch.setattr(reporter, "_process", reporter._Process("worker"))
        reporter.count("documents.applied", amount=amount)
        reporter.gauge("backlog.age_seconds", value)
        reporter.report(now())

    rows = {row.name: row for row in Measure.objects.all()}
    assert rows["documents.applied"].count == 5
    assert rows["backlog.age_seconds"].worst == 1.5


def test_what_cannot_be_written_is_kept_for_the_next_time() -> None:
    reporter.count("documents.applied", amount=2)
    with connection.execute_wrapper(_away), pytest.raises(OperationalError):
        reporter.report(now())
    reporter.count("documents.applied")

    reporter.report(now())

    assert Measure.objects.get().count == 3


def test_a_process_that_ends_on_purpose_is_no_longer_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "close", lambda: None)  # it is the test's own
    reporter.beat(now())
    reporter.count("documents.applied")

    reporter.stop()

    assert not ProcessBeat.objects.exists()
    assert Measure.objects.get().count == 1


def test_old_rows_are_removed_and_young_ones_stay() -> None:
    at = now()
    for age in (timedelta(), timedelta(days=40)):
        Measure.objects.create(name="x", minute=(at - age).replace(second=0, microsecond=0))
        monkey = reporter._Process("worker")
        ProcessBeat.objects.create(id=monkey.id, kind="web", host="h", pid=1, started_at=at - age, beat_at=at - age)
        times = {"worst_at": at - age, "last_at": at - age}
        SlowStatement.objects.create(
            id=str(age).encode(), shape="x", place="", count=1, total_seconds=1, worst_seconds=1, **times
        )

    remove_old(at)
    tidy()

    assert [model.objects.count() for model in (Measure, ProcessBeat, SlowStatement)] == [1, 1, 1]


@pytest.mark.usefixtures("_all_is_slow")
def test_a_slow_statement_is_told_by_shape_place_and_cost_and_without_its_values() -> None:
    for value in (1, 2):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'a secret', %s, 77 WHERE 1 IN (%s, %s, %s)", [value, 1, 2, 3])
    reporter.report(now())
    reporter.report(now())

    (row,) = SlowStatement.objects.filter(shape__startswith="SELECT ?")
    assert row.shape == "SELECT ?, … WHERE ? IN (%s, …)"
    assert row.count == 2
    assert 0 < row.worst_seconds <= row.total_seconds


@pytest.mark.usefixtures("_all_is_slow")
def test_the_place_is_the_nearest_function_of_ours() -> None:
    from inventory.graph.backlog import read_backlog

    read_backlog()

    assert {slow.place for slow in slow_statements.take()} == {"inventory.graph.backlog:read_backlog"}


@pytest.mark.usefixtures("_all_is_slow")
def test_statements_of_one_exchange_are_told_together() -> None:
    exchange([Query(Statement("SELECT 1")), Query(Statement("SELECT %(name)s::text"), {"name": "a secret"})])

    (slow,) = slow_statements.take()
    assert slow.shape == "SELECT ?; SELECT %(name)s::text"
    assert slow.count == 1


def test_a_quick_statement_is_not_told(settings: Any) -> None:
    settings.SLOW_QUERY_MILLISECONDS = 60_000
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")

    assert slow_statements.take() == []


def test_many_shapes_cannot_fill_the_memory() -> None:
    for number in range(slow_statements.MAX_SHAPES + 5):
        slow_statements._note(f"SELECT column_{number}", seconds=1)

    assert len(slow_statements.take()) == slow_statements.MAX_SHAPES


def test_rows_of_values_are_one_shape_however_many_they_are() -> None:
    one = slow_statements.shape_of("INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s) RETURNING 1")
    other = slow_statements.shape_of("INSERT INTO t (a, b)\n VALUES (%s, %s), (%s, %s), (%s, %s) RETURNING 1")

    assert one == other


def test_without_the_extension_the_server_tells_nothing() -> None:
    assert costs.read_server_statements(limit=5) is None


def _away(*_arguments: object) -> None:
    raise OperationalError("gone")
