"""Deliver what is due: at least once, each try on record, with an end.

A try is counted and its time moved on in a commit of its own before anything is sent, so a worker that dies over it
costs a wait and no message. What was sent and not yet written down is sent again: receivers know it by `Webhook-Id`.
"""

from __future__ import annotations

import json
import logging
import smtplib
from datetime import datetime, timedelta
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from supplychain.access.sealing import BrokenSealError
from supplychain.notify import shapes
from supplychain.notify.addresses import BadTargetError, read_target
from supplychain.notify.models import Channel, ChannelKind, Delivery, DeliveryAttempt, DeliveryState
from supplychain.notify.post import SECONDS, Answer, post
from supplychain.notify.secrets import keys_of, target_of
from supplychain.notify.signing import signed_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""After it a try that nobody wrote down is another worker's: longer than a try can take."""
MAX_ATTEMPTS = 10
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=15), timedelta(hours=6)
_GONE = 410


def deliver_for(seconds: float) -> bool:
    """Deliver what is due, for a turn; True when the turn ended before the outbox did."""
    until = monotonic() + seconds
    while monotonic() < until:
        if not deliver_next(timezone.now()):
            return False
    return True


def deliver_next(at: datetime) -> bool:
    """Try one delivery that is due; False when none is."""
    delivery = _claim(at)
    if delivery is None:
        return False
    began = perf_counter()
    answer = _send(delivery, at=at)
    _write_down(delivery, answer, at=at, seconds=perf_counter() - began)
    return True


def count_due(at: datetime) -> int:
    """Count what is due."""
    return _due(at).count()


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failures: 15 s, doubled each time, six hours at most."""
    return min(_FIRST_WAIT * float(2 ** (attempts - 1)), _LONGEST_WAIT)


def _due(at: datetime) -> QuerySet[Delivery]:
    resting = Q(channel__rests_until__isnull=False, channel__rests_until__gt=at)
    return Delivery.objects.filter(
        ~resting, state=DeliveryState.WAITING, due_at__lte=at, channel__is_paused=False, channel__ended_at__isnull=True
    )


def _claim(at: datetime) -> Delivery | None:
    """Take the delivery that is due longest, count the try, and let nobody else have it for a while.

    Of a channel one is tried at a time: a receiver that hangs holds up one worker, not all.
    """
    with transaction.atomic():
        delivery: Delivery | None = (
            _due(at)
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("channel")
            .order_by("due_at", "pk")
        ).first()
        if delivery is None:
            return None
        delivery.attempt_count += 1
        delivery.due_at = at + LEASE
        delivery.save(update_fields=["attempt_count", "due_at"])
        Channel.objects.filter(pk=delivery.channel_id).update(rests_until=at + LEASE)
    return delivery


def _send(delivery: Delivery, *, at: datetime) -> Answer:
    channel = delivery.channel
    try:
        target = target_of(channel)
        if channel.kind == ChannelKind.EMAIL:
            return _send_mail(delivery, target)
        body, headers = _request(delivery, at=at)
        return post(read_target(target), body, headers=headers)
    except BrokenSealError:
        return Answer(None, "its address or key was sealed under another SECRET_KEY: set it again")
    except BadTargetError as error:
        return Answer(None, error.message[:200])


def _request(delivery: Delivery, *, at: datetime) -> tuple[bytes, Mapping[str, str]]:
    channel, event = delivery.channel, delivery.body
    if channel.kind == ChannelKind.SLACK:
        return json.dumps(shapes.slack(event)).encode(), {}
    if channel.kind == ChannelKind.TEAMS:
        return json.dumps(shapes.teams(event)).encode(), {}
    body = json.dumps(event, separators=(",", ":")).encode()
    return body, signed_headers(delivery.event_id, body, keys=keys_of(channel, at=at), at=at)


def _send_mail(delivery: Delivery, target: str) -> Answer:
    subject, text = shapes.mail(delivery.body)
    headers = {"Message-ID": f"<{delivery.event_id}.{delivery.channel.public_id}@notify>"}
    message = EmailMessage(subject, text, settings.MAIL_FROM, target.split(","), headers=headers)
    try:
        message.connection = get_connection(timeout=SECONDS, fail_silently=False)
        message.send()
    except smtplib.SMTPException as error:
        return Answer(None, f"the mail server refused it: {type(error).__name__}")
    except OSError as error:
        return Answer(None, f"no mail server: {type(error).__name__}")
    return Answer(None, "")


def _write_down(delivery: Delivery, answer: Answer, *, at: datetime, seconds: float) -> None:
    is_last = delivery.attempt_count >= MAX_ATTEMPTS or answer.status == _GONE
    wait = wait_after(delivery.attempt_count)
    with transaction.atomic():
        DeliveryAttempt.objects.bulk_create(
            [
                DeliveryAttempt(
                    delivery=delivery,
                    number=delivery.attempt_count,
                    at=at,
                    took_ms=round(seconds * 1000),
                    status=answer.status,
                    problem=answer.problem[:200],
                )
            ],
            ignore_conflicts=True,
        )
        rows = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING)
        channel = Channel.objects.filter(pk=delivery.channel_id)
        if answer.is_taken:
            rows.update(state=DeliveryState.DELIVERED, ended_at=at, last_problem="")
            channel.update(rests_until=None, failure_count=0)
        else:
            ended = {"state": DeliveryState.GIVEN_UP, "ended_at": at} if is_last else {"due_at": at + wait}
            rows.update(last_problem=answer.problem[:200], **ended)
            channel.update(rests_until=at + wait, failure_count=F("failure_count") + 1)
    level = logging.INFO if answer.is_taken else logging.WARNING
    logger.log(
        level,
        "A notification was delivered." if answer.is_taken else "A notification was not delivered.",
        extra={
            "delivery": str(delivery.public_id),
            "channel": str(delivery.channel.public_id),
            "attempt": delivery.attempt_count,
            "status": answer.status,
            "reason": answer.problem,
        },
    )
