"""The way out: incident questions and pages over HTTP, and how often one asks the database."""

from __future__ import annotations

import json
import random
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from inventory.ingest.process import process_next
from tests.bench.figures import Figure, percentile
from tests.bench.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

_COMMON = """
SELECT 'pkg:' || p.type || '/' || p.name FROM inventory_package p JOIN inventory_packagereach r ON r.package_id = p.id
WHERE r.team_id IS NULL AND p.type <> 'deb'
ORDER BY abs(r.track_count - 0.05 * (SELECT max(track_count) FROM inventory_packagereach WHERE team_id IS NULL)),
         md5(p.name) LIMIT 30
"""
_UBIQUITOUS = """
SELECT 'pkg:deb/debian/' || p.name FROM inventory_package p JOIN inventory_packagereach r ON r.package_id = p.id
WHERE r.team_id IS NULL AND p.type = 'deb' ORDER BY r.track_count DESC, p.id LIMIT 8
"""
_RARE = """
SELECT c.identity FROM inventory_component c JOIN inventory_packagereach r ON r.package_id = c.package_id
WHERE r.team_id IS NULL AND r.track_count <= 2 AND c.identity NOT LIKE '%%large-%%' ORDER BY c.id DESC LIMIT 200
"""
_ANY = """
SELECT identity FROM inventory_component TABLESAMPLE SYSTEM (100)
WHERE identity NOT LIKE '%%large-%%' AND has_purl ORDER BY md5(identity) LIMIT 20000
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question: several of it, and how long one may take."""

    name: str
    bodies: tuple[bytes, ...]
    budget_ms: float | None


def kinds_of_question(*, past: datetime) -> list[Kind]:
    """Make questions about what this database holds."""
    pick = random.Random(2)
    common, ubiquitous, rare, anything = (_column(query) for query in (_COMMON, _UBIQUITOUS, _RARE, _ANY))
    ranges = [
        {"kind": "package", "purl": purl, "range": f"vers:{purl[4:].partition('/')[0]}/>=1.1.0|<1.3.0"}
        for purl in common
    ]
    campaigns = {
        size: ["\n".join(pick.sample(anything, min(size, len(anything)))) for _ in range(5)] for size in (500, 5000)
    }
    return [
        Kind("exact purl, rare", tuple(_text(purl) for purl in rare), 25),
        Kind("common package, all versions", tuple(_text(purl) for purl in common), 50),
        Kind("ubiquitous system package, all versions", tuple(_text(purl) for purl in ubiquitous), 100),
        Kind("range over a common package", tuple(_body(indicators=[one]) for one in ranges), 50),
        Kind("500 purls", tuple(_text(text) for text in campaigns[500]), 300),
        Kind("5,000 purls", tuple(_text(text) for text in campaigns[5000]), 300),
        Kind("common package, at a past instant", tuple(_text(purl, at=past.isoformat()) for purl in common), 50),
    ]


def ask(
    base: str, kinds: Sequence[Kind], *, key: str, repeats: int, factor: float = 1.0, note: str = ""
) -> list[Figure]:
    """Ask each kind one after the other, and return its p50 and p95; the first answer only warms up."""
    wire, figures = Wire(base), []
    for kind in kinds:
        bodies = [kind.bodies[number % len(kind.bodies)] for number in range(repeats)]
        answers = [
            wire.post("/api/v1/impact", body, key=key, Content_Type="application/json") for body in (bodies[0], *bodies)
        ]
        seconds = [answer.seconds for answer in answers[1:]]
        budget = None if kind.budget_ms is None else kind.budget_ms * factor
        name = f"impact: {kind.name}{note} ({_size(answers[-1].body)})"
        figures += [
            Figure(f"{name}, p50", percentile(seconds, 50) * 1000, "ms"),
            Figure(f"{name}, p95", percentile(seconds, 95) * 1000, "ms", budget),
        ]
    return figures


def pages(base: str, *, cookie: str, digests: Sequence[str], repeats: int) -> list[Figure]:
    """Open the pages people wait for, each with another subject every time."""
    wire = Wire(base, {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"})
    packages = [*_column(_UBIQUITOUS), *_column(_COMMON)]
    paths = {
        "artifact": [f"/artifacts/{digest}" for digest in digests],
        "package": [f"/packages/{quote(purl, safe='')}" for purl in packages],
        "workloads": [f"/workloads?cluster=cluster-{number:02}" for number in range(40)],
        "workloads, all clusters": ["/workloads"],
        "home": ["/"],
    }
    figures = []
    for name, choices in paths.items():
        seconds = [wire.get(choices[number % len(choices)]).seconds for number in range(repeats)]
        figures.append(Figure(f"page: {name}, p95", percentile(seconds, 95) * 1000, "ms", 200))
    return figures


def statements(kinds: Sequence[Kind], *, key: str, upload: Callable[[], None]) -> list[Figure]:
    """Count what one document and one question send to the database, in this process."""
    client = Client(headers={"authorization": f"Bearer {key}"}, SERVER_NAME="127.0.0.1")
    ingest = []
    for _ in range(9):
        upload()
        ingest.append(_cost(process_next))
    ask = {
        kind.name: _cost(partial(client.post, "/api/v1/impact", kind.bodies[-1], content_type="application/json"))
        for kind in kinds
    }
    dearest = max(ask, key=lambda name: ask[name].round_trips)
    return [
        Figure(
            "one document in the worker: SQL statements, median", percentile([c.statements for c in ingest], 50), ""
        ),
        Figure("the same: round trips, commits included", percentile([c.round_trips for c in ingest], 50), "", 4),
        Figure(f"one question ({dearest}): SQL statements", ask[dearest].statements, ""),
        Figure("the same: round trips, access and commits included", ask[dearest].round_trips, "", 8),
    ]


@dataclass(slots=True)
class _Cost:
    statements: int = 0
    round_trips: int = 0


def _cost(work: Callable[[], object]) -> _Cost:
    """Count the statements of some work, and how often it waits for the server: pipelined statements wait together."""
    cost, wait = _Cost(), psycopg.Connection.wait

    def note(execute: Callable[..., object], *arguments: object) -> object:
        cost.statements += 1
        return execute(*arguments)

    def counted(self: psycopg.Connection[Any], *arguments: Any, **options: Any) -> Any:
        cost.round_trips += 1
        return wait(self, *arguments, **options)

    with ExitStack() as stack:
        stack.enter_context(patch.object(psycopg.Connection, "wait", counted))
        for each in connections.all():
            stack.enter_context(each.execute_wrapper(note))
        work()
    return cost


def _column(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]


def _text(text: str, **more: str) -> bytes:
    return _body(text=text, **more)


def _body(**parts: object) -> bytes:
    return json.dumps(parts).encode()


def _size(answer: bytes) -> str:
    affected = json.loads(answer)["summary"]["affected"]
    return f"{affected['artifact_count']:,} artifacts, {affected['workload_count']:,} workloads"
