"""Tell the channels that name drills, through the outbox as in earnest, and measure until all of them were told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from supplychain.notify.delivering import deliver_next
from supplychain.notify.message import Message
from supplychain.notify.models import Delivery, DeliveryState
from supplychain.notify.outbox import publish

if TYPE_CHECKING:
    from incidents.models import Drill

KIND: Final = "drill.found"
WAIT_SECONDS: Final = 20.0
_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Told:
    """How many channels are marked for drills, and how many of them took the message in time."""

    channel_count: int
    told_count: int


def tell(drill: Drill, *, component: str, listed_count: int) -> Told:
    """Publish, and deliver what is due until these deliveries are over or the wait is; not inside a transaction."""
    message = Message(
        kind=KIND,
        at=timezone.now(),
        title=f"DRILL: {component} is in {listed_count} artifacts",
        text="A rehearsal. Nothing is compromised, and nothing is to be done.",
        path=f"/drills/{drill.public_id}",
        subject=str(drill.public_id),
        data={"drill": {"id": str(drill.public_id), "component": component, "listed_count": listed_count}},
        to_organisation=True,
        is_rehearsal=True,
    )
    with transaction.atomic():
        channel_count = publish(message)
    deliveries = Delivery.objects.filter(event_id=message.event_id)
    until = monotonic() + WAIT_SECONDS
    while channel_count and deliveries.filter(state=DeliveryState.WAITING).exists() and monotonic() < until:
        if not deliver_next(timezone.now()):
            time.sleep(_PAUSE_SECONDS)  # another worker has it, or its channel rests
    return Told(channel_count, deliveries.filter(state=DeliveryState.DELIVERED).count())
