"""By when something must be reported under the Cyber Resilience Act, and what was. Pure.

Regulation (EU) 2024/2847, Article 14: (2) of an actively exploited vulnerability, (4) of a severe incident, in a
product with digital elements. Early warning within 24 hours of becoming aware, notification within 72 hours; the final
report 14 days after a corrective or mitigating measure is available, or one month after the notification was submitted.
It applies from 11 September 2026. Whether it applies to a product, and who is told, is for people who know the law.
"""

from __future__ import annotations

import calendar
import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from incidents.models import Incident, LegalReport


class Duty(enum.StrEnum):
    """What has to be reported."""

    EXPLOITED_VULNERABILITY = "exploited_vulnerability"
    SEVERE_INCIDENT = "severe_incident"


class Report(enum.StrEnum):
    """In which step."""

    EARLY_WARNING = "early_warning"
    NOTIFICATION = "notification"
    FINAL_REPORT = "final_report"


EARLY_WARNING: Final = timedelta(hours=24)
NOTIFICATION: Final = timedelta(hours=72)
_DECEMBER: Final = 12
AFTER_THE_FIX: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Clock:
    """One report. `due_at` None: it runs from `waits_for`, which has not happened or is not told yet."""

    duty: Duty
    report: Report
    due_at: datetime | None
    waits_for: str
    sent_at: datetime | None
    reference: str
    is_late: bool


def duties_of(incident: Incident) -> tuple[Duty, ...]:
    """Return what the incident's flags say has to be reported."""
    flags = {Duty.EXPLOITED_VULNERABILITY: incident.is_exploited, Duty.SEVERE_INCIDENT: incident.is_severe}
    return tuple(duty for duty, is_set in flags.items() if is_set)


def clocks_of(incident: Incident, reports: Iterable[LegalReport], *, at: datetime) -> tuple[Clock, ...]:
    """Return the clocks of an incident in the order they run out; none while no flag is set."""
    sent = {(one.duty, one.report): one for one in reports}
    return tuple(clock for duty in duties_of(incident) for clock in _clocks(incident, duty, sent=sent, at=at))


def _clocks(
    incident: Incident, duty: Duty, *, sent: dict[tuple[str, str], LegalReport], at: datetime
) -> Iterator[Clock]:
    notified = sent.get((duty, Report.NOTIFICATION))
    due = {
        Report.EARLY_WARNING: (_after(incident.aware_at, EARLY_WARNING), "aware_at"),
        Report.NOTIFICATION: (_after(incident.aware_at, NOTIFICATION), "aware_at"),
        Report.FINAL_REPORT: (_after(incident.fixed_at, AFTER_THE_FIX), "fixed_at")
        if duty is Duty.EXPLOITED_VULNERABILITY
        else (None if notified is None else month_after(notified.sent_at), "notification"),
    }
    for report, (due_at, base) in due.items():
        told = sent.get((duty, report))
        ended = at if told is None else told.sent_at
        yield Clock(
            duty,
            report,
            due_at,
            "" if due_at is not None else base,
            None if told is None else told.sent_at,
            "" if told is None else told.reference,
            is_late=due_at is not None and ended > due_at,
        )


def month_after(at: datetime) -> datetime:
    """Return the same day of the next month, or its last day where it is shorter."""
    year, month = (at.year + 1, 1) if at.month == _DECEMBER else (at.year, at.month + 1)
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))


def _after(at: datetime | None, span: timedelta) -> datetime | None:
    return None if at is None else at + span
