"""Objects that no row names: what an upload left that was cut off, or a document that was moved back or removed."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from inventory.models import BlobPlace, EvidenceBlob
from inventory.store import locks, objects

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

logger = logging.getLogger(__name__)

KEEP_FOR = timedelta(hours=24)
FOLDERS = tuple(f"{number:02x}" for number in range(256))
_BATCH = 1000


def sweep_orphans(*, at: datetime, folders: Iterable[str] = FOLDERS) -> int:
    """Remove objects that are older than a day and that no row names; return how many.

    Raises EvidenceStoreUnavailableError. A row that is being added meanwhile is waited for.
    """
    return sum(_sweep(folder, before=at - KEEP_FOR) for folder in folders)


def folders_of_hour(at: datetime) -> tuple[str, ...]:
    """Return the share of one hour, so that a day of hourly sweeps sees every object once."""
    return FOLDERS[at.hour :: 24]


def _sweep(folder: str, *, before: datetime) -> int:
    old = [found.digest for found in objects.listed(folder) if found.written_at < before]
    named: set[str] = set()
    for start in range(0, len(old), _BATCH):
        rows = EvidenceBlob.objects.filter(digest__in=old[start : start + _BATCH], place=BlobPlace.S3)
        named.update(rows.values_list("digest", flat=True))
    return sum(_remove(digest) for digest in old if digest not in named)


def _remove(digest: str) -> bool:
    """Remove one object unless a row has come to name it; nobody can begin to while we look."""
    with transaction.atomic():
        locks.own(digest)
        if EvidenceBlob.objects.filter(digest=digest, place=BlobPlace.S3).exists():
            return False
        objects.delete(digest)
    logger.info("An object that no row names was removed.", extra={"digest": digest})
    return True
