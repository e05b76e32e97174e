"""Every part of the benchmark works, on an estate of a few documents; only the large documents are left out."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from inventory.ingest.process import process_next
from tests.bench import measure
from tests.bench.estate import Estate, Scale
from tests.bench.load import load
from tests.bench.site import Site
from tests.bench.storage import LOADED

TINY = Scale("tiny", services=4, builds=24, teams=2)
TOO_LARGE = {"large documents", "large documents beside small ones"} | measure.BY_NAME_ALONE


@contextmanager
def working() -> Iterator[None]:
    """Work through the queue beside the test, as a worker would."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            if not process_next():
                over.wait(0.02)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def restarting(wanted: Path) -> Iterator[None]:
    """Say that the server was restarted whenever that is asked for."""
    over = threading.Event()

    def answer() -> None:
        while not over.wait(0.02):
            wanted.unlink(missing_ok=True)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_every_part_measures_what_it_names(live_server: LiveServer, settings, tmp_path: Path) -> None:
    settings.PUBLIC_URL = live_server.url
    estate = Estate(TINY)
    loaded = load(estate, until=datetime.now(UTC))
    (tmp_path / LOADED).write_text(json.dumps(loaded.seconds))
    with subprocess.Popen(["sleep", "600"]) as idle, working(), restarting(tmp_path / "restart-postgres"):
        site = Site(estate, tmp_path, web=idle.pid, worker=idle.pid, seconds=0.2, repeats=1, most_purls=100)

        parts = [
            measure.run_part(name, work, site=site) for name, work in measure.PARTS.items() if name not in TOO_LARGE
        ]

        idle.kill()
    assert [part.error for part in parts if part.error] == []
    assert [part.name for part in parts if not part.figures] == ["warm-up"]
    keys = [figure.key for part in parts for figure in part.figures]
    assert len(keys) == len(set(keys))
