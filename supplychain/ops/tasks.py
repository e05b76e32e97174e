"""What operations does by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from supplychain.ops import capacity, reporter
from supplychain.ops.models import Measure, ProcessBeat, SlowStatement

BEATS_KEPT_FOR = timedelta(hours=1)
MEASURES_KEPT_FOR = timedelta(days=7)
SLOW_KEPT_FOR = timedelta(days=30)


@shared_task(name="supplychain.ops.tasks.tidy")
def tidy() -> None:
    """Look at the size of the database, and forget what is too old to tell anybody anything (beat, every 10 min)."""
    reporter.gauge("database.bytes", capacity.read_database_bytes())
    remove_old(timezone.now())


def remove_old(at: datetime) -> None:
    """Remove what processes told long ago."""
    ProcessBeat.objects.filter(beat_at__lt=at - BEATS_KEPT_FOR).delete()
    Measure.objects.filter(minute__lt=at - MEASURES_KEPT_FOR).delete()
    SlowStatement.objects.filter(last_at__lt=at - SLOW_KEPT_FOR).delete()
