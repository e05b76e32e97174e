"""The way in: how many documents a second, how long a 202 takes, what a large document costs."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zstandard
from django.db import connection

from tests.bench.documents import large_document
from tests.bench.figures import Figure, percentile
from tests.bench.processes import forget_peaks, peak_megabytes, processor_seconds
from tests.bench.wire import Crew, Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.bench.site import Site

CLIENTS = 6
_PROCESSES = 2
"""Of the web server, and of the worker."""
_SUSTAINED_A_SECOND = 100
"""Of `seconds`: some 35 s. In the first seconds after a start each page is written whole to the log, and each worker
reads each service for the first time."""
_RAW_LIMIT = 60_000_000
_LARGE_BYTES = 10_000_000
_UNTIL_APPLIED = """
SELECT extract(epoch FROM s.applied_at - e.received_at)::float8
FROM inventory_evidencestate s JOIN inventory_evidence e ON e.id = s.evidence_id
WHERE s.kind = 'sbom' AND e.received_at >= to_timestamp(%(since)s) AND e.received_at < to_timestamp(%(until)s)
  AND e.size_bytes < %(below)s
  AND (%(team)s = '' OR s.team_id = (SELECT id FROM access_team WHERE slug = %(team)s))
"""


def warm_up(site: Site) -> list[Figure]:
    """Let every process load what it needs: a start is no load."""
    site.mark()
    Crew(site.base, clients=CLIENTS).run(
        document.send for document in site.spool(site.traffic.uploads(max(4, int(3 * site.seconds))))
    )
    site.wait_until_idle()
    return []


def sustained(site: Site) -> list[Figure]:
    """Send as fast as the site takes them, until the last is applied.

    The processor time of a document is what a busy machine distorts least.
    """
    documents = site.spool(site.traffic.uploads(int(_SUSTAINED_A_SECOND * site.seconds)))
    components = sum(document.component_count for document in documents)
    site.mark()
    before = _processor_seconds(site)
    begun = time.time()
    accepted = Crew(site.base, clients=CLIENTS).run(document.send for document in documents)
    elapsed, count = site.wait_until_idle(since=begun) - begun, len(documents)
    site.rate = count / elapsed
    return [
        Figure("ingest.documents", "sustained ingest, first POST to last applied", site.rate, "documents/s", 55, True),
        Figure("ingest.components", "the same in components", components / elapsed, "components/s", 30_000, True),
        Figure("ingest.mean", "components in a document, mean", components / count),
        Figure("ingest.202.p50", f"202 while {CLIENTS} clients overload it, p50", _ms(accepted, 50), "ms"),
        Figure("ingest.202.p99", "the same, p99", _ms(accepted, 99), "ms"),
        *_processor_time(site, before, count=count, key="ingest", when=""),
    ]


def half_load(site: Site) -> list[Figure]:
    """Send at half the sustained rate: how long a 202 takes, and how long until the document is in every answer."""
    rate = site.rate / 2
    documents = site.spool(site.traffic.uploads(max(4, int(rate * site.seconds))))
    site.mark()
    before = _processor_seconds(site)
    begun = time.time()
    accepted = Crew(site.base, clients=CLIENTS, per_second=rate).run(document.send for document in documents)
    site.wait_until_idle()
    applied = seconds_until_applied(since=begun)
    return [
        Figure("half.202.p50", f"202 at half load ({rate:.0f} documents/s), p50", _ms(accepted, 50), "ms"),
        Figure("half.202.p95", "202 at half load, p95", _ms(accepted, 95), "ms"),
        Figure("half.202.p99", "202 at half load, p99", _ms(accepted, 99), "ms", 500),
        Figure("half.applied.p50", "202 to queryable at half load, p50", _ms(applied, 50), "ms"),
        Figure("half.applied.p95", "202 to queryable at half load, p95", _ms(applied, 95), "ms", 2_000),
        *_processor_time(site, before, count=len(documents), key="half", when=" at half load"),
    ]


def large(site: Site) -> list[Figure]:
    """Send a document of 10,000 and one of 100,000 components, each alone, to processes that have worked before."""
    for number in range(2 * _PROCESSES):
        url, _ = LargeUpload.of(site, 500, name=f"before-{number}-{time.time_ns()}").send(Wire(site.base))
        _wait_for_receipt(site, url)
    return [
        *_large(site, 10_000, accepted=300, queryable=2, memory=300),
        *_large(site, 100_000, accepted=None, queryable=20, memory=500),
    ]


def large_beside_small(site: Site) -> list[Figure]:
    """Let small documents flow at a quarter of the load while two of 100,000 components are worked on."""
    rate = site.rate / 4
    small = site.spool(site.traffic.uploads(max(20, int(rate * site.seconds))))
    alone, beside = small[: len(small) // 2], small[len(small) // 2 :]
    site.mark()
    before = time.time()
    Crew(site.base, clients=2, per_second=rate).run(document.send for document in alone)
    site.wait_until_idle()
    begun = time.time()
    for number in range(2):
        LargeUpload.of(site, 100_000, name=f"beside-{number}-{time.time_ns()}").send(Wire(site.base))
    Crew(site.base, clients=2, per_second=rate).run(document.send for document in beside)
    site.wait_until_idle()
    without = seconds_until_applied(since=before, until=begun)
    with_large = seconds_until_applied(since=begun, below=_LARGE_BYTES)
    return [
        Figure("beside.alone", "202 to queryable of small documents, p95", _ms(without, 95), "ms"),
        Figure("beside.p95", "the same while two of 100,000 components are worked on", _ms(with_large, 95), "ms"),
    ]


@dataclass(frozen=True, slots=True)
class LargeUpload:
    """A large document, compressed above the limit of raw bytes, ready with its key: only sending it counts."""

    name: str
    key: str
    size: int
    body: bytes
    headers: Mapping[str, str]

    @classmethod
    def of(cls, site: Site, count: int, *, name: str) -> LargeUpload:
        data = large_document(count, name=name)
        headers = {"Content_Encoding": "zstd"} if len(data) > _RAW_LIMIT else {}
        body = zstandard.compress(data) if headers else data
        return cls(name, site.key("team-00"), len(data), body, headers)

    def send(self, wire: Wire) -> tuple[str, float]:
        """Send it; return its receipt, and the seconds to 202."""
        target = f"/api/v1/evidence?name={self.name}"
        reply = wire.post(target, self.body, key=self.key, expect=202, **self.headers)
        return json.loads(reply.body)["url"], reply.seconds


def seconds_until_applied(*, since: float, until: float = 1e11, team: str = "", below: int = 1 << 40) -> list[float]:
    """Return how long each SBOM that came in this time waited and was worked on: of a team, below a size in bytes."""
    with connection.cursor() as cursor:
        cursor.execute(_UNTIL_APPLIED, {"since": since, "until": until, "team": team, "below": below})
        return [row[0] for row in cursor.fetchall() if row[0] is not None]


def _processor_seconds(site: Site) -> dict[str, float]:
    return {name: processor_seconds(root) for name, root in site.processes.items()}


def _processor_time(site: Site, before: dict[str, float], *, count: int, key: str, when: str) -> list[Figure]:
    return [
        Figure(
            f"{key}.cpu.{name}",
            f"processor time of a document{when}: {name}",
            (after - before[name]) / count * 1000,
            "ms",
        )
        for name, after in _processor_seconds(site).items()
    ]


def _large(site: Site, count: int, *, accepted: float | None, queryable: float, memory: float) -> list[Figure]:
    site.mark()
    for process in (site.worker, site.web):
        forget_peaks(process)
    upload = LargeUpload.of(site, count, name=f"large-{count}-{time.time_ns()}")
    begun = time.perf_counter()
    url, seconds = upload.send(Wire(site.base))
    _wait_for_receipt(site, url)
    total = time.perf_counter() - begun
    named = f"one document of {count:,} components ({upload.size / 1e6:.0f} MB)"
    return [
        Figure(f"large.{count}.202", f"{named}: 202", seconds * 1000, "ms", accepted),
        Figure(f"large.{count}.queryable", f"{named}: queryable", total, "s", queryable),
        Figure(
            f"large.{count}.memory", f"{named}: peak memory of the worker", peak_megabytes(site.worker), "MB", memory
        ),
        Figure(f"large.{count}.web", f"{named}: peak memory of the web process", peak_megabytes(site.web), "MB"),
    ]


def _wait_for_receipt(site: Site, url: str) -> None:
    wire = Wire(site.base, {"Authorization": f"Bearer {site.key('team-00')}"})
    while True:
        receipt = json.loads(wire.get(url).body)
        if receipt["state"].startswith("applied"):
            return
        if receipt["state"] in {"rejected", "quarantined"}:
            raise RuntimeError(f"a large document became {receipt['state']}: {receipt['error']}")
        time.sleep(0.02)


def _ms(seconds: list[float], percent: float) -> float:
    return percentile(seconds, percent) * 1000
