"""Legal clocks: when each runs out, what it waits for, and what is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from incidents.models import Incident, LegalReport
from incidents.response.clocks import Duty, Report, clocks_of, month_after

AWARE = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
FIXED = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)


def incident(**fields: object) -> Incident:
    return Incident(**{"aware_at": AWARE, "fixed_at": FIXED, "is_exploited": True, **fields})


def sent(report: Report, at: datetime, duty: Duty = Duty.EXPLOITED_VULNERABILITY) -> LegalReport:
    return LegalReport(duty=duty, report=report, sent_at=at, reference="R-1")


def test_no_clock_runs_while_nothing_is_flagged():
    assert clocks_of(incident(is_exploited=False), [], at=AWARE) == ()


def test_an_exploited_vulnerability_is_reported_in_24_hours_72_hours_and_14_days_after_the_fix():
    found = clocks_of(incident(), [], at=AWARE)

    assert [one.due_at for one in found] == [
        AWARE + timedelta(hours=24),
        AWARE + timedelta(hours=72),
        FIXED + timedelta(days=14),
    ]
    assert not any(one.is_late or one.waits_for for one in found)


def test_the_final_report_of_a_severe_incident_is_due_one_month_after_the_notification():
    severe = incident(is_exploited=False, is_severe=True)
    at = AWARE + timedelta(hours=70)

    waiting = clocks_of(severe, [], at=at)[2]
    running = clocks_of(severe, [sent(Report.NOTIFICATION, at, Duty.SEVERE_INCIDENT)], at=at)[2]

    assert (waiting.due_at, waiting.waits_for) == (None, "notification")
    assert running.due_at == datetime(2026, 11, 4, 6, 0, tzinfo=UTC)


def test_a_clock_whose_start_nobody_told_says_what_it_waits_for():
    found = clocks_of(incident(aware_at=None, fixed_at=None), [], at=AWARE)

    assert [one.waits_for for one in found] == ["aware_at", "aware_at", "fixed_at"]


@pytest.mark.parametrize(("hours", "is_late"), [(23, False), (24, False), (25, True)])
def test_what_was_sent_is_late_by_when_it_was_sent_and_not_by_today(hours: int, is_late: bool):
    reports = [sent(Report.EARLY_WARNING, AWARE + timedelta(hours=hours))]

    assert clocks_of(incident(), reports, at=AWARE + timedelta(days=90))[0].is_late is is_late


def test_what_was_not_sent_is_late_when_its_time_is_over():
    assert clocks_of(incident(), [], at=AWARE + timedelta(hours=25))[0].is_late


@pytest.mark.parametrize(
    ("day", "after"),
    [("2026-01-31", "2026-02-28"), ("2028-01-31", "2028-02-29"), ("2026-12-15", "2027-01-15")],
)
def test_a_month_is_a_calendar_month(day: str, after: str):
    assert month_after(datetime.fromisoformat(f"{day}T08:00:00+00:00")).date().isoformat() == after
