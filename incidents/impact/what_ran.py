"""What ran at an instant or in a window, read once for all questions about that time: one statement.

How much of it is known has to be counted for every answer, and that takes all that ran. So all is read together the
first time: what each image is known to hold, looked up once for all its containers, and where they ran. Remembered like
what runs now (what_runs.py), it holds until evidence that comes late changes that past.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from incidents.impact.counted import CLUSTERS, ECOSYSTEMS, NEXT_MAPPING, UNDIGESTED, UNMADE, UNMAPPED, Counted
from incidents.impact.facts import UNSEEN, UNSURE, Containers, Place, Placed, Points
from incidents.impact.runtime import Scope
from incidents.impact.statements import INTERVALS, PACK, PACK_CLASS, RAN
from inventory.graph.families import SEEN_POINTS
from inventory.graph.one_state import Statement
from inventory.graph.packed import column, pack
from inventory.graph.remembered import Remembered
from inventory.models.runtime import STALE_AFTER_INTERVALS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from incidents.impact.facts import PointRow
    from incidents.impact.remembered import Marks
    from inventory.graph.one_state import OneState
    from inventory.graph.packed import Column

_STATES_KEPT = 16
"""Of a large estate one is a few megabytes."""
_SILENT: Final = f"""
SELECT md5(string_agg(concat_ws(':', c.id, c.report_interval_seconds, c.last_heard_at + make_interval(
    secs => {STALE_AFTER_INTERVALS} * c.report_interval_seconds) < %(since)s::timestamptz), ',' ORDER BY c.id))
FROM inventory_cluster c
"""
_COMPLETE: Final = 2
_IMAGES: Final = f"""
SELECT array_agg(node_architecture), {PACK.format("artifact_id")} FROM (SELECT * FROM image ORDER BY id) image
"""
_POINTS: Final = f"""
SELECT {PACK.format("interval_id")}, {PACK.format("artifact_id")}, {PACK.format("track_id")}, {PACK.format("seq")},
       {PACK_CLASS.format(f"((certainty > 0)::int * {UNSURE} + is_complete::int * {_COMPLETE})")}
FROM point
"""
_PLACES: Final = f"""
SELECT array_agg(name), array_agg(slug), array_agg(namespace), array_agg(node_architecture),
       {PACK.format("container_count")}, string_agg(artifacts, ''::bytea), string_agg(workloads, ''::bytea),
       string_agg(unseen, ''::bytea)
FROM (
    SELECT c.name, e.slug, k.* FROM (
        SELECT cluster_id, environment_id, namespace, node_architecture, count(*)::int AS container_count,
               {PACK.format("artifact_id")} AS artifacts, {PACK.format("workload_id")} AS workloads,
               {PACK_CLASS.format(f"(coalesce(unseen, false)::int * {UNSEEN})")} AS unseen
        FROM shown WHERE artifact_id IS NOT NULL GROUP BY 1, 2, 3, 4
    ) k
    JOIN inventory_cluster c ON c.id = k.cluster_id LEFT JOIN inventory_environment e ON e.id = k.environment_id
    ORDER BY c.name, e.slug, k.namespace, k.node_architecture
) place
"""
_AHEAD: Final = """
    SELECT count(*) AS snapshot_count FROM inventory_snapshot WHERE id = ANY('{}') OR id = ANY(ARRAY(
        SELECT snapshot_id FROM inventory_snapshotsubject
        WHERE artifact_id = ANY('{}') OR artifact_id = ANY(ARRAY(SELECT artifact_id FROM image))))"""
"""Has the pages read that hold the snapshots of what ran, before they are looked up one by one.

After a start of the server each is a wait for the disk. Only a scan by a bitmap reads ahead, and only an OR is sure to
be one: a plan for an unknown number of rows would look them up in the order of an index.
"""
_REPORTED: Final = "SELECT id, team_id, artifact_id, node_architecture FROM image"
WHAT_RAN: Final = f"""
WITH shown AS MATERIALIZED ({INTERVALS.format(when=RAN)}),
image AS MATERIALIZED (
    SELECT row_number() OVER ()::int AS id, team_id, artifact_id, node_architecture FROM (
        SELECT min(team_id) AS team_id, artifact_id, node_architecture FROM shown
        WHERE artifact_id IS NOT NULL GROUP BY artifact_id, node_architecture) image
),
ahead AS MATERIALIZED ({_AHEAD}),
point AS MATERIALIZED (
    SELECT * FROM ({SEEN_POINTS.format(intervals=_REPORTED)}) point WHERE (SELECT snapshot_count FROM ahead) >= 0
)
SELECT places.*, images.*, points.*,
       {UNDIGESTED}, {UNMAPPED}, {UNMADE}, {ECOSYSTEMS}, {CLUSTERS}, %(at)s::timestamptz, {NEXT_MAPPING}
FROM ({_PLACES}) places CROSS JOIN ({_IMAGES}) images CROSS JOIN ({_POINTS}) points
"""
"""Whose container it is says nothing of what it runs: the asker sees all that are shown, and `image` has one of each.

Nothing here joins `shown`, `image` and `point`, which the planner takes for a few rows: that would take the product of
their lengths. Python puts them together.
"""


def silence(since: object) -> Statement[str | None]:
    """Return the statement that tells apart which clusters had been silent for too long by a time.

    To hear of a cluster leaves no mark, and makes sure what it runs in the past as well.
    """
    return Statement(lambda found: found, _SILENT, {"since": since})


@dataclass(frozen=True, slots=True)
class Ran:
    """All that ran: the containers and their points, those of digests that no SBOM surely describes, the counts."""

    points: Points
    bare: Containers
    counted: Counted


RAN_THEN: Remembered[Ran] = Remembered(_STATES_KEPT)


class WhatRan:
    """What one answer needs of what ran; without marks nothing is remembered."""

    def __init__(self, parameters: Mapping[str, object], *, marks: Marks, silent: str | None, state: OneState) -> None:
        self._marks, self._key = marks.of(is_now=False), (Scope.of(parameters), silent)
        known = RAN_THEN.get(self._marks, self._key)
        self._ran: Sequence[Ran] = [] if known is None else [known]
        if known is None:
            self._ran = state.along(Statement(_unpack, WHAT_RAN, parameters)).rows

    def ask(self, parameters: Mapping[str, object], *, is_long: bool) -> None:
        """All of it is asked for, or known."""

    def points(self) -> Points:
        return self._found().points

    def undescribed(self) -> Containers:
        return self._found().bare

    def counted(self) -> Counted:
        return self._found().counted

    def _found(self) -> Ran:
        (ran,) = self._ran
        RAN_THEN.put(self._marks, self._key, ran)
        return ran


class _Known(NamedTuple):
    """Where an SBOM tells what an image holds, and which artifact it is about."""

    artifact: int
    track: int
    seq: int
    flags: int


_Images: TypeAlias = "dict[int, list[_Known]]"
"""What is known of the artifacts that are reported from one kind of node: it may decide which of an index one is."""


class _There(NamedTuple):
    """The containers of one place and kind of node, in columns: what they report, and whether they were unseen."""

    place: Place
    images: _Images
    reported: Column
    workloads: Column
    marks: bytes


def _unpack(*columns: Any) -> Ran:
    """Take the one row of the statement."""
    images = _images(*columns[8:15])
    there = list(_there(*columns[:8], images=images))
    bare = {artifact for each in there for artifact in set(each.reported) if not _is_described(artifact, each.images)}
    running = set(column(columns[5]))
    return Ran(
        Points.of_rows([each.place for each in there], _rows(there)),
        Containers.of([_undescribed(each, bare=bare) for each in there if not bare.isdisjoint(each.reported)]),
        _counted(running, images, *columns[15:]),
    )


def _images(
    architectures: Sequence[str] | None, reported: bytes | None, numbers: bytes | None, *columns: bytes | None
) -> dict[str, _Images]:
    *points, flags = columns
    found: dict[str, _Images] = defaultdict(lambda: defaultdict(list))
    images = list(zip(architectures or (), column(reported), strict=True))
    known = map(_Known, *map(column, points), flags or b"")
    for number, point in zip(column(numbers), known, strict=True):
        architecture, artifact = images[number - 1]
        found[architecture][artifact].append(point)
    return found


def _there(*columns: Any, images: Mapping[str, _Images]) -> Iterator[_There]:
    *names, counts, reported, workloads, marks = columns
    reported, workloads, start = column(reported), column(workloads), 0
    for cluster, environment, namespace, architecture, count in zip(
        *(name or () for name in names), column(counts), strict=True
    ):
        there = slice(start, start + count)
        place = Place(cluster, environment or "", namespace)
        yield _There(place, images[architecture], reported[there], workloads[there], bytes(marks[there]))
        start += count


def _is_described(artifact: int, images: _Images) -> bool:
    return any(not point.flags & UNSURE for point in images.get(artifact, ()))


def _rows(there: Iterable[_There]) -> Iterator[PointRow]:
    """Yield each container with each point of what it runs; an unsure one belongs to what the cluster reported."""
    for number, (_, images, *columns) in enumerate(there):
        for reported, workload, mark in zip(*columns, strict=True):
            for about, track, seq, flags in images.get(reported, ()):
                unsure = flags & UNSURE
                yield track, seq, reported if unsure else about, workload, mark | unsure, number


def _undescribed(there: _There, *, bare: Collection[int]) -> Placed:
    kept = [
        (artifact, workload, not _is_described(artifact, there.images))
        for artifact, workload in zip(there.reported, there.workloads, strict=True)
        if artifact in bare
    ]
    owners, workloads, marks = zip(*kept, strict=True)
    nowhere = bytes(4 * len(kept))
    return Placed(there.place, nowhere, nowhere, pack(array("i", owners)), pack(array("i", workloads)), bytes(marks))


def _counted(running: Collection[int], images: Mapping[str, _Images], *counted: Any) -> Counted:
    """Count artifacts by what is told of them: complete is one of which something surely is."""
    flags: dict[int, set[int]] = defaultdict(set)
    for of_nodes in images.values():
        for artifact, points in of_nodes.items():
            flags[artifact].update(point.flags for point in points)
    complete = sum(1 for found in flags.values() if _COMPLETE in found)
    unresolved = sum(1 for found in flags.values() if all(each & UNSURE for each in found))
    return Counted(len(running), complete, len(flags) - complete, unresolved, *counted)
