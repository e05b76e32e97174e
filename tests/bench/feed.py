"""A feed at its full size: a zip of 200,000 records, sent as its database exports it, and again on the next day."""

from __future__ import annotations

import io
import json
import random
import time
import zipfile
from typing import TYPE_CHECKING, Any

from tests.bench.figures import Figure
from tests.bench.processes import forget_peaks, peak_megabytes, processor_seconds
from tests.bench.wire import Wire

if TYPE_CHECKING:
    from tests.bench.site import Site

RECORDS = 200_000
_CHANGED = 100
"""Of so many records one says something else on the next day."""
_TEAM = "team-00"
_TASK_SECONDS = 270
_MEMORY_MB = 500
_WORDS = ("a crafted request", "the parser", "reads", "beyond", "its buffer", "and", "discloses", "memory", "remotely")
_PROSE = tuple(" ".join(random.Random(number).choices(_WORDS, k=180)) for number in range(97))
_ECOSYSTEMS = ("npm", "PyPI", "Maven", "Go", "Debian:12", "RubyGems", "crates.io", "Packagist", "NuGet", "Alpine:v3.20")


def feed(site: Site) -> list[Figure]:
    """Send the feed twice; the receipts must say what was in it, and a record must be answered by its id."""
    return [*_day(site, 0), *_day(site, 1)]


def feed_of(records: int, *, day: int, run: int) -> bytes:
    """Return a zip of records, of which some are changed on another day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(records):
            record = _record(number, day=day if number % _CHANGED == 0 else 0, run=run)
            archive.writestr(f"{record['id']}.json", json.dumps(record, indent=2))
    return buffer.getvalue()


def _record(number: int, *, day: int, run: int) -> dict[str, Any]:
    chance = random.Random(number)  # made-up prose, no secret
    ecosystem = _ECOSYSTEMS[number % len(_ECOSYSTEMS)]
    name = f"bench.group:feed-{number // 3}" if ecosystem == "Maven" else f"feed-{number // 3}"
    major = number % 7
    events = [{"introduced": f"{major}.0.0"}, {"fixed": f"{major}.{chance.randrange(20)}.{chance.randrange(9)}"}]
    return {
        "schema_version": "1.7.0",
        "id": f"BENCH{run}-2026-{number}",
        "modified": f"2026-03-{1 + day:02d}T00:00:00Z",
        "published": "2026-02-01T00:00:00Z",
        "aliases": [f"CVE-{3000 + run % 6000}-{number:06d}"],
        "summary": f"Feed record {number}",
        "details": f"{number}: {_PROSE[number % len(_PROSE)]}",
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
                "versions": [f"{major}.{minor}.0" for minor in range(chance.randrange(12))],
            }
        ],
        "references": [{"type": "WEB", "url": f"https://bench.example/{number}/{part}"} for part in range(5)],
    }


def _day(site: Site, day: int) -> list[Figure]:
    body = feed_of(RECORDS, day=day, run=int(site.folder.stat().st_ino % 1000))
    site.mark()
    for process in (site.worker, site.web):
        forget_peaks(process)
    before = {name: processor_seconds(root) for name, root in site.processes.items()}
    begun = time.perf_counter()
    wire = Wire(site.base)
    reply = wire.post("/api/v1/evidence?kind=advisory", body, key=site.key(_TEAM), expect=202)
    site.wait_until_idle()
    elapsed = time.perf_counter() - begun
    spent = {name: processor_seconds(root) - before[name] for name, root in site.processes.items()}
    _check(site, json.loads(reply.body)["url"], day=day)
    which = f"a zip of {RECORDS:,} advisories ({len(body) / 1e6:.0f} MB), " + ("next day" if day else "first day")
    return [
        Figure(f"feed.{day}.202", f"{which}: 202", reply.seconds * 1000, "ms"),
        Figure(f"feed.{day}.applied", f"{which}: applied", elapsed, "s", _TASK_SECONDS),
        Figure(f"feed.{day}.cpu", f"{which}: processor time", sum(spent.values()), "s"),
        *(Figure(f"feed.{day}.cpu.{name}", f"the same of {name}", seconds, "s") for name, seconds in spent.items()),
        Figure(
            f"feed.{day}.memory", f"{which}: peak memory of the worker", peak_megabytes(site.worker), "MB", _MEMORY_MB
        ),
        Figure(f"feed.{day}.web", f"{which}: peak memory of the web process", peak_megabytes(site.web), "MB"),
    ]


def _check(site: Site, url: str, *, day: int) -> None:
    """Raise unless the receipt counts every record: all new on the first day, the unchanged ones on the next."""
    receipt = json.loads(Wire(site.base, {"Authorization": f"Bearer {site.key(_TEAM)}"}).get(url).body)
    stored = RECORDS // _CHANGED if day else RECORDS
    expected = {"records": RECORDS, "records_stored": stored, "records_unchanged": RECORDS - stored}
    found = {name: receipt["counts"][name] for name in expected}
    if found != expected:
        raise RuntimeError(f"the receipt counts {found}, not {expected}")
