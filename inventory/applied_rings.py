"""Tell those who listen that documents became searchable: behind the commit, and seldom, however many there are.

Who listens is named in settings (`EVIDENCE_APPLIED_TASKS`), since imports only point left. A ring carries nothing: what
is new, `EvidenceState.applied_sequence` tells. So a ring that is lost, or that was not sent because one went out just
before, costs the time until the listener's own sweep. To listen costs a worker as much as a small document does: rung
for each, where documents come one by one, it was a third of the worker's processor time.
"""

from __future__ import annotations

import logging
from time import monotonic

from celery import current_app
from django.conf import settings
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 1.0
"""Of one worker: a hundred documents in that time ring as often as one."""


class Bell:
    """When one process rang last."""

    def __init__(self) -> None:
        self._rung_at = float("-inf")

    def may_ring(self, *, at: float) -> bool:
        """Tell whether to ring at a moment, and take it that somebody does."""
        if at < self._rung_at + SECONDS_BETWEEN:
            return False
        self._rung_at = at
        return True


_BELL = Bell()


def ring_for_applied() -> None:
    """Ring for a document that was applied, unless this process rang just before."""
    if not _BELL.may_ring(at=monotonic()):
        return
    try:
        for name in settings.EVIDENCE_APPLIED_TASKS:
            current_app.send_task(name)
    except (KombuError, RedisError) as error:
        logger.warning("The broker is away; who listens finds what is new.", extra={"reason": type(error).__name__})
