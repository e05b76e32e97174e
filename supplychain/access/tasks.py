"""What access does by the clock, and when a worker is stopped."""

from pathlib import Path

from celery import shared_task
from celery.signals import worker_shutdown
from django.conf import settings
from django.utils import timezone

from supplychain.access import audit_heads
from supplychain.access.sessions import forget_counters, forget_sessions


@shared_task(name="supplychain.access.tasks.export_audit_head")
def export_audit_head() -> None:
    """Export the audit head, hourly: what is kept elsewhere cannot be rewritten with the table."""
    audit_heads.export_head(at=timezone.now(), file=head_file())


@shared_task(name="supplychain.access.tasks.forget_sessions")
def forget_ended_sessions() -> None:
    """Delete what is left of sessions that ended by themselves, and counters that ran out, hourly."""
    at = timezone.now()
    forget_sessions(at=at)
    forget_counters(at=at)


def head_file() -> Path | None:
    """Return where exported heads are kept, if anywhere."""
    return Path(settings.AUDIT_HEAD_FILE) if settings.AUDIT_HEAD_FILE else None


@worker_shutdown.connect
def _export_at_the_end(**_signal: object) -> None:
    """Export once more when a worker is stopped; a failure is logged by Celery and stops nothing."""
    export_audit_head()
