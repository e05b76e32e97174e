"""Note that a report was sent to the authorities: when, and under which reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.models import EventKind, LegalReport
from incidents.response.clocks import Duty, Report, duties_of
from incidents.response.opening import NarrowViewError
from incidents.timeline import changing
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor


class ReportRefusedError(DomainError):
    """The report cannot be noted so."""

    def __init__(self, message: str) -> None:
        super().__init__("report_refused", message, status=409)


def note_report(
    public_id: UUID, duty: Duty, report: Report, *, sent_at: datetime, reference: str, actor: Actor, at: datetime
) -> LegalReport:
    """Note it once. Raises IncidentNotFoundError, NarrowViewError, ReportRefusedError."""
    with changing(public_id, actor=actor, at=at) as change:
        if not change.incident.is_whole_for(actor):
            raise NarrowViewError
        if duty not in duties_of(change.incident):
            raise ReportRefusedError(f"The incident is not flagged so that a report of {duty} is due.")
        if sent_at > at:
            raise ReportRefusedError("It cannot have been sent in the future.")
        noted, is_new = LegalReport.objects.get_or_create(
            incident=change.incident,
            duty=duty,
            report=report,
            defaults={"sent_at": sent_at, "reference": reference, "told_by": actor.label, "told_at": at},
        )
        if not is_new:
            raise ReportRefusedError("That it was sent is noted already, and is not changed.")
        details = {"duty": duty.value, "sent_at": sent_at.isoformat(), "reference": reference}
        change.tell(EventKind.REPORTED, report.value, details=details)
    return noted
