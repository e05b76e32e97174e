"""What incidents do when evidence comes: rung by the inventory, and by the clock for what no ring told of."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from incidents.live import asking, following
from incidents.recovery import stamping


@shared_task(name="incidents.tasks.follow_evidence")
def follow_evidence() -> None:
    """Look at what became searchable, and ask again what it touches; rings again when more waits."""
    more = following.follow(timezone.now())
    if asking.ask_what_waits(timezone.now()) or more:
        follow_evidence.delay()


@shared_task(name="incidents.tasks.stamp_recoveries")
def stamp_recoveries() -> None:
    """Stamp what is proven recovered, and what turned out not to be."""
    stamping.stamp_all(timezone.now())
