"""End a worker that hears nothing any more, so that its supervisor starts another.

After the broker was restarted a Celery worker may stay connected and yet receive nothing (celery issues 8030, 10205).
From outside it looks alive. From inside it shows: it is idle, the broker answers, and documents are overdue that nobody
holds. A thread watches for that, because the worker's own loop may be what hangs.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from celery import bootsteps
from celery.worker import state
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.module_loading import import_string

from supplychain.ops.health import probe_broker

logger = logging.getLogger(__name__)

STALLED_STATUS = 70
"""The exit status of a worker that did not end by itself (EX_SOFTWARE)."""
_GRACE_SECONDS = 20.0
_LOOKS_PER_LIMIT = 6


@dataclass(slots=True)
class Watch:
    """Decides whether a worker has stalled; asked again and again."""

    limit_seconds: float
    count_tasks: Callable[[], int]
    is_busy: Callable[[], bool]
    is_work_overdue: Callable[[float], bool]
    is_broker_there: Callable[[], bool]
    _seen_count: int = 0
    _idle_since: float = 0.0

    def has_stalled(self, *, now: float) -> bool:
        """Tell whether the worker got nothing for the limit while work waits that long. Asks nobody while it works."""
        if self.is_busy() or self.count_tasks() != self._seen_count or not self._idle_since:
            self._seen_count, self._idle_since = self.count_tasks(), now
            return False
        if now - self._idle_since < self.limit_seconds:
            return False
        return self.is_broker_there() and self.is_work_overdue(self.limit_seconds)


class Watchdog(bootsteps.StartStopStep):
    """The thread beside the worker's main loop; off with WORKER_STALL_SECONDS=0."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: object) -> None:
        super().__init__(worker, **options)
        self.enabled = settings.WORKER_STALL_SECONDS > 0
        self._over = threading.Event()

    def start(self, worker: Any) -> None:
        threading.Thread(target=self._watch, args=(worker,), name="watchdog", daemon=True).start()

    def stop(self, worker: Any) -> None:  # noqa: ARG002  (Celery's word)
        self._over.set()

    def terminate(self, parent: Any) -> None:
        self.stop(parent)

    def _watch(self, worker: Any) -> None:
        watch = Watch(
            limit_seconds=settings.WORKER_STALL_SECONDS,
            count_tasks=lambda: state.all_total_count[0],
            is_busy=lambda: bool(state.active_requests),
            is_work_overdue=_is_work_overdue,
            is_broker_there=lambda: probe_broker().ok,
        )
        while not self._over.wait(watch.limit_seconds / _LOOKS_PER_LIMIT):
            if watch.has_stalled(now=monotonic()):
                self._end(worker)
                return

    def _end(self, worker: Any) -> None:
        """Ask the worker to end as an operator would; if its loop hangs, end it at once: it holds no document."""
        logger.critical("This worker hears nothing while documents wait; it ends so that another is started.")
        os.kill(os.getpid(), signal.SIGTERM)
        if not self._over.wait(_GRACE_SECONDS):
            for child in list(worker.pool._pool._pool):  # noqa: SLF001  (the prefork pool's own list)
                os.kill(child.pid, signal.SIGKILL)
            os._exit(STALLED_STATUS)


def _is_work_overdue(seconds: float) -> bool:
    """Ask the queue of record; a database that is away is nothing that another worker would change."""
    probe: Callable[[float], bool] = import_string(settings.OVERDUE_WORK_PROBE)
    try:
        return probe(seconds)
    except DatabaseError as error:
        logger.warning("The watchdog could not ask what waits.", extra={"reason": type(error).__name__})
        return False
    finally:
        connection.close()
