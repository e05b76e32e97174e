"""The Celery application: a doorbell. The queue of record is the evidence row in PostgreSQL."""

import gc
import os

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supplychain.settings")

app = Celery("supplychain")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def _forget_startup_objects(**_signal: object) -> None:
    """Let the garbage collector look at documents alone, not again and again at all that was imported."""
    gc.freeze()
