"""Which processes told that they live (reporter.py)."""

from __future__ import annotations

from datetime import datetime, timedelta

from supplychain.ops.models import ProcessBeat

BEAT_SILENT_AFTER = timedelta(seconds=60)


def read_beats(*, limit: int) -> list[ProcessBeat]:
    """Return the processes that were heard within the last hour or so, by kind and machine."""
    return list(ProcessBeat.objects.order_by("kind", "host", "pid", "id")[:limit])


def is_silent(beat: ProcessBeat, *, at: datetime) -> bool:
    """Tell whether a process has said nothing for too long; one that ends on purpose takes its row away."""
    return at - beat.beat_at > BEAT_SILENT_AFTER
