"""`detect`: look for ways in through all workflow files that are kept."""

from __future__ import annotations

from django.core.management.base import BaseCommand
from django.utils import timezone

from inventory.ingest.findings import follow_all
from supplychain.web.tags import count


class Command(BaseCommand):
    """Each version is looked at when it is applied; this is for those of before, and safe to repeat."""

    help = "Look for unpinned tools and actions in every workflow file that is kept."

    def handle(self, *_args: object, **_options: object) -> None:
        files = follow_all(at=timezone.now())
        self.stdout.write(f"{count(files, 'workflow file')} looked at.")
