"""What the estate takes on disk, a part at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.db import connection

from tests.bench.figures import Figure

if TYPE_CHECKING:
    from tests.bench.site import Site

LOADED = "loaded.json"
"""In the state folder: the seconds of each part of the load."""
_EDGES = """
SELECT (SELECT count(*) FROM inventory_presence),
       (SELECT count(*) FROM inventory_snapshot), (SELECT count(*) FROM inventory_component),
       (SELECT count(*) FROM inventory_runinterval), (SELECT count(*) FROM inventory_running)
"""
_SIZES = """
SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
"""
_PARTS = {
    "presence and tracks": ("presence", "track"),
    "snapshots, subjects, outlines": ("snapshot", "snapshotsubject"),
    "packages and components": ("package", "component", "packagereach"),
    "hashes and CPEs": ("componenthash", "componentcpe", "componentsource"),
    "artifacts and names": ("artifact", "artifactname"),
    "evidence and receipts, without bytes": ("evidence", "evidencestate"),
    "documents (of history only heads)": ("evidenceblob",),
    "what runs and ran": ("runinterval", "running", "workload"),
}


def loading(site: Site) -> list[Figure]:
    """Tell how long the fast path took; nothing of a folder that was loaded before it told."""
    told = site.folder / LOADED
    if not told.exists():
        return []
    seconds = json.loads(told.read_text(encoding="utf-8"))
    figures = [Figure("load", "the history loaded by COPY", sum(seconds.values()), "s")]
    return figures + [Figure(f"load.{part}", f"of that: {part}", value, "s") for part, value in seconds.items()]


def storage(site: Site) -> list[Figure]:
    """Weigh the tables with their indexes, right after the load."""
    with connection.cursor() as cursor:
        cursor.execute(_EDGES)
        rows, snapshots, components, intervals, running = cursor.fetchone()
        cursor.execute(_SIZES)
        sizes = {name.removeprefix("inventory_"): size for name, size in cursor.fetchall()}
    edges = site.count_edges()
    weighed = {what: sum(sizes[table] for table in tables) for what, tables in _PARTS.items()}
    return [
        Figure("size.edges", "edges (artifact, component)", edges),
        Figure("size.artifacts", "artifacts with an SBOM", snapshots),
        Figure("size.components", "components", components),
        Figure("size.presence", "rows of presence", rows),
        Figure("size.intervals", "run intervals", intervals),
        Figure("size.running", "rows of what runs now", running),
        *(
            Figure(f"bytes.{what}", f"storage: {what}", size / edges, "bytes/edge", 8 if "presence" in what else None)
            for what, size in weighed.items()
        ),
    ]
