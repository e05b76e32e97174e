"""The Celery application: a doorbell. The queue of record is the evidence row in PostgreSQL."""

from __future__ import annotations

import gc
import os

from celery import Celery, Task
from celery.signals import beat_init, task_prerun, worker_process_init, worker_process_shutdown
from django.db import connections

from supplychain import heartbeat
from supplychain.ops import log_context
from supplychain.ops.watchdog import Watchdog

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supplychain.settings")

app = Celery("supplychain")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf["CELERY_DB_REUSE_MAX"] = 10**9  # else Celery closes connections with each task; see below
app.autodiscover_tasks()
heartbeat.install(app)
app.steps["worker"].add(Watchdog)


@worker_process_init.connect
def _forget_startup_objects(**_signal: object) -> None:
    """Let the garbage collector look at documents alone, not again and again at all that was imported.

    And seldom: a document makes tens of thousands of objects and no circles.
    """
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@task_prerun.connect
def _name_the_task(task_id: str, task: Task[..., object], **_signal: object) -> None:
    """Let every log line say in which task it was written; a process does one at a time, so the next overwrites it."""
    log_context.add(task=task.name, task_id=task_id)


@task_prerun.connect
def look_after_connections(task: Task[..., object], **_signal: object) -> None:
    """Let a task go on with the connections of the one before: a new one costs as much as a small document.

    What broke meanwhile, or is older than CONN_MAX_AGE, is replaced.
    """
    if task.request.is_eager:
        return
    for kept in connections.all(initialized_only=True):
        kept.close_if_unusable_or_obsolete()
        kept.close_if_health_check_failed()


@worker_process_init.connect
def _report_the_process(**_signal: object) -> None:
    """Begin in the child that does the work, after the fork; django.setup() has run by then."""
    from supplychain.ops import reporter  # noqa: PLC0415  its tables need django.setup()

    reporter.start("worker")


@worker_process_shutdown.connect
def _report_the_end(**_signal: object) -> None:
    from supplychain.ops import reporter  # noqa: PLC0415  as above

    reporter.stop()


@beat_init.connect
def _report_beat(**_signal: object) -> None:
    from supplychain.ops import reporter  # noqa: PLC0415  as above

    reporter.start("beat")
