"""The control of D3: a worker for which the broker is the queue of record. It is told an id, and loses what that loses.

Acknowledged before the work, never swept: the way Celery works when nobody thinks about it. It is not a setting of the
product, because nobody must be able to choose it there.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

import django
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supplychain.settings")
django.setup()

from django.db import transaction  # noqa: E402  (models need Django)
from django.db.models import F  # noqa: E402

from inventory import tasks  # noqa: E402
from inventory.ingest import process  # noqa: E402
from inventory.ingest.held import Claim, hold  # noqa: E402
from inventory.models import EvidenceState, State  # noqa: E402
from supplychain.celery import app  # noqa: E402

TASK = "tests.drills.process_this"

# A worker of the product looks into PostgreSQL when it starts, and would find all that was lost.
worker_ready.disconnect(tasks._ring_at_the_start)


@app.task(name=TASK, acks_late=False, reject_on_worker_lost=False)
def process_this(evidence_id: int) -> None:
    """Process the document that the message names, if it waits."""
    now = datetime.now(UTC)
    waiting = EvidenceState.objects.filter(pk=evidence_id, state=State.RECEIVED)
    if waiting.update(state=State.PROCESSING, attempts=F("attempts") + 1, claimed_at=now):
        with transaction.atomic():
            process._work(hold(Claim(evidence_id=evidence_id, attempt=1)), goes_on=lambda: False)
