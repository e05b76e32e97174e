"""The queue's doors. A ring carries nothing: which row is next, Postgres knows."""

from __future__ import annotations

import logging
from time import monotonic

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from inventory import doorbell
from inventory.applied_rings import ring_for_applied
from inventory.graph.backlog import read_backlog
from inventory.ingest import process
from inventory.models import EvidenceKind
from inventory.verification import batch
from inventory.verification.progress import count_due, is_due
from supplychain.ops import facts, reporter

logger = logging.getLogger(__name__)

TURN_SECONDS = 2.0
"""How long one task goes on: long beside a document, and short enough that who listens for evidence has his turn."""
_WITHOUT_SIGNATURES = frozenset({EvidenceKind.SBOM.value})
"""Kinds of which any number may come before somebody looks for what is to be verified."""
VERIFYING_SECONDS = 2.0
"""The same of verification, which can wait longer than documents."""


@shared_task(name="inventory.tasks.process_evidence")
def process_evidence() -> None:
    """Process what waits, and what comes while somebody listens for it, for a turn.

    Rings again when more waits, so that a thousand lost rings cost one sweep.
    """
    until = monotonic() + TURN_SECONDS
    kinds: set[str] = set()

    def told(kind: str) -> None:
        kinds.add(kind)
        ring_for_applied()

    while not process.work_for(until - monotonic(), told=told):
        if kinds <= _WITHOUT_SIGNATURES and _is_rung():
            continue
        if is_due(recent=batch.RECENT):
            verify_attestations.delay()
        return
    process_evidence.delay()


@shared_task(name="inventory.tasks.verify_attestations")
def verify_attestations() -> None:
    """Judge attestations that are due, for a turn; rings again when more are."""
    if batch.verify_for(VERIFYING_SECONDS):
        verify_attestations.delay()


def _is_rung() -> bool:
    """Listen for a moment whether a document comes."""
    try:
        return doorbell.is_rung()
    except (KombuError, RedisError) as error:
        logger.warning("The broker is away; nobody listens for rings.", extra={"reason": type(error).__name__})
        return False


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
