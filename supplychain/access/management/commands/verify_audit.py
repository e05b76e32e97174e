"""`verify_audit`: walk the audit chain and name the first row that is not as it was written."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from supplychain.access import audit
from supplychain.access.audit import AuditHead
from supplychain.access.audit_heads import parse_head, read_heads


class Command(BaseCommand):
    help = "Check the whole audit log. Ends with 1 and names the sequence when a row was changed, removed or added."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            help="`sequence:hash`, or a file of exported heads: also find an end cut off or written anew; repeatable",
        )

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            heads = [head for given in options["head"] for head in _read(given)]
        except (OSError, ValueError) as error:
            raise CommandError(str(error), returncode=2) from error
        verdict = audit.verify(heads=heads)
        if not verdict.is_intact:
            raise CommandError(f"The audit log is broken at sequence {verdict.broken_sequence}: {verdict.reason}.")
        told = f"; {len(heads)} exported heads are in it" if heads else ""
        self.stdout.write(f"{verdict.checked_count} rows intact; head {verdict.head or 'none'}{told}")


def _read(given: str) -> list[AuditHead]:
    """Take a head as one where it looks like one, else as the name of a file."""
    try:
        return [parse_head(given)]
    except ValueError:
        if not Path(given).is_file():
            raise
    return read_heads(Path(given))
