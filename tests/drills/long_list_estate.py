"""The estate of drill D18, in the process that has the site's settings: loaded, and counted by hand."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from tests.bench.estate import Estate, Scale
from tests.bench.load import load
from tests.bench.load.schedule import Schedule

_EDGES = """
SELECT count(*) FROM inventory_snapshotsubject s
JOIN inventory_presence p ON p.track_id = s.track_id AND p.from_seq <= s.seq AND p.to_seq > s.seq
"""
_RUNNING = "SELECT DISTINCT a.digest FROM inventory_runinterval i JOIN inventory_artifact a ON a.id = i.artifact_id "
_OPEN = "WHERE i.closed_at IS NULL"


def prepare(*, services: int, builds: int, listed: int, planted: int, folder: str) -> None:
    """Load an estate; write the list, what a count by hand expects of it, and how large the estate is."""
    estate = Estate(Scale("drill", services=services, builds=builds, teams=8))
    load(estate, until=datetime.now(UTC))
    held = _held(estate)
    names = _list(held, count=listed, planted=planted)
    wanted = set(names)
    running = _column(_RUNNING + _OPEN)
    expected = {digest for digest, purls in held.items() if purls & wanted}
    facts = {
        "artifact_count": len(held),
        "edge_count": _number(_EDGES),
        "running_count": _number("SELECT count(*) FROM inventory_runinterval i " + _OPEN),
        "expected": sorted(expected),
        "expected_running": sorted(expected & running),
    }
    Path(folder, "list.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    Path(folder, "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def _held(estate: Estate) -> dict[str, frozenset[str]]:
    """Play the history again and return what each artifact holds, as its document would say; the index is not asked."""
    services = [estate.service(number) for number in range(estate.scale.services)]
    held: dict[str, frozenset[str]] = {}
    for build in sorted(Schedule(estate).builds, key=lambda one: one.at):
        service = services[build.service]
        service.build(build.at)
        if service.digest not in held:
            held[service.digest] = frozenset(purl for purl in service.purls() if not purl.startswith("pkg:deb/"))
    return held


def _list(held: dict[str, frozenset[str]], *, count: int, planted: int) -> list[str]:
    """Return so many package versions: some that artifacts hold, the others near misses and names nobody has."""
    pick = random.Random(18)
    known = sorted(set().union(*held.values()))
    names = pick.sample(known, min(planted, len(known)))
    near = pick.sample(known, min((count - len(names)) // 2, len(known)))
    names += sorted({f"{name.rpartition('@')[0]}@999.{number}.0" for number, name in enumerate(near)})
    names += [f"pkg:npm/nobody-has-{number}@1.{number}.0" for number in range(count - len(names))]
    pick.shuffle(names)
    return names


def _number(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def _column(sql: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {row[0] for row in cursor.fetchall()}
