"""A file that a worker or beat touches as long as it does its work: what a container's health check looks at.

It costs no start of Django and no question to anybody, unlike `celery inspect`. A worker touches it from the loop that
takes rings from the broker, beat whenever the broker has taken one: who cannot reach the broker grows stale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import bootsteps
from celery.signals import after_task_publish
from django.conf import settings

if TYPE_CHECKING:
    from pathlib import Path

BEAT_SECONDS = 5.0


def heartbeat_file() -> Path:
    """Return the file of this process: `worker.alive` or `beat.alive` in the state folder."""
    file: Path = settings.HOME / f"{settings.PROCESS}.alive"
    return file


def beat() -> None:
    """Say that this process lives and works."""
    file = heartbeat_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch()


class WorkerHeartbeat(bootsteps.StartStopStep):
    """Touches the file from the worker's own loop, which stands still while the broker is away."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        beat()
        worker.timer.call_repeatedly(BEAT_SECONDS, beat)


def _beat_of_beat(**_signal: object) -> None:
    if settings.PROCESS == "beat":
        beat()


def install(app: Any) -> None:
    """Give an application's worker and beat their heartbeats."""
    app.steps["worker"].add(WorkerHeartbeat)
    after_task_publish.connect(_beat_of_beat, weak=False)
