"""`convert_runtime --from docker-inspect --cluster NAME`: what another runtime lists, as deployment records."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inventory.formats.convert import CONVERTERS, convert
from inventory.formats.records import FormatError


class Command(BaseCommand):
    """Reads a file or standard input, writes standard output, asks no database and sends nothing."""

    help = "Turn what another container runtime lists into deployment records, on standard output."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", required=True, choices=sorted(CONVERTERS), dest="source")
        parser.add_argument("--cluster", required=True, help="The name that the records report")
        parser.add_argument(
            "--snapshot",
            action="store_true",
            help="Write a snapshot: the list is the whole, and what it lacks has ended",
        )
        parser.add_argument("path", nargs="?", type=Path, help="Standard input where none is given")

    def handle(self, *_args: object, **options: Any) -> None:
        data = _read(options["path"])
        try:
            converted = convert(data, source=options["source"], cluster=options["cluster"])
        except FormatError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        dated = [{**record, "observed_at": at} for record in converted.records]
        body = {"observed_at": at, "namespaces": ["*"], "records": dated} if options["snapshot"] else dated
        self.stdout.write(json.dumps(body, indent=1))
        without = len(dated) - converted.with_digest_count
        self.stderr.write(f"{len(dated)} containers, {without} without a digest: what runs in those stays unknown.")


def _read(path: Path | None) -> bytes:
    try:
        return sys.stdin.buffer.read() if path is None else path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
