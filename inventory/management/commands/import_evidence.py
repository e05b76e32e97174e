"""`import_evidence PATH…`: take in files, folders and zip archives; begun again, it goes on where it was cut off."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inventory.intake.importing import Import, Outcome, count_states, find_failed, waiting_count
from inventory.intake.receive import Parameters
from inventory.models import EvidenceKind, State
from inventory.store.errors import EvidenceStoreUnavailableError
from supplychain.access.actors import actor_for_key, system_actor
from supplychain.access.keys import record_use, verify_key
from supplychain.access.models import Team
from supplychain.access.scopes import Scope
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from supplychain.access.actors import Actor

BAR_WIDTH: Final = 30
SHOWN: Final = 20
_ABOUT_ONE: Final = ("artifacts", "name")
_TEXTS: Final = ("name", "repository", "commit", "cluster", "environment")


class Command(BaseCommand):
    """The same intake as an upload's: same limits, audit lines, bindings of the key, and repeats."""

    help = "Take in files, folders and zip archives. Ends with 1 if anything was refused, with 2 if it was cut off."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--team", help="In whose name, by the command itself")
        who.add_argument(
            "--key-file", help="In whose name, by the key in this file (`-`: standard input), with its bindings"
        )
        parser.add_argument("--kind", default="", choices=EvidenceKind.values, help="Refuse what is something else")
        parser.add_argument(
            "--artifact", action="append", default=[], dest="artifacts", help="Of one document; repeatable"
        )
        for name in _TEXTS:
            parser.add_argument(f"--{name}", default="")
        parser.add_argument("--keep-zips", action="store_true", help="Take a zip as one document (an OSV export)")
        parser.add_argument(
            "--wait",
            type=float,
            default=60.0,
            metavar="SECONDS",
            help="Give up when no worker ends a document for so long",
        )

    def handle(self, *_args: object, **options: Any) -> None:
        work = _import(options)
        progress = Progress(total=work.count(), say=self._draw)
        if progress.total > 1 and any(options[name] for name in _ABOUT_ONE):
            raise CommandError("--artifact and --name are of one document; these are several.", returncode=2)
        taken = self._take_in(work, progress=progress)
        states = self._wait(taken, progress=progress, patience=options["wait"])
        self._sum_up(taken, states=states)

    def _take_in(self, work: Import, *, progress: Progress) -> list[Outcome]:
        taken: list[Outcome] = []
        try:
            for outcome in work.run():
                taken.append(outcome)
                progress.show("taken in", len(taken))
        except EvidenceStoreUnavailableError as error:
            raise CommandError(f"Taken in: {len(taken)}. Then: {error.message} Run it again.", returncode=2) from error
        return taken

    def _wait(self, taken: list[Outcome], *, progress: Progress, patience: float) -> Counter[str]:
        """Follow the documents until each has come to its end, or none does any more."""
        ids = [outcome.evidence_id for outcome in taken if outcome.evidence_id is not None]
        states = count_states(ids)
        moved_at = time.monotonic()
        while (left := waiting_count(states)) and time.monotonic() - moved_at < patience:
            progress.show("read", len(taken) - left)
            time.sleep(0.5)
            before, states = states, count_states(ids)
            if states != before:
                moved_at = time.monotonic()
        progress.end("read", len(taken) - waiting_count(states))
        return states

    def _sum_up(self, taken: list[Outcome], *, states: Counter[str]) -> None:
        """Say what became of all; the end of the process says whether anything was refused."""
        stored = [outcome for outcome in taken if outcome.evidence_id is not None]
        refused = [outcome for outcome in taken if outcome.is_refused]
        new = sum(outcome.is_new for outcome in stored)
        skipped = len(taken) - len(stored) - len(refused)
        self.stdout.write(
            f"{len(taken)} found: {new} new, {len(stored) - new} received before, "
            f"{len(refused)} refused, {skipped} skipped"
        )
        self.stdout.write("documents: " + (", ".join(f"{n} {state}" for state, n in sorted(states.items())) or "none"))
        failed = states[State.REJECTED] + states[State.QUARANTINED]
        self._name_problems(refused, stored=stored, failed=failed)
        if waiting_count(states):
            self.stderr.write("Some still wait: they are stored, and a worker will read them. Is one running?")
        if refused or failed:
            raise CommandError(f"{len(refused)} refused, {failed} could not be read.")

    def _name_problems(self, refused: list[Outcome], *, stored: list[Outcome], failed: int) -> None:
        lines = [f"refused {outcome.name}: {outcome.code}: {outcome.message}" for outcome in refused]
        if failed:
            known = {outcome.evidence_id: outcome for outcome in stored}
            for one in find_failed(known[key].evidence_id or 0 for key in known):
                outcome = known[one.evidence_id]
                lines.append(f"rejected {outcome.name} ({outcome.public_id}): {one.code}: {one.message}")
        for line in lines[:SHOWN]:
            self.stderr.write(line)
        if len(lines) > SHOWN:
            self.stderr.write(f"and {len(lines) - SHOWN} more: GET /api/v1/evidence?state=rejected")

    def _draw(self, line: str, ending: str) -> None:
        self.stderr.write(line, style_func=str, ending=ending)  # not in red: it is no error
        self.stderr.flush()


@dataclass(slots=True)
class Progress:
    """A bar on a terminal; elsewhere a line now and then, and one at the end."""

    total: int
    say: Callable[[str, str], None]
    is_terminal: bool = field(default_factory=sys.stderr.isatty)
    _told_at: float = 0.0
    _width: int = 0
    """Characters of the line that the next one is written over."""

    def show(self, what: str, count: int) -> None:
        now = time.monotonic()
        if now - self._told_at < (0.2 if self.is_terminal else 10):
            return
        self._told_at = now
        self._draw(what, count)

    def end(self, what: str, count: int) -> None:
        """Draw the last step, however soon it follows the one before, and leave the line."""
        if self._told_at:
            self._draw(what, count)
        if self._told_at and self.is_terminal:
            self.say("", "\n")

    def _draw(self, what: str, count: int) -> None:
        text = f"{count:,} of {self.total:,} {what}"
        if self.is_terminal:
            done = BAR_WIDTH * min(count, self.total) // max(1, self.total)
            text = f"[{'#' * done}{'.' * (BAR_WIDTH - done)}] {text}"
            self.say("\r" + text.ljust(self._width), "")
            self._width = len(text)
        else:
            self.say(text, "\n")


def _import(options: dict[str, Any]) -> Import:
    actor, team_id = _sender(options)
    parameters = Parameters(
        kind=options["kind"], artifacts=tuple(options["artifacts"]), **{name: options[name] for name in _TEXTS}
    )
    try:
        parameters.cleaned()
    except DomainError as error:
        raise CommandError(error.message, returncode=2) from error
    missing = [str(path) for path in options["paths"] if not path.exists()]
    if missing:
        raise CommandError(f"There is no {', '.join(missing)}.", returncode=2)
    return Import(options["paths"], actor, team_id, parameters, keep_zips=options["keep_zips"])


def _sender(options: dict[str, Any]) -> tuple[Actor, int]:
    if options["team"]:
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            raise CommandError("There is no such team. `create_key --team …` makes one.", returncode=2)
        return system_actor("import_evidence"), team.pk
    text = sys.stdin.readline() if options["key_file"] == "-" else _read_key(Path(options["key_file"]))
    at = datetime.now(UTC)
    key = verify_key(text.strip(), at=at)
    if key is None or Scope.EVIDENCE_WRITE not in key.scopes:
        raise CommandError("The key is unknown, revoked or expired, or may not send evidence.", returncode=2)
    record_use(key, at=at)
    return actor_for_key(key), key.team_id


def _read_key(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from error
