"""Tell those who listen that documents became searchable: behind the commit, and seldom, however many there are.

Who listens is named in settings (`EVIDENCE_APPLIED_TASKS`), since imports only point left. A ring carries nothing: what
is new, `EvidenceState.applied_sequence` tells, so a lost ring costs the time until the listener's own sweep.
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
"""Of one worker, while documents follow one another: a hundred of them ring as often as one."""


class _Bell:
    """When this process rang last, and whether something became searchable since."""

    def __init__(self) -> None:
        self._rung_at = float("-inf")
        self._is_owed = False

    def note(self) -> None:
        """Ring for a document, unless one rang just before: then the next, or the end of the turn, rings for it."""
        self._is_owed = True
        if monotonic() >= self._rung_at + SECONDS_BETWEEN:
            self.settle()

    def settle(self) -> None:
        """Ring for what nobody rang for yet."""
        if not self._is_owed:
            return
        self._rung_at, self._is_owed = monotonic(), False
        try:
            for name in settings.EVIDENCE_APPLIED_TASKS:
                current_app.send_task(name)
        except (KombuError, RedisError) as error:
            logger.warning("The broker is away; who listens finds what is new.", extra={"reason": type(error).__name__})


_BELL = _Bell()


def ring_for_applied(is_over: bool) -> None:  # noqa: FBT001  a callback of one argument (ingest/process.py)
    """Ring for a document that was applied; `is_over` says instead that a turn has ended."""
    if is_over:
        _BELL.settle()
    else:
        _BELL.note()
