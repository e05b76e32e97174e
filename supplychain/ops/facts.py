"""When something last happened that nobody would miss at once: sweeps, backups, drills, exports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from supplychain.ops.models import OperationalFact

SWEEP = "sweep"
BACKUP = "backup"
RESTORE_DRILL = "restore_drill"


def record(name: str, *, at: datetime, details: Mapping[str, object] | None = None) -> None:
    """Write down that something happened now, in place of what was written before."""
    OperationalFact.objects.bulk_create(
        [OperationalFact(name=name, at=at, details=dict(details or {}))],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at", "details"],
    )


def read_facts() -> Mapping[str, OperationalFact]:
    """Return everything that was written down, by name; one statement."""
    return OperationalFact.objects.in_bulk()
