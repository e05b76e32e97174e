"""How often one document and one question go to the database, and how much log a document writes. No clock here."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.ingest.process import process_next
from tests.bench.fairness import store
from tests.bench.figures import Figure, percentile
from tests.bench.questions import kinds_of_question
from tests.budgets.counting import counted_waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.site import Site

_DOCUMENTS = 15


def costs(site: Site) -> list[Figure]:
    """Count in this process, while the worker sleeps: nobody rings for these documents."""
    ingest, log = [], []
    services = site.traffic.choose(min(_DOCUMENTS, site.repeats))
    for number in services:  # this process has just begun: let it learn what a worker knows of its services
        store(site.traffic.upload(number))
        process_next()
    for number in services:
        upload = site.traffic.upload(number)
        before = _log_position()
        store(upload)
        ingest.append(_cost(process_next))
        log.append(_log_position() - before)
    client = Client(headers={"authorization": f"Bearer {site.key()}"}, SERVER_NAME="127.0.0.1")
    ask = {
        kind.name: _cost(partial(client.post, "/api/v1/impact", kind.bodies[-1], content_type="application/json"))
        for kind in kinds_of_question(most_purls=site.most_purls)
    }
    dearest = max(ask, key=lambda name: ask[name].round_trips)
    statements = percentile([cost.statements for cost in ingest], 50)
    trips = percentile([cost.round_trips for cost in ingest], 50)
    return [
        Figure("cost.document.statements", "one document in the worker: SQL statements, median", statements),
        Figure("cost.document.trips", "one document in the worker: round trips, commits included", trips, "", 4),
        Figure("cost.question.statements", "one question: SQL statements", ask[dearest].statements, note=dearest),
        Figure("cost.question.trips", "one question: round trips, commits included", ask[dearest].round_trips, "", 8),
        Figure("cost.document.wal", "log written for a document, median", percentile(log, 50) / 1000, "kB"),
    ]


@dataclass(frozen=True, slots=True)
class _Cost:
    statements: int
    round_trips: int


def _cost(work: Callable[[], object]) -> _Cost:
    """Count the statements of some work, and how often it waits for the server: pipelined statements wait together."""
    with ExitStack() as stack:
        waits = stack.enter_context(counted_waits())
        sent = [stack.enter_context(CaptureQueriesContext(each)) for each in connections.all()]
        work()
    return _Cost(sum(map(len, sent)), waits.count)


def _log_position() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])
