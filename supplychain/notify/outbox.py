"""Publish: one row for each channel that a message is for, in the transaction of what it tells.

So nothing is told that did not happen, and nothing that happened stays untold: what the transaction commits, a worker
delivers, whatever dies in between.
"""

from __future__ import annotations

import logging
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from supplychain.notify.models import Channel, Delivery

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from supplychain.access.audit import JSON
    from supplychain.notify.message import Message

logger = logging.getLogger(__name__)

DELIVER = "supplychain.notify.tasks.deliver"
MAX_SUBJECT, MAX_TITLE, MAX_TEXT = 200, 300, 4_000


def publish(*messages: Message) -> int:
    """Queue messages for the channels whose filters let them through, and return how many deliveries that makes.

    One statement to look, one to write. Inside the caller's transaction; a worker is told behind its commit.
    """
    channels = _candidates(messages)
    deliveries = [
        _delivery(message, channel=channel)
        for message in messages
        for channel in channels
        if _is_for(message, channel) and is_let_through(message, channel)
    ]
    if deliveries:
        Delivery.objects.bulk_create(deliveries)
        transaction.on_commit(ring)
    return len(deliveries)


def has_listeners(team_ids: Collection[int]) -> bool:
    """Say whether any channel of the organisation or of these teams is open: what nobody hears needs no words."""
    whose = Q(team__isnull=True) | Q(team__in=sorted(team_ids))
    return Channel.objects.filter(whose, is_paused=False, ended_at__isnull=True).exists()


def is_let_through(message: Message, channel: Channel) -> bool:
    """Say whether a channel's filters let a message through. What is not known is never kept back.

    Who listens to everything listens to no rehearsal: nobody is called at night for what is none.
    """
    if message.is_rehearsal and not any(wanted.startswith(_family(message.kind)) for wanted in channel.event_kinds):
        return False
    if channel.event_kinds and not any(fnmatchcase(message.kind, wanted) for wanted in channel.event_kinds):
        return False
    if channel.severities and message.severity and message.severity not in channel.severities:
        return False
    if channel.only_production and message.is_production is False:
        return False
    return not (
        channel.environments
        and message.environments is not None
        and not message.environments.intersection(channel.environments)
    )


def _family(kind: str) -> str:
    """Return what the patterns begin with that name a kind of event: `drill.`."""
    return f"{kind.partition('.')[0]}."


def body_of(message: Message) -> dict[str, JSON]:
    """Return the event as a webhook's body."""
    return {
        "id": str(message.event_id),
        "type": message.kind,
        "occurred_at": message.at.isoformat().replace("+00:00", "Z"),
        "title": message.title[:MAX_TITLE],
        "text": message.text[:MAX_TEXT],
        "url": f"{settings.PUBLIC_URL}{message.path}",
        "severity": message.severity or None,
        "environments": None if message.environments is None else sorted(message.environments),
        "in_production": message.is_production,
        "data": dict(message.data),
    }


def delivery_for(message: Message, channel: Channel) -> Delivery:
    """Queue a message for one channel, whatever its filters; what its test button sends."""
    delivery = _delivery(message, channel=channel)
    delivery.save(force_insert=True)
    transaction.on_commit(ring)
    return delivery


def ring() -> None:
    """Tell a worker that something is to be delivered; the sweep finds what no ring told of."""
    try:
        current_app.send_task(DELIVER)
    except (KombuError, RedisError) as error:
        logger.warning("The broker is away; notifications wait for the sweep.", extra={"reason": type(error).__name__})


def _candidates(messages: Iterable[Message]) -> list[Channel]:
    teams = {team for message in messages for team in message.team_ids}
    whose = Q(team__in=sorted(teams))
    if any(message.to_organisation for message in messages):
        whose |= Q(team__isnull=True)
    return list(Channel.objects.filter(whose, is_paused=False, ended_at__isnull=True).order_by("pk"))


def _is_for(message: Message, channel: Channel) -> bool:
    return message.to_organisation if channel.team_id is None else channel.team_id in message.team_ids


def _delivery(message: Message, *, channel: Channel) -> Delivery:
    return Delivery(
        channel=channel,
        event_id=message.event_id,
        kind=message.kind,
        subject=message.subject[:MAX_SUBJECT],
        title=message.title[:MAX_TITLE],
        body=body_of(message),
        due_at=message.at,
        created_at=message.at,
    )
