"""The baseline that everybody builds: a row for each (artifact, component), filled from the same history.

Both answer the same questions with the same answer, in the database alone: counts, places by cluster, first rows.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.bench.figures import Figure, percentile
from tests.bench.load.copying import connect
from tests.bench.questions import Kind, kinds_of_question

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from tests.bench.site import Site

_MOST_EDGES = 8_000_000
"""Of a larger history the bridge holds a part of the tracks; both sides are then asked about that part. Thirteen
million edges took 57 s to fill in, a tenth of a whole run."""
_DOCUMENTS = 40
_TRACKS = "CREATE TABLE bench.track AS SELECT id FROM inventory_track WHERE id %% %s = 0"
_FILL = """
CREATE TABLE bench.bridge AS
SELECT s.artifact_id, p.component_id
FROM inventory_snapshotsubject s JOIN bench.track t ON t.id = s.track_id
JOIN inventory_presence p ON p.track_id = s.track_id AND p.from_seq <= s.seq AND s.seq < p.to_seq
"""
_KEYS = (
    "ALTER TABLE bench.bridge ADD PRIMARY KEY (component_id, artifact_id)",
    "CREATE UNIQUE INDEX bridge_artifact ON bench.bridge (artifact_id, component_id)",
    "VACUUM ANALYZE bench.bridge",
    "ANALYZE bench.track",
)
_ANSWER = """
WITH {held},
run AS MATERIALIZED (
    SELECT w.id, w.cluster_id, w.namespace, w.name FROM {running}
    JOIN inventory_workload w ON w.id = i.workload_id
)
SELECT (SELECT count(*) FROM held), (SELECT count(DISTINCT id) FROM run),
       (SELECT jsonb_object_agg(cluster_id, n) FROM (
           SELECT cluster_id, count(DISTINCT id) AS n FROM run GROUP BY 1) c),
       (SELECT jsonb_agg(r) FROM (SELECT DISTINCT * FROM run ORDER BY cluster_id, namespace, name, id LIMIT 50) r)
"""
_BRIDGE = _ANSWER.format(
    held="""
held AS MATERIALIZED (
    SELECT DISTINCT artifact_id FROM bench.bridge WHERE component_id = ANY(%(ids)s::int[]))""",
    running="inventory_runinterval i JOIN held h ON h.artifact_id = i.artifact_id AND i.closed_at IS NULL",
)
_PRESENCE = _ANSWER.format(
    held="""
span AS MATERIALIZED (
    SELECT p.track_id, range_agg(int4range(p.from_seq, p.to_seq)) AS seqs
    FROM inventory_presence p WHERE p.component_id = ANY(%(ids)s::int[]) {part} GROUP BY 1),
held AS MATERIALIZED (
    SELECT DISTINCT s.artifact_id FROM span h CROSS JOIN LATERAL unnest(h.seqs) AS r(seqs)
    CROSS JOIN LATERAL (SELECT s.artifact_id FROM inventory_snapshotsubject s
        WHERE s.track_id = h.track_id AND s.seq >= lower(r.seqs) AND s.seq < upper(r.seqs) OFFSET 0) s)""",
    running="""span h JOIN inventory_running r ON r.track_id = h.track_id AND h.seqs @> r.seq
    JOIN inventory_runinterval i ON i.id = r.interval_id""",
)
_PART = "AND p.track_id IN (SELECT id FROM bench.track)"
_OF_PACKAGE = "SELECT array_agg(id) FROM inventory_component WHERE package_id = %s"
_OF_PURLS = "SELECT array_agg(id) FROM inventory_component WHERE identity = ANY(%s)"
_SETS = """
SELECT array_agg(p.component_id ORDER BY p.component_id)
FROM inventory_snapshotsubject s JOIN inventory_presence p
  ON p.track_id = s.track_id AND p.from_seq <= s.seq AND s.seq < p.to_seq
WHERE s.artifact_id IN (SELECT id FROM inventory_artifact WHERE digest IS NOT NULL ORDER BY md5(digest) LIMIT %s)
GROUP BY s.artifact_id
"""
_ADD = "INSERT INTO bench.bridge (artifact_id, component_id) SELECT %s, unnest(%s::int[])"
_LOG = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8"


class UnequalError(Exception):
    """The two designs gave different answers."""


@dataclass(frozen=True, slots=True)
class _Filled:
    edges: int
    size_bytes: int
    seconds: float
    is_part: bool


def bridge(site: Site) -> list[Figure]:
    """Fill the bridge, ask both, then add documents to it. The schema goes when it is over."""
    with _schema() as database:
        filled = _fill(database, edges=site.count_edges())
        note = f"{filled.edges:,} edges" + (", a part of the tracks" if filled.is_part else "")
        return [
            Figure("bridge.bytes", "bridge table: storage", filled.size_bytes / filled.edges, "bytes/edge", note=note),
            Figure("bridge.fill", "bridge table: filled in", filled.seconds, "s"),
            *(
                figure
                for kind in kinds_of_question(most_purls=site.most_purls)
                for figure in _compare(database, kind, filled=filled, site=site)
            ),
            *_ingest(database),
        ]


@contextmanager
def _schema() -> Iterator[psycopg.Connection[Any]]:
    with connect() as database:
        database.execute("DROP SCHEMA IF EXISTS bench CASCADE")
        database.execute("CREATE SCHEMA bench")
        database.execute("SET work_mem = '64MB'")
        try:
            yield database
        finally:
            database.execute("DROP SCHEMA bench CASCADE")


def _fill(database: psycopg.Connection[Any], *, edges: float) -> _Filled:
    begun = time.monotonic()
    step = max(1, round(edges / _MOST_EDGES + 0.49))
    database.execute(_TRACKS.replace("%s", str(step)).replace("%%", "%").encode())
    database.execute(_FILL)
    database.execute("SET maintenance_work_mem = '1GB'")
    for statement in _KEYS:
        database.execute(statement.encode())
    held, size = _row(database, "SELECT count(*), pg_total_relation_size('bench.bridge') FROM bench.bridge")
    return _Filled(held, size, time.monotonic() - begun, is_part=step > 1)


def _compare(database: psycopg.Connection[Any], kind: Kind, *, filled: _Filled, site: Site) -> Iterator[Figure]:
    """Ask both designs the same; different answers end the comparison."""
    presence = _PRESENCE.replace("{part}", _PART if filled.is_part else "")
    asked = [_row(database, _OF_PACKAGE, [package])[0] for package in kind.packages[: site.repeats]]
    asked += [_row(database, _OF_PURLS, [list(purls)])[0] for purls in kind.purls[: site.repeats]]
    asked = [ids for ids in asked if ids]
    if not asked:
        return
    answers = {name: [_row(database, sql, {"ids": ids}) for ids in asked] for name, sql in _sides(presence)}
    for one, other in zip(*answers.values(), strict=True):
        if one != other:
            raise UnequalError(f"{kind.name}: {one[:3]} and {other[:3]}")
    for name, sql in _sides(presence):
        seconds = [_time(database, sql, ids=asked[number % len(asked)]) for number in range(site.repeats)]
        what = f"{kind.name}, in the database alone, {name}"
        for percent in (50, 95):
            value = percentile(seconds, percent) * 1000
            yield Figure(f"bridge.{kind.key}.{name}.p{percent}", f"{what}, p{percent}", value, "ms")


def _sides(presence: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (("presence", presence), ("bridge", _BRIDGE))


def _ingest(database: psycopg.Connection[Any]) -> Iterator[Figure]:
    """Add sets that are known already under new artifacts, one commit each: no reading, no interning."""
    sets = [row[0] for row in database.execute(_SETS, [_DOCUMENTS]).fetchall()]
    (newest,) = _row(database, "SELECT coalesce(max(artifact_id), 0) FROM bench.bridge")
    (before,) = _row(database, _LOG)
    begun = time.monotonic()
    for place, ids in enumerate(sets, 1):
        database.execute(_ADD, [newest + place, ids])
    seconds = time.monotonic() - begun
    (after,) = _row(database, _LOG)
    count = len(sets)
    yield Figure("bridge.documents", "bridge table: known sets added, one connection", count / seconds, "documents/s")
    yield Figure("bridge.wal", "bridge table: log written for a document", (after - before) / count / 1000, "kB")


def _row(database: psycopg.Connection[Any], sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> Any:
    return database.execute(sql.encode(), parameters).fetchone()


def _time(database: psycopg.Connection[Any], sql: str, *, ids: Sequence[int]) -> float:
    begun = time.perf_counter()
    _row(database, sql, {"ids": ids})
    return time.perf_counter() - begun
