"""`run_drill`: rehearse the incident question now, in this process, and say what came of it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from incidents.drills.running import run_drill, start_drill
from supplychain.access.actors import system_actor
from supplychain.errors import DomainError


class Command(BaseCommand):
    """Ends with 1 when the drill is not passed."""

    help = "Ask for a component that runs, with the stopwatch, and compare the answer with a count by hand."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("component", nargs="?", default="", help="a purl with its version; by default a random one")

    def handle(self, *_args: object, component: str, **_options: Any) -> None:
        try:
            drill = start_drill(component, actor=system_actor("run_drill"), at=timezone.now())
        except DomainError as error:
            raise CommandError(error.message, returncode=2) from error
        result = run_drill(drill.public_id)
        self.stdout.write(
            f"{result.component or 'nothing'}: listed {result.listed_count} running artifacts in {result.list_ms} ms, "
            f"{result.found_count} of {result.expected_count} counted by hand from {result.document_count} documents; "
            f"a block would hit {result.blocked_count} after {result.block_ms} ms"
        )
        if not result.is_passed:
            raise CommandError(f"The drill was not passed: {result.problem}")
