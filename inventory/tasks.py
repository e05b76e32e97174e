"""The queue's doors. A ring carries nothing: which row is next, Postgres knows."""

from __future__ import annotations

from celery import shared_task

from inventory.ingest import process


@shared_task(name="inventory.tasks.process_evidence")
def process_evidence() -> None:
    """Process one waiting document; rings once more while others wait, so that a lost ring delays nobody."""
    process.process_next()


@shared_task(name="inventory.tasks.sweep")
def sweep() -> None:
    """Take over what a dead worker or a lost ring left behind (beat, every 5 s)."""
    for _ in range(process.count_overdue()):
        process_evidence.delay()
