"""The product's Celery application with short waits, for drills that run in the suite: nothing else is changed."""

from __future__ import annotations

import os
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supplychain.settings")
django.setup()

from inventory.ingest import held, process  # noqa: E402  (its models need Django)
from supplychain.celery import app  # noqa: E402

__all__ = ["app"]

SWEEP_SECONDS = 1.0

held.OVERDUE_AFTER = timedelta(seconds=2)
process.RETRY_AFTER = timedelta(seconds=0.5)
app.conf.beat_schedule["sweep"] |= {"schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}}
