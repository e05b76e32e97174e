"""`load_demo`: send the demo estate to a running server, as its pipelines and clusters would have."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inventory.ingest.upkeep import set_cluster
from inventory.management.demo_access import RESPONDER_KEY, DemoState, make_access, read_state, write_state
from inventory.management.demo_client import FINAL_STATES, GOOD_STATES, Server, ServerRefusedError
from inventory.management.demo_estate import PHASES, Estate, Upload
from inventory.management.demo_trust import trust_demo
from inventory.models import Cluster
from supplychain.access.actors import system_actor

PROGRESS_SECONDS = 1.5
PATIENCE_SECONDS = 300.0
RECEIPTS_A_LOOK = 20
ESTATE = settings.BASE_DIR / "tests" / "data" / "demo"
HISTORY = timedelta(days=60)
NO_AGENT_INTERVAL_SECONDS = 365 * 24 * 3600
"""The demo's live clusters have no agent that reports again, so they declare an interval they can keep."""


class Command(BaseCommand):
    help = "Load the demo estate through the upload API of a running server; a second time changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base", default=settings.PUBLIC_URL, help="Address of the running server")

    def handle(self, *_args: object, **options: Any) -> None:
        if not ESTATE.is_dir():
            raise CommandError(f"The demo estate is not in this installation: {ESTATE} is missing.")
        estate = Estate(ESTATE)
        server = Server(options["base"])
        try:
            state = _state_for(server, estate=estate)
            if state.is_loaded:
                self.stdout.write(f"Demo estate: {estate.company} is loaded already.")
                return
            trust_demo(ESTATE, actor=system_actor("load_demo"), at=timezone.now())
            Loading(server=server, keys=state.keys, say=self._say).run(list(estate.uploads(at=state.at)))
        except ServerRefusedError as error:
            raise CommandError(f"The server refused the demo estate: {error}") from error
        except OSError as error:
            raise CommandError(f"No answer from {options['base']}: {error}") from error
        _date_clusters(estate, at=state.at)
        write_state(settings.HOME, state.loaded())

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


@dataclass(slots=True)
class Loading:
    """One load: sends phase after phase, waits for the receipts of each, and says how far it is."""

    server: Server
    keys: dict[str, str]
    say: Callable[[str], None]
    told_at: float = field(default_factory=time.monotonic)

    def run(self, uploads: list[Upload]) -> None:
        for phase in PHASES:
            of_phase = [upload for upload in uploads if upload.phase == phase]
            self.say(f"Demo estate: sending {len(of_phase)} {phase}")
            receipts: dict[str, Upload] = {}
            for number, upload in enumerate(of_phase, start=1):
                answer = self.server.send(upload.method, upload.path, key=self.keys[upload.sender], body=upload.body)
                receipts[answer.body["url"]] = upload
                self._tell(f"Demo estate: sent {number} of {len(of_phase)} {phase}")
            self._wait(receipts, phase=phase)

    def _wait(self, receipts: dict[str, Upload], *, phase: str) -> None:
        """Wait until the server has applied every receipt. Raises CommandError for one that it could not."""
        waiting = dict(receipts)
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while waiting:
            # A few at a time, whichever: the server takes turns among teams, so the first sent is not the first done.
            for url in list(waiting)[:RECEIPTS_A_LOOK]:
                upload = waiting.pop(url)
                if not self._is_applied(url, upload=upload):
                    waiting[url] = upload
            self._tell(f"Demo estate: {len(receipts) - len(waiting)} of {len(receipts)} {phase} applied")
            if waiting and time.monotonic() > give_up_at:
                raise CommandError(
                    f"{len(waiting)} {phase} were not applied within {PATIENCE_SECONDS:.0f} s: is a worker running?"
                )
            if waiting:
                time.sleep(0.2)
        self.say(f"Demo estate: {len(receipts)} {phase} applied")

    def _is_applied(self, url: str, *, upload: Upload) -> bool:
        receipt = self.server.send("GET", url, key=self.keys[upload.sender]).body
        if receipt["state"] in FINAL_STATES and receipt["state"] not in GOOD_STATES:
            raise CommandError(f"{upload.label} was {receipt['state']}: {receipt['error']}")
        return receipt["state"] in GOOD_STATES

    def _tell(self, line: str) -> None:
        now = time.monotonic()
        if now - self.told_at >= PROGRESS_SECONDS:
            self.told_at = now
            self.say(line)


def _state_for(server: Server, *, estate: Estate) -> DemoState:
    """Return the state of this database's demo: the kept one when the server knows its keys, else a new one.

    A database that holds the clusters already was loaded by another state folder: its history is not sent again.
    """
    state = read_state(settings.HOME)
    if state is not None and server.accepts(state.keys[RESPONDER_KEY]):
        return state
    names = [cluster.name for cluster in estate.clusters]
    state = make_access(estate, at=timezone.now().replace(microsecond=0))
    if Cluster.objects.filter(name__in=names).count() == len(names):
        state = state.loaded()
    write_state(settings.HOME, state)
    return state


def _date_clusters(estate: Estate, *, at: datetime) -> None:
    """Set what uploads of one minute cannot say: a cluster's settings, since when it is known, when it fell silent."""
    for cluster in estate.clusters:
        set_cluster(
            cluster.name,
            environment=cluster.environment,
            report_interval_seconds=None if cluster.silent_for else NO_AGENT_INTERVAL_SECONDS,
            actor=system_actor("load_demo"),
            at=timezone.now(),
        )
        # The past of sixty days arrived in this minute, which is nothing that anybody could say of a real cluster.
        row = Cluster.objects.filter(name=cluster.name)
        row.update(first_heard_at=at - HISTORY)
        if cluster.silent_for:
            row.update(last_heard_at=at - cluster.silent_for)
