"""The way out: incident questions over HTTP, warm, cold and beside ingest."""

from __future__ import annotations

import json
import os
import threading
import time
from itertools import cycle, islice, product
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, percentile
from tests.bench.ingest import seconds_until_applied
from tests.bench.processes import core_seconds, core_seconds_between
from tests.bench.questions import Kind, kinds_of_question
from tests.bench.wire import Crew, Reply, Wire

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.bench.site import Site

_COLD_MS = 1_000
_COLD_REPEATS = 3
_COLD_SECONDS = 45.0
"""A restart takes 3 to 12 s, and a whole run is to fit in 10 minutes: each kind is asked once, then again till then."""
_BESIDE_FACTOR = 1.5
_BESIDE_SECONDS = 3.0
"""What comes beside a short question changes from second to second: thirty of them in half a second tell of that."""
_ENOUGH = 5


def warm(site: Site) -> list[Figure]:
    """Ask every kind when its pages are in memory: each question once before it counts."""
    kinds = kinds_of_question(most_purls=site.most_purls)
    for kind in kinds:
        _ask(site, kind, count=min(len(kind.bodies), site.repeats))
    return [figure for kind in kinds for figure in _figures(kind, _ask(site, kind, count=site.repeats))]


def beside_ingest(site: Site) -> list[Figure]:
    """Ask while documents arrive at half of the sustained rate, for two workers: each once before it counts, as alone.

    Of what arrives meanwhile much is shown for the first time, and counts.
    """
    over = threading.Event()
    spooled = site.spool(site.traffic.uploads(int(site.rate / 2 * site.seconds * 5)))
    crew = Crew(site.base, clients=2, per_second=site.rate / 2)
    sender = threading.Thread(target=lambda: crew.run(one.send for one in spooled if not over.is_set()), daemon=True)
    kinds = kinds_of_question(most_purls=site.most_purls)
    site.mark()
    sender.start()
    for kind in kinds:
        _ask(site, kind, count=min(len(kind.bodies), site.repeats))
    figures, before = list[Figure](), _core_seconds(site)
    begun = time.time()
    for kind in kinds:
        replies = _ask(site, kind, count=site.repeats, seconds=_BESIDE_SECONDS)
        figures += _figures(kind, replies, factor=_BESIDE_FACTOR, suffix="beside", note="while two workers ingest")
    still_sending = sender.is_alive()
    figures += [*_waits(before, _core_seconds(site)), *_rate(site, since=begun)]
    over.set()
    sender.join()
    site.wait_until_idle()
    if not still_sending:
        figures.append(Figure("impact.beside.short", "the documents ran out before the questions", 1))
    return figures


def _core_seconds(site: Site) -> dict[str, dict[int, tuple[float, float]]]:
    return {name: core_seconds(processes) for name, processes in site.groups.items()}


def _waits(
    before: dict[str, dict[int, tuple[float, float]]], after: dict[str, dict[int, tuple[float, float]]]
) -> list[Figure]:
    """Say how long each group was ready and waited for a core, for a second that it ran."""
    figures = []
    for name, earlier in before.items():
        ran, waited = core_seconds_between(earlier, after[name])
        what = f"while two workers ingest: wait for a core, for a second on one: {name}"
        figures.append(Figure(f"impact.beside.wait.{name}", what, waited / max(ran, 0.001), "s", note=f"{ran:.1f} s"))
    return figures


def _rate(site: Site, *, since: float) -> list[Figure]:
    """Say how many documents a second came in and were applied meanwhile."""
    elapsed, applied = time.time() - since, seconds_until_applied(since=since)
    figures = [
        Figure("impact.beside.sent", "while questions are asked: documents sent", site.rate / 2, "documents/s"),
        Figure("impact.beside.rate", "the same, applied", len(applied) / elapsed, "documents/s"),
    ]
    if applied:
        p95 = percentile(applied, 95) * 1000
        figures.append(Figure("impact.beside.applied", "the same, 202 to queryable, p95", p95, "ms"))
    return figures


def cold(site: Site) -> list[Figure]:
    """Ask one question right after a restart of the server, with its files dropped from the page cache."""
    kinds = kinds_of_question(most_purls=site.most_purls)
    slowest = {kind.key: 0.0 for kind in kinds}
    deadline = time.monotonic() + _COLD_SECONDS
    for number, kind in product(range(min(_COLD_REPEATS, site.repeats)), kinds):
        if number and time.monotonic() > deadline:
            break
        site.restart_postgres()
        drop_from_page_cache(site.folder)
        _reconnect(site)
        (reply,) = _ask(site, kind, count=1, start=number)
        slowest[kind.key] = max(slowest[kind.key], reply.seconds * 1000)
    return [
        Figure(f"impact.{kind.key}.cold", f"impact: {kind.name}: cold, slowest", slowest[kind.key], "ms", _COLD_MS)
        for kind in kinds
    ]


def drop_from_page_cache(folder: Path) -> None:
    """Ask Linux to forget the files of the database; the host below may still know them."""
    os.sync()
    for path in folder.glob("postgres/**/*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def _reconnect(site: Site) -> None:
    """Let the web processes find out that their connections are gone; that is no part of a question."""
    deadline = time.monotonic() + 30
    while Wire(site.base).send("GET", "/readyz").status != 200:
        if time.monotonic() > deadline:
            raise RuntimeError("the site is not ready after the restart")
        time.sleep(0.1)
    Crew(site.base, clients=8).run([lambda wire: wire.get("/readyz")] * 40)


def _ask(site: Site, kind: Kind, *, count: int, start: int = 0, seconds: float = 0.0) -> list[Reply]:
    """Ask so many, and on for so many seconds; fewer when they take longer than a part may."""
    wire, key = Wire(site.base), site.key()
    replies, begun = list[Reply](), time.monotonic()
    for body in islice(cycle(kind.bodies), start, None):
        elapsed = time.monotonic() - begun
        is_enough = len(replies) >= count and elapsed > min(seconds, site.seconds)
        if is_enough or (len(replies) >= _ENOUGH and elapsed > site.seconds):
            break
        replies.append(wire.post("/api/v1/impact", body, key=key, Content_Type="application/json"))
    return replies


def _figures(
    kind: Kind, replies: Sequence[Reply], *, factor: float = 1.0, suffix: str = "warm", note: str = ""
) -> list[Figure]:
    seconds = [reply.seconds for reply in replies]
    budget = None if kind.budget_ms is None else kind.budget_ms * factor
    what = ", ".join(filter(None, (f"impact: {kind.name}", note)))
    size = size_of_answer(replies[-1].body)
    return [
        Figure(f"impact.{kind.key}.{suffix}.p50", f"{what}, p50", percentile(seconds, 50) * 1000, "ms", note=size),
        Figure(f"impact.{kind.key}.{suffix}.p95", f"{what}, p95", percentile(seconds, 95) * 1000, "ms", budget),
    ]


def size_of_answer(answer: bytes) -> str:
    """Say how much an answer found."""
    affected = json.loads(answer)["summary"]["affected"]
    return f"{affected['artifact_count']:,} artifacts, {affected['workload_count']:,} workloads"
