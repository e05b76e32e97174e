"""`verify_audit`: walk the audit chain and name the first row that is not as it was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from supplychain.access import audit


class Command(BaseCommand):
    help = "Check the whole audit log. Ends with 1 and names the sequence when a row was changed, removed or added."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", help="`sequence:hash` from the log: also find rows cut off the end or rewritten")

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            expected = audit.parse_head(options["head"]) if options["head"] else None
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        verdict = audit.verify(expected=expected)
        if not verdict.is_intact:
            raise CommandError(f"The audit log is broken at sequence {verdict.broken_sequence}: {verdict.reason}.")
        self.stdout.write(f"{verdict.checked_count} rows intact; head {verdict.head or 'none'}")
