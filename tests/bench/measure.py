"""Measure a running site: `./run bench` starts one with servers of its own and calls this beside it."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from inventory.intake.body import BodyLimits
from inventory.intake.receive import Parameters, Submission, receive
from supplychain.access.actors import system_actor
from supplychain.access.models import Team, User
from tests.bench import ingest, questions
from tests.bench.estate import TEAMS, Build, Estate
from tests.bench.figures import CHECKOUT, Figure, machine, table, write
from tests.bench.processes import postgres_of
from tests.bench.wire import Crew

_STORAGE = """
SELECT (SELECT sum(s.distinct_count)::float8 FROM inventory_snapshot s),
       (SELECT count(*) FROM inventory_presence),
       pg_total_relation_size('inventory_presence') + pg_total_relation_size('inventory_track'),
       pg_total_relation_size('inventory_snapshot') + pg_total_relation_size('inventory_snapshotsubject'),
       pg_database_size(current_database())
"""


def main() -> int:
    """Measure everything in turn, print the table and write docs/benchmarks.md."""
    options = _options()
    bench = Bench(options)
    bench.measure()
    text = f"{bench.title}\n\n{table(bench.figures)}"
    print(text)
    write(CHECKOUT / "docs" / "benchmarks.md", text)
    return 0


class Bench:
    """One measurement: an estate, the site it is sent to, and the figures so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._base = settings.PUBLIC_URL
        self._estate = Estate(services=options.services)
        self._keys = {f"team-{number}": _key(f"team-{number}", "evidence:write") for number in range(TEAMS)}
        self._platform = _key("platform", "evidence:write", "inventory:read", "incidents:read", "--sees-all-teams")
        self._processes = {
            "web": options.web,
            "worker": options.worker,
            "PostgreSQL": postgres_of(Path(options.folder)),
        }
        self._started = machine()
        self.figures: list[Figure] = []

    @property
    def title(self) -> str:
        """What was measured, where and when."""
        options = self._options
        return f"{self._started}. `./run bench --services {options.services} --documents {options.documents}`"

    def measure(self) -> None:
        """Fill the site, then ask it."""
        self._warm_up()
        builds = list(self._estate.builds(self._options.documents))
        rate = self._load(builds)
        records = self._estate.reports(builds, until=datetime.now(UTC))
        self._tell("reporting what runs")
        self._add(ingest.deploy(self._base, records, key=self._platform))
        self._storage()
        self._ask(builds, rate=rate)
        self._tell("large documents")
        for count, queryable, memory in ((10_000, 2, 300), (100_000, 20, 500)):
            self._add(
                ingest.large(
                    self._base,
                    count,
                    key=self._platform,
                    worker=self._options.worker,
                    queryable=queryable,
                    memory=memory,
                )
            )

    def _warm_up(self) -> None:
        """Let every process load what it needs, with another estate: a start is no load."""
        folder = Path(self._options.folder) / "documents"
        documents = ingest.spool(list(Estate(services=4, seed=2).builds(24)), folder, keys=self._keys)
        Crew(self._base, clients=ingest.CLIENTS).run(document.send for document in documents)
        ingest.wait_until_idle()

    def _load(self, builds: list[Build]) -> float:
        folder = Path(self._options.folder) / "documents"
        self._tell(f"sending {len(builds)} documents")
        documents = ingest.spool(builds, folder, keys=self._keys)
        components = sum(build.component_count for build in builds)
        rate, figures = ingest.sustained(self._base, documents, components=components, processes=self._processes)
        self._add([Figure("components in a document, mean", components / len(builds), ""), *figures])
        self._tell(f"half load for {self._options.seconds} s")
        more = list(self._estate.builds(max(20, int(rate / 2 * self._options.seconds))))
        self._add(ingest.half_load(self._base, ingest.spool(more, folder, keys=self._keys), rate=rate))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        return rate

    def _storage(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute(_STORAGE)
            edges, rows, graph, points, database = cursor.fetchone()
        self._add(
            [
                Figure("edges (artifact, component) stored", edges, ""),
                Figure("edges for each row of presence", edges / rows, ""),
                Figure("storage: presence, tracks and their indexes", graph / edges, "bytes/edge", 8),
                Figure("storage: snapshots, subjects, paths", points / edges, "bytes/edge"),
                Figure("storage: the whole database with raw documents", database / edges, "bytes/edge"),
            ]
        )

    def _ask(self, builds: list[Build], *, rate: float) -> None:
        kinds = questions.kinds_of_question(past=datetime.now(UTC) - timedelta(days=50))
        self._tell("asking")
        self._add(questions.ask(self._base, kinds, key=self._platform, repeats=self._options.repeats))
        digests = [build.digest for build in builds[:: max(1, len(builds) // 40)]]
        self._add(questions.pages(self._base, cookie=_session(), digests=digests, repeats=self._options.repeats))
        self._add(questions.statements(kinds, key=self._platform, upload=self._store_one))
        self._tell("asking while two workers ingest")
        self._add(self._ask_beside_ingest(kinds, rate=rate))

    def _ask_beside_ingest(self, kinds: list[questions.Kind], *, rate: float) -> list[Figure]:
        """Ask while documents arrive at half of the sustained rate."""
        over = threading.Event()
        documents = list(self._estate.builds(200))
        spooled = ingest.spool(documents, Path(self._options.folder) / "documents", keys=self._keys)
        crew = Crew(self._base, clients=2, per_second=rate / 2)
        sender = threading.Thread(
            target=lambda: crew.run(one.send for one in spooled if not over.is_set()), daemon=True
        )
        sender.start()
        figures = questions.ask(
            self._base,
            kinds,
            key=self._platform,
            repeats=max(5, self._options.repeats // 3),
            factor=1.5,
            note=", ingesting",
        )
        over.set()
        sender.join()
        ingest.wait_until_idle()
        return figures

    def _store_one(self) -> None:
        build = next(self._estate.builds(1))
        submission = Submission([build.document], parameters=Parameters(artifacts=(build.digest,)))
        team = Team.objects.get(slug=build.team)
        limits = BodyLimits(raw_bytes=settings.MAX_UPLOAD_BYTES, inflated_bytes=settings.MAX_INFLATED_BYTES)
        receive(submission, actor=system_actor("bench"), team_id=team.pk, at=datetime.now(UTC), limits=limits)

    def _add(self, figures: list[Figure]) -> None:
        self.figures += figures
        for figure in figures:
            print(f"    {figure.row()}", file=sys.stderr, flush=True)

    def _tell(self, what: str) -> None:
        print(f"==> {what} (load average {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)


def _key(team: str, *scopes: str) -> str:
    output = StringIO()
    flags = [scope for scope in scopes if scope.startswith("--")]
    named = ",".join(scope for scope in scopes if not scope.startswith("--"))
    call_command("create_key", "--team", team, "--scopes", named, *flags, stdout=output)
    return output.getvalue().strip()


def _session() -> str:
    """Return the cookie of a responder who is signed in."""
    call_command("create_user", "--username", "bench", "--organisation-role", "responder", stdout=StringIO())
    client = Client()
    client.force_login(User.objects.get(username="bench"))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--services", type=int, default=60, help="services that evolve (60)")
    parser.add_argument("--documents", type=int, default=600, help="SBOMs sent as fast as the site takes them (600)")
    parser.add_argument("--seconds", type=int, default=15, help="time at half load (15)")
    parser.add_argument("--repeats", type=int, default=30, help="times each question is asked (30)")
    parser.add_argument("--keep", action="store_true", help="leave the state folder")
    parser.add_argument("--web", type=int, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--worker", type=int, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--folder", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()
