"""What access does by the clock."""

from celery import shared_task

from supplychain.access import audit


@shared_task(name="supplychain.access.tasks.export_audit_head")
def export_audit_head() -> None:
    """Write the audit head to the log, hourly: what is kept elsewhere cannot be rewritten with the table."""
    audit.export_head()
