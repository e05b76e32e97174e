"""`run_drill`: rehearse the incident question now, in this process, and say what came of it."""

from __future__ import annotations

import time
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from incidents.drills.planting import growth_of
from incidents.drills.running import run_drill, start_drill, start_planted_drill
from supplychain.access.actors import system_actor
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from incidents.models import Drill, DrillResult

PATIENCE_SECONDS = 60.0
"""For the workers to take in what was planted."""


class Command(BaseCommand):
    """Ends with 1 when the drill is not passed."""

    help = "Ask for a component that runs, with the stopwatch, and compare the answer with a count by hand."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("component", nargs="?", default="", help="a purl with its version; by default a random one")

        parser.add_argument("--plant", action="store_true", help="plant one that exists nowhere else, and find it")

    def handle(self, *_args: object, component: str, plant: bool, **_options: Any) -> None:
        if plant and component:
            raise CommandError("A component is planted or named, not both.", returncode=2)
        actor, at = system_actor("run_drill"), timezone.now()
        try:
            drill = start_planted_drill(actor=actor, at=at) if plant else start_drill(component, actor=actor, at=at)
        except DomainError as error:
            raise CommandError(error.message, returncode=2) from error
        _let_grow(drill)
        result = run_drill(drill.public_id)
        self.stdout.write(
            f"{result.component or 'nothing'}: {_grown(result)}listed {result.listed_count} "
            f"{'planted' if drill.planted else 'running'} artifacts in {result.list_ms} ms, "
            f"{result.found_count} of {result.expected_count} counted by hand from {result.document_count} documents; "
            f"told {result.told_count} of {result.channel_count} channels; "
            f"a block would hit {result.blocked_count} after {result.block_ms} ms"
        )
        if not result.is_passed:
            raise CommandError(f"The drill was not passed: {result.problem}")


def _let_grow(drill: Drill) -> None:
    """Wait until workers have taken in what was planted, as long as a person would."""
    until = monotonic() + PATIENCE_SECONDS
    while drill.planted and growth_of(drill).waiting_count and monotonic() < until:
        time.sleep(0.2)


def _grown(result: DrillResult) -> str:
    return "" if result.searchable_ms is None else f"searchable after {result.searchable_ms} ms, "
