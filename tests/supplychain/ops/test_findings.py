"""What is well, what is not, and what nobody can tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from supplychain.ids import uuid7
from supplychain.ops import facts, findings
from supplychain.ops.capacity import read_capacity, read_clock_skew_seconds
from supplychain.ops.findings import Finding, find_all
from supplychain.ops.measures import chart_of_counts, chart_of_worst, rate_of
from supplychain.ops.models import Measure, ProcessBeat

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def levels(found: Any) -> dict[str, str]:
    return {finding.name: finding.level for finding in found}


def broken(_at: datetime) -> list[Finding]:
    raise OperationalError


@pytest.mark.parametrize(
    ("age", "level"), [(None, "danger"), (timedelta(seconds=5), "good"), (timedelta(minutes=2), "danger")]
)
def test_a_sweep_that_is_overdue_is_red(age: timedelta | None, level: str) -> None:
    if age is not None:
        facts.record(facts.SWEEP, at=AT - age)

    assert levels(findings.of_sweep(AT)) == {"sweep": level}


def test_workers_that_are_silent_or_absent_are_told() -> None:
    assert levels(findings.of_processes(AT)) == {"worker": "danger", "beat": "danger"}

    for kind, age in (("worker", 5), ("worker", 120), ("beat", 5)):
        beat_at = AT - timedelta(seconds=age)
        ProcessBeat.objects.create(id=uuid7(), kind=kind, host="h", pid=1, started_at=AT - DAY, beat_at=beat_at)

    assert levels(findings.of_processes(AT)) == {"worker": "warning", "beat": "good"}


@pytest.mark.parametrize(
    ("backup", "drill", "expected"),
    [
        (None, None, ("danger", "danger")),
        (timedelta(hours=1), None, ("danger", "danger")),  # never restored: it counts as none
        (timedelta(hours=1), timedelta(days=3), ("good", "good")),
        (timedelta(hours=30), timedelta(days=3), ("danger", "good")),
        (timedelta(hours=1), timedelta(days=40), ("good", "warning")),
    ],
)
def test_a_backup_counts_when_it_is_young_and_was_restored_once(
    backup: timedelta | None, drill: timedelta | None, expected: tuple[str, str]
) -> None:
    if backup is not None:
        facts.record(facts.BACKUP, at=AT - backup)
    if drill is not None:
        facts.record(facts.RESTORE_DRILL, at=AT - drill, details={"ok": True, "seconds": 12})

    found = levels(findings.of_backups(AT))

    assert (found["backup"], found["restore_drill"]) == expected


def test_a_drill_that_failed_is_red_however_young_it_is() -> None:
    call_command("record_operation", "restore_drill", failed=True, stdout=StringIO())

    found = {finding.name: finding for finding in findings.of_backups(datetime.now(UTC))}

    assert (found["restore_drill"].level, found["restore_drill"].text) == ("danger", "the last one failed")


def test_a_backup_is_recorded_with_its_time_and_written_over() -> None:
    for hour in (1, 2):
        call_command("record_operation", "backup", at=f"2026-03-01T0{hour}:00:00Z", note="tape 7", stdout=StringIO())

    fact = facts.read_facts()[facts.BACKUP]
    assert (fact.at.hour, fact.details["note"]) == (2, "tape 7")


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_is_refused(at: str) -> None:
    with pytest.raises(CommandError, match="--at"):
        call_command("record_operation", "backup", at=at)

    assert not facts.read_facts()


def test_a_backup_that_failed_is_not_recorded() -> None:
    with pytest.raises(CommandError, match="none"):
        call_command("record_operation", "backup", failed=True)

    assert not facts.read_facts()


def test_a_finding_that_cannot_be_found_is_unknown_and_hides_no_other(settings: Any) -> None:
    settings.OPERATIONS_FINDINGS = [f"{__name__}.broken", "supplychain.ops.findings.of_clock"]

    assert levels(find_all(AT)) == {"broken": "unknown", "clock": "good"}


def test_capacity_names_the_largest_tables_and_the_growth_since_an_hour_or_more() -> None:
    before = read_capacity(at=AT)
    Measure.objects.create(name="database.bytes", minute=AT - DAY, worst=before.database_bytes - 1000)

    after = read_capacity(at=AT)

    assert before.growth_bytes_per_day is None
    assert after.growth_bytes_per_day is not None
    assert after.growth_bytes_per_day >= 1000
    assert after.tables[0].size_bytes >= after.tables[-1].size_bytes > 0
    assert abs(read_clock_skew_seconds()) < 1


def test_charts_show_rates_and_worst_values_in_their_step() -> None:
    for minutes, count, worst in ((1, 10, 4.0), (2, 20, 8.0), (14, 5, 1.0), (500, 999, 999.0)):
        minute = AT.replace(second=0) - timedelta(minutes=minutes)
        Measure.objects.create(name="x", minute=minute, count=count, worst=worst)

    counts = chart_of_counts("x", at=AT, steps=12, step_minutes=5)
    largest = chart_of_worst("x", at=AT, steps=12, step_minutes=5)

    assert [(bar.x, bar.height) for bar in counts.bars] == [(9, pytest.approx(100 / 6)), (11, 100.0)]
    assert (counts.highest, counts.last) == (6.0, 6.0)
    assert (largest.highest, [bar.x for bar in largest.bars]) == (8.0, [9, 11])
    calm = chart_of_worst("x", at=AT, steps=12, step_minutes=5, scale=80.0)
    assert [bar.height for bar in calm.bars][-1] == 10.0
    assert rate_of("x", at=AT, minutes=5) == 6.0


def test_an_empty_chart_has_no_bars() -> None:
    assert chart_of_counts("x", at=AT, steps=12, step_minutes=5).bars == ()
