"""What incidents do when evidence comes: rung by the inventory, and by the clock for what no ring told of."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from incidents.drills import running
from incidents.live import asking, following
from incidents.recovery import stamping
from supplychain.access.actors import system_actor

logger = logging.getLogger(__name__)

PLANT_SECONDS = 2
"""How soon to look again for what a drill planted."""


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


@shared_task(name="incidents.tasks.run_drills")
def run_drills() -> None:
    """Run the drills that wait: rung when one is started, and by the clock for what no ring told of."""
    if running.run_waiting(timezone.now()).left_count:
        run_drills.apply_async(countdown=PLANT_SECONDS)


@shared_task(name="incidents.tasks.run_scheduled_drill")
def run_scheduled_drill() -> None:
    """Start a drill of a component that is picked at random, and run it."""
    running.start_drill("", actor=system_actor("schedule"), at=timezone.now())
    running.run_waiting(timezone.now())


def ring_drills() -> None:
    """Tell a worker that a drill waits. A broker that is away costs a minute: the clock finds it."""
    try:
        run_drills.delay()
    except (KombuError, RedisError) as error:
        logger.warning("The broker is away; a drill waits for the clock.", extra={"reason": type(error).__name__})
