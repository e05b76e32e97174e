"""`verify_evidence`: read all evidence and name what is not as it was received; after a restore, and now and then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from inventory.store.errors import EvidenceStoreUnavailableError
from inventory.store.verifying import Verified, verify_blobs, verify_rows


class Command(BaseCommand):
    help = "Compare every stored document with its digest, and every receipt with its bytes. Ends with 1 if one is bad."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", help="Only what was stored since this time, such as 2026-11-26T12:00:00Z")

    def handle(self, **options: Any) -> None:
        since = _time(options["since"])
        try:
            blob_count, blob_bytes, bad_blobs = self._walk(verify_blobs(since=since), what="document")
            row_count, _, bad_rows = self._walk(verify_rows(since=since), what="receipt")
        except EvidenceStoreUnavailableError as error:
            raise CommandError(f"{error.message} ({error.reason})", returncode=2) from error
        self.stdout.write(f"{blob_count} documents, {blob_bytes} bytes, {row_count} receipts read")
        if bad_blobs or bad_rows:
            raise CommandError(f"{bad_blobs} documents and {bad_rows} receipts are bad; restore them from a backup.")

    def _walk(self, found: Iterable[Verified], *, what: str) -> tuple[int, int, int]:
        count = size = bad = 0
        for one in found:
            count, size = count + 1, size + one.size_bytes
            if one.problem:
                bad += 1
                self.stderr.write(f"{what} {one.name}: {one.problem}")
        return count, size, bad


def _time(text: str | None) -> datetime | None:
    """Read a time; without a zone it is UTC."""
    if text is None:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"not a time: {text!r}", returncode=2)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
