"""The way in: how many documents a second, how long a 202 takes, what a large document costs."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard
from django.db import connection

from tests.bench.estate import large_document
from tests.bench.figures import Figure, percentile
from tests.bench.processes import forget_peaks, peak_megabytes, processor_seconds
from tests.bench.wire import Crew, Reply, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bench.estate import Build
    from tests.bench.wire import Job

CLIENTS = 6
_REPORTS_EACH = 500
_IDLE_SECONDS = 600.0
_SETTLED = """
SELECT count(*) FILTER (WHERE state IN ('received', 'processing')),
       count(*) FILTER (WHERE state IN ('rejected', 'quarantined')),
       extract(epoch FROM max(applied_at)) FROM inventory_evidencestate
"""
_UNTIL_APPLIED = """
SELECT extract(epoch FROM s.applied_at - e.received_at)::float8
FROM inventory_evidencestate s JOIN inventory_evidence e ON e.id = s.evidence_id
WHERE s.kind = 'sbom' AND e.received_at >= to_timestamp(%s)
"""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A document on disk, so that the estate does not fill the memory."""

    path: Path
    key: str
    digest: str

    def send(self, wire: Wire) -> Reply:
        """Upload it."""
        target = f"/api/v1/evidence?artifact={self.digest}"
        return wire.post(target, self.path.read_bytes(), key=self.key, expect=202)


def spool(builds: Sequence[Build], folder: Path, *, keys: Mapping[str, str]) -> list[Spooled]:
    """Write the documents of builds down."""
    folder.mkdir(exist_ok=True)
    spooled = []
    for build in builds:
        path = folder / build.digest.removeprefix("sha256:")
        path.write_bytes(build.document)
        spooled.append(Spooled(path, keys[build.team], build.digest))
    return spooled


def sustained(
    base: str, documents: Sequence[Spooled], *, components: int, processes: Mapping[str, int]
) -> tuple[float, list[Figure]]:
    """Send as fast as the site takes them; return the documents a second until the last was applied, and figures.

    The processor time of a document is what a busy machine distorts least.
    """
    before = {name: processor_seconds(root) for name, root in processes.items()}
    begun = time.time()
    accepted = Crew(base, clients=CLIENTS).run(document.send for document in documents)
    last = wait_until_idle()
    rate, count = len(documents) / (last - begun), len(documents) / 1000
    return rate, [
        Figure("sustained ingest, first POST to last applied", rate, "documents/s", 55, at_least=True),
        Figure("the same in components", components / (last - begun), "components/s", 30_000, at_least=True),
        Figure(f"202 while overloaded by {CLIENTS} clients, p50", percentile(accepted, 50) * 1000, "ms"),
        Figure("the same, p99", percentile(accepted, 99) * 1000, "ms"),
        *(
            Figure(f"processor time of a document: {name}", (processor_seconds(root) - before[name]) / count, "ms")
            for name, root in processes.items()
        ),
    ]


def half_load(base: str, documents: Sequence[Spooled], *, rate: float) -> list[Figure]:
    """Send at half the sustained rate: how long a 202 takes, and how long until the document is in every answer."""
    begun = time.time()
    accepted = Crew(base, clients=CLIENTS, per_second=rate / 2).run(document.send for document in documents)
    wait_until_idle()
    with connection.cursor() as cursor:
        cursor.execute(_UNTIL_APPLIED, [begun])
        applied = [row[0] for row in cursor.fetchall() if row[0] is not None]
    return [
        Figure(f"202 at half load ({rate / 2:.0f} documents/s), p50", percentile(accepted, 50) * 1000, "ms"),
        Figure("the same, p95", percentile(accepted, 95) * 1000, "ms"),
        Figure("the same, p99", percentile(accepted, 99) * 1000, "ms", 500),
        Figure("received to applied at half load, p50", percentile(applied, 50) * 1000, "ms"),
        Figure("the same, p95", percentile(applied, 95) * 1000, "ms", 2_000),
    ]


def deploy(base: str, records: Sequence[dict[str, object]], *, key: str) -> list[Figure]:
    """Report what runs, oldest first."""
    begun = time.time()
    batches = [records[start : start + _REPORTS_EACH] for start in range(0, len(records), _REPORTS_EACH)]
    Crew(base, clients=1).run(_reporting(batches, key=key))
    seconds = wait_until_idle() - begun
    return [
        Figure(f"{len(records):,} deployment records, {_REPORTS_EACH} a report", len(records) / seconds, "records/s")
    ]


def _reporting(batches: Sequence[Sequence[dict[str, object]]], *, key: str) -> Iterator[Job]:
    for batch in batches:
        body = json.dumps(batch).encode()
        yield partial(_report, body=body, key=key)


def _report(wire: Wire, *, body: bytes, key: str) -> Reply:
    return wire.post("/api/v1/deployments", body, key=key, expect=202, Content_Type="application/json")


def large(base: str, count: int, *, key: str, worker: int, queryable: float, memory: float) -> list[Figure]:
    """Send one large document, compressed above the limit of raw bytes; watch the worker's memory."""
    document = large_document(count)
    encoding = {"Content_Encoding": "zstd"} if len(document) > 60_000_000 else {}
    body = zstandard.compress(document) if encoding else document
    forget_peaks(worker)
    wire, begun = Wire(base), time.perf_counter()
    accepted = wire.post(f"/api/v1/evidence?name=large-{count}", body, key=key, expect=202, **encoding)
    _wait_for_receipt(wire, json.loads(accepted.body)["url"], key=key)
    seconds = time.perf_counter() - begun
    named = f"one document of {count:,} components ({len(document) / 1e6:.0f} MB): "
    return [
        Figure(f"{named}202", accepted.seconds * 1000, "ms", 300 if count <= 10_000 else None),
        Figure(f"{named}queryable", seconds, "s", queryable),
        Figure(f"{named}peak memory of the worker", peak_megabytes(worker), "MB", memory),
    ]


def _wait_for_receipt(wire: Wire, url: str, *, key: str) -> None:
    while True:
        receipt = json.loads(wire.send("GET", url, headers={"Authorization": f"Bearer {key}"}).body)
        if receipt["state"].startswith("applied"):
            return
        if receipt["state"] in {"rejected", "quarantined"}:
            raise SystemExit(f"bench: a large document became {receipt['state']}: {receipt['error']}")
        time.sleep(0.02)


def wait_until_idle() -> float:
    """Wait until nothing waits for a worker; return when the last document was applied."""
    deadline = time.monotonic() + _IDLE_SECONDS
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(_SETTLED)
            waiting, failed, last = cursor.fetchone()
        if failed:
            raise SystemExit(f"bench: {failed} documents were rejected or quarantined.")
        if not waiting:
            return float(last)
        time.sleep(0.1)
    raise SystemExit("bench: documents still wait; the worker's log tells more.")
