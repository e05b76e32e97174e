"""Compare the projection of what runs with a full recount."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from inventory.ingest.running import Difference, find_differences, find_wrong_blocks, lock_exclusive, refresh_all

_SHOWN = 20


class Command(BaseCommand):
    """Exits with 1 and names what differs; `--repair` writes the projection anew, as after a restore."""

    help = "Compare what the incident answer is read from with a full recount of what runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="Write the projection anew when it differs.")

    def handle(self, *_args: object, repair: bool, **_options: Any) -> None:
        found, blocks = find_differences(), find_wrong_blocks()
        if not found and not blocks:
            self.stdout.write("What runs is joined to its SBOMs exactly as a recount joins it.")
            return
        for difference in found[:_SHOWN]:
            self.stdout.write(_line(difference))
        for track_id, block in blocks[:_SHOWN]:
            self.stdout.write(f"wrong: packed subjects of track {track_id}, block {block}")
        count = len(found) + len(blocks)
        if not repair:
            raise CommandError(f"{count} joins differ from a recount; --repair writes them anew.")
        with transaction.atomic():
            lock_exclusive()
            refresh_all()
        self.stdout.write(f"{count} joins differed; the projection has been written anew.")


def _line(difference: Difference) -> str:
    word = "missing" if difference.is_missing else "surplus"
    return (
        f"{word}: interval {difference.interval_id}, artifact {difference.artifact_id}, track {difference.track_id}, "
        f"seq {difference.seq}, certainty {difference.certainty}, teams {list(difference.teams)}"
    )
