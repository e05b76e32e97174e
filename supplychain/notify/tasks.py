"""What workers do about notifications: rung when one is published, and by the clock for what waited."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from supplychain.notify import delivering, outbox

TURN_SECONDS = 5.0


@shared_task(name="supplychain.notify.tasks.deliver")
def deliver() -> None:
    """Deliver what is due, for a turn; rings again when more is."""
    if delivering.deliver_for(TURN_SECONDS):
        deliver.delay()


@shared_task(name="supplychain.notify.tasks.sweep_deliveries")
def sweep_deliveries() -> None:
    """Ring for what is due: a try failed before, a ring was lost, a worker died (beat, every 5 s)."""
    if delivering.count_due(timezone.now()):
        outbox.ring()
