"""The sealed part of a channel: its address, and the keys that sign for it. Shown once, or never."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from supplychain.access.sealing import CHANNELS, reseal, seal, unseal
from supplychain.notify.models import ChannelSecret, Purpose

if TYPE_CHECKING:
    from supplychain.notify.models import Channel

BOTH_SIGN_FOR = timedelta(hours=24)
"""After a rotation: the time a receiver has to take the new key up."""


def put(channel: Channel, purpose: Purpose, text: str, *, at: datetime, both_for: timedelta = timedelta(0)) -> None:
    """Seal a secret as the channel's newest; the one before it goes on to count for `both_for`."""
    rows = ChannelSecret.objects.filter(channel=channel, purpose=purpose, retires_at__isnull=True)
    rows.update(retires_at=at + both_for)
    sealed = seal(text, purpose=CHANNELS)
    ChannelSecret.objects.create(channel=channel, purpose=purpose, sealed=sealed, made_at=at)


def target_of(channel: Channel) -> str:
    """Return where a channel leads. Raises BrokenSealError."""
    secret = channel.secrets.get(purpose=Purpose.TARGET, retires_at__isnull=True)
    return unseal(secret.sealed, purpose=CHANNELS)


def keys_of(channel: Channel, *, at: datetime) -> list[str]:
    """Return the keys that sign now, the newest first. Raises BrokenSealError."""
    secrets = channel.secrets.filter(purpose=Purpose.SIGNING).order_by("-pk")
    return [unseal(one.sealed, purpose=CHANNELS) for one in secrets if one.retires_at is None or one.retires_at > at]


def reseal_all() -> int:
    """Seal all secrets under today's SECRET_KEY; return how many. Raises BrokenSealError, and then changes none."""
    count = 0
    with transaction.atomic():
        for secret in ChannelSecret.objects.select_for_update().order_by("pk"):
            secret.sealed = reseal(secret.sealed, purpose=CHANNELS)
            secret.save(update_fields=["sealed"])
            count += 1
    return count
