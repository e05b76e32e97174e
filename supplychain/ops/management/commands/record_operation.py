"""`record_operation backup|restore_drill`: tell the operations page that a backup was made, or a restore drilled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from supplychain.ops import facts


class Command(BaseCommand):
    help = "Record that a backup was made or a restore was drilled; /ops shows when, and is red when it is long ago."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=[facts.BACKUP, facts.RESTORE_DRILL])
        parser.add_argument("--at", help="When it ended, as 2026-03-01T12:00:00Z; now when it is left out")
        parser.add_argument("--seconds", type=float, help="How long it took")
        parser.add_argument("--failed", action="store_true", help="It did not work")
        parser.add_argument("--note", default="", help="Where the backup lies, what was wrong")

    def handle(self, **options: Any) -> None:
        at = _read_time(options["at"])
        details = {"ok": not options["failed"], "seconds": options["seconds"], "note": options["note"][:500]}
        if options["name"] == facts.BACKUP and options["failed"]:
            raise CommandError("A backup that failed is none: nothing was recorded.")
        facts.record(options["name"], at=at, details=details)
        self.stdout.write(f"{options['name']} at {at.isoformat(timespec='seconds')}")


def _read_time(text: str | None) -> datetime:
    if text is None:
        return timezone.now()
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"--at is no time: {text}")
    at = found if found.tzinfo else found.replace(tzinfo=UTC)
    if at > timezone.now():
        raise CommandError(f"--at is in the future: {text}")
    return at
