"""What is well and what is not, each as a sentence: settings.OPERATIONS_FINDINGS names the functions that find it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import import_string

from supplychain.ops import facts
from supplychain.ops.capacity import read_clock_skew_seconds
from supplychain.ops.health import assess_readiness
from supplychain.ops.models import OperationalFact
from supplychain.ops.processes import is_silent, read_beats

logger = logging.getLogger(__name__)

Level = Literal["good", "warning", "danger", "unknown"]

SWEEP_LATE_AFTER = timedelta(seconds=60)
MAX_PROCESSES = 1000
BACKUP_OLD_AFTER = timedelta(hours=26)
DRILL_OLD_AFTER = timedelta(days=35)
SKEW_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing somebody looked at. `at` is when it last happened, where it is about something that happens."""

    name: str
    level: Level
    text: str
    at: datetime | None = None


Finder = Callable[[datetime], Iterable[Finding]]


def find_all(at: datetime) -> list[Finding]:
    """Return every finding; one that cannot be found is unknown, and is logged."""
    return [finding for name in settings.OPERATIONS_FINDINGS for finding in _found(name, at=at)]


def of_probes(_at: datetime) -> Iterable[Finding]:
    """Show the readiness probes: what fails and is vital is red."""
    for result in assess_readiness().results:
        level: Level = "good" if result.ok else "danger" if result.vital else "warning"
        yield Finding(result.name, level, result.message or ("answers" if result.ok else "does not answer"))


def of_sweep(at: datetime) -> Iterable[Finding]:
    """Show whether the sweep runs, and so whether beat, broker and a worker do."""
    fact = facts.read_facts().get(facts.SWEEP)
    if fact is None:
        yield Finding("sweep", "danger", "has never run: beat, the broker or the workers are not there")
        return
    late = at - fact.at > SWEEP_LATE_AFTER
    text = "overdue: what lost its ring waits for it" if late else "takes over what a dead worker left"
    yield Finding("sweep", "danger" if late else "good", text, at=fact.at)


def of_processes(at: datetime) -> Iterable[Finding]:
    """Show whether workers and beat tell that they live."""
    beats = read_beats(limit=MAX_PROCESSES)
    for kind in ("worker", "beat"):
        silent = sum(beat.kind == kind and is_silent(beat, at=at) for beat in beats)
        alive = sum(beat.kind == kind for beat in beats) - silent
        level: Level = "danger" if not alive else "warning" if silent else "good"
        yield Finding(kind, level, f"{alive} alive, {silent} silent")


def of_backups(at: datetime) -> Iterable[Finding]:
    """Show the last backup and the last drill: a backup that was never restored counts as none."""
    known = facts.read_facts()
    backup, drill = known.get(facts.BACKUP), known.get(facts.RESTORE_DRILL)
    if backup is None:
        yield Finding("backup", "danger", "none was recorded")
    elif drill is None:
        yield Finding("backup", "danger", "never restored, so it counts as none", at=backup.at)
    else:
        old = at - backup.at > BACKUP_OLD_AFTER
        yield Finding("backup", "danger" if old else "good", "too old" if old else "recorded", at=backup.at)
    yield _drill_finding(drill, at=at)


def of_clock(_at: datetime) -> Iterable[Finding]:
    """Compare this machine's clock with the database's."""
    skew = read_clock_skew_seconds()
    yield Finding("clock", "warning" if abs(skew) > SKEW_SECONDS else "good", f"{skew:+.3f} s against the database's")


def _drill_finding(drill: OperationalFact | None, *, at: datetime) -> Finding:
    if drill is None:
        return Finding("restore_drill", "danger", "no restore was ever drilled")
    if not drill.details.get("ok"):
        return Finding("restore_drill", "danger", "the last one failed", at=drill.at)
    seconds = drill.details.get("seconds")
    took = f"restored and verified in {seconds:.0f} s" if isinstance(seconds, int | float) else "restored and verified"
    old = at - drill.at > DRILL_OLD_AFTER
    return Finding("restore_drill", "warning" if old else "good", f"{took}, too long ago" if old else took, at=drill.at)


def _found(name: str, *, at: datetime) -> list[Finding]:
    finder: Finder = import_string(name)
    try:
        return list(finder(at))
    except DatabaseError as error:
        logger.warning("A finding could not be found.", extra={"finder": name, "reason": type(error).__name__})
        return [Finding(name.rpartition(".")[2].removeprefix("of_"), "unknown", type(error).__name__)]
