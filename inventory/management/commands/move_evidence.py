"""`move_evidence --to s3|database`: move the bytes of all documents; begun again, it goes on where it was cut off."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inventory.models import BlobPlace
from inventory.store.errors import EvidenceStoreUnavailableError
from inventory.store.moving import move


class Command(BaseCommand):
    help = "Move the bytes of all documents between the database and object storage: write, compare, then switch."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, choices=[BlobPlace.S3.value, BlobPlace.DATABASE.value])

    def handle(self, **options: Any) -> None:
        count, size, problems = 0, 0, 0
        try:
            for moved in move(BlobPlace(options["to"])):
                if moved.problem:
                    self.stderr.write(f"{moved.digest} {moved.problem}: left where it is")
                    problems += 1
                else:
                    count, size = count + 1, size + moved.size_bytes
        except EvidenceStoreUnavailableError as error:
            raise CommandError(
                f"{count} documents moved, then the object storage was away ({error.reason}). Run it again."
            ) from error
        self.stdout.write(f"{count} documents, {size} bytes of evidence moved to {options['to']}")
        if problems:
            raise CommandError(f"{problems} documents could not be moved: restore their bytes from a backup.")
