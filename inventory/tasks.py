"""The queue's doors. A ring carries nothing: which row is next, Postgres knows."""

from __future__ import annotations

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone

from inventory.applied_rings import ring_for_applied
from inventory.graph.backlog import read_backlog
from inventory.ingest import process
from inventory.verification import batch
from inventory.verification.progress import count_due, is_due
from supplychain.ops import facts, reporter

RINGS_ENOUGH = 4
"""Rings that wait. A worker that is idle takes one at once, so this bounds what waits, not who is woken."""
TURN_SECONDS = 2.0
"""How long one task goes on: long beside a document, and short enough that who listens for evidence has his turn."""
VERIFYING_SECONDS = 2.0
"""The same of verification, which can wait longer than documents."""


@shared_task(name="inventory.tasks.process_evidence")
def process_evidence() -> None:
    """Process what waits, for a turn; rings again when more does, so that a thousand lost rings cost one sweep."""
    if process.work_for(TURN_SECONDS, told=ring_for_applied):
        process_evidence.delay()
    elif is_due(recent=batch.RECENT):
        verify_attestations.delay()


@shared_task(name="inventory.tasks.verify_attestations")
def verify_attestations() -> None:
    """Judge attestations that are due, for a turn; rings again when more are."""
    if batch.verify_for(VERIFYING_SECONDS):
        verify_attestations.delay()


def is_rung() -> bool:
    """Tell whether rings wait that no worker has heard yet: whoever hears one looks after this moment, so it is enough.

    Under load a question of a tenth of a millisecond, instead of a message that costs twenty times as much in all.
    Raises RedisError or KombuError when the broker is away: ringing would wait for it a second time.
    """
    app = process_evidence.app
    with app.producer_or_acquire() as producer:
        return bool(producer.channel.client.llen(app.conf.task_default_queue) >= RINGS_ENOUGH)


@worker_ready.connect
def _ring_at_the_start(**_signal: object) -> None:
    """Begin with what waits: rings sent while no worker was there may be lost, and nobody may sweep yet."""
    process_evidence.delay()


@shared_task(name="inventory.tasks.sweep")
def sweep() -> None:
    """Take over what a dead worker or a lost ring left behind (beat, every 5 s), and say that it was done."""
    at = timezone.now()
    reporter.gauge("backlog.age_seconds", read_backlog().age_seconds(at))
    facts.record(facts.SWEEP, at=at)
    for _ in range(process.count_overdue()):
        process_evidence.delay()


@shared_task(name="inventory.tasks.sweep_verification")
def sweep_verification() -> None:
    """Look at all attestations for one that is due: a ring was lost, or trust changed (beat, every minute)."""
    count = count_due()
    reporter.gauge("verification.due", count)
    if count:
        verify_attestations.delay()


@shared_task(name="inventory.tasks.sweep_orphans")
def sweep_orphans() -> None:
    """Remove old objects that no row names, this hour's share of them (beat, every hour)."""
    if not settings.EVIDENCE_S3_BUCKET:
        return
    from inventory.store import orphans  # noqa: PLC0415  its packages are an extra, installed where it is used

    at = timezone.now()
    orphans.sweep_orphans(at=at, folders=orphans.folders_of_hour(at))
