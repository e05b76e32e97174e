"""How many artifacts, running ones and workloads packages or versions reach: counted exactly, from packed facts.

Wide packages are everywhere: a row for each artifact and package would be millions. So each stretch of a track between
two changes gets the set of what is in it, as bits of one number, and artifacts are counted by set.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.graph.packed import Subjects, column, wide_column
from inventory.graph.statements import fetch
from inventory.graph.visibility import all_own
from inventory.models import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from inventory.graph.packed import Column
    from supplychain.access.actors import Actor

_STRIDE = 2_654_435_769
"""A point of a track is one number, track * _STRIDE + seq: ordered like the two. The golden ratio of 2**32, so that the
low bits differ and sets of points do not collide; above OPEN_END, and small enough for a bigint."""
_WHOLE = f"p.from_seq = 1 AND p.to_seq = {OPEN_END}"
_POINT = f"string_agg(int8send(p.track_id::bigint * {_STRIDE} + {{0}}), ''::bytea) FILTER (WHERE NOT ({_WHOLE}))"
_HELD = f"""
SELECT c.package_id, c.id, c.identity, held.whole, held.starts, held.ends
FROM (
    SELECT p.component_id, string_agg(int4send(p.track_id), ''::bytea) FILTER (WHERE {_WHOLE}) AS whole,
           {_POINT.format("p.from_seq")} AS starts, {_POINT.format("p.to_seq")} AS ends
    FROM inventory_presence p {{own_tracks}}
    WHERE p.component_id = ANY(ARRAY(SELECT id FROM inventory_component WHERE package_id = ANY(%(ids)s::int[])))
    GROUP BY p.component_id
) held JOIN inventory_component c ON c.id = held.component_id
"""
_OWN_TRACKS = "JOIN inventory_track t ON t.id = p.track_id AND t.team_id = ANY(%(teams)s::bigint[])"
_SUBJECTS = """
SELECT string_agg(int4send(track_id), ''::bytea), string_agg(int4send(octet_length(seqs) / 4), ''::bytea),
       string_agg(seqs, ''::bytea), string_agg(artifacts, ''::bytea)
FROM (
    SELECT b.track_id, b.seqs, b.artifacts
    FROM unnest(%(tracks)s::int[], %(since)s::int[], %(until)s::int[]) AS reach(track_id, since, until)
    JOIN inventory_subjectblock b
      ON b.track_id = reach.track_id AND b.block >= reach.since >> 8 AND b.block <= (reach.until - 1) >> 8
    ORDER BY b.track_id, b.block
) block
"""
_RUNNING = f"""
SELECT string_agg(int4send(r.track_id), ''::bytea), string_agg(int4send(r.seq), ''::bytea),
       string_agg(int4send(r.artifact_id), ''::bytea), string_agg(int4send(i.workload_id), ''::bytea)
FROM inventory_running r JOIN inventory_runinterval i ON i.id = r.interval_id AND i.closed_at IS NULL
WHERE r.track_id = ANY(%(tracks)s::int[]) AND {all_own("r.teams")}
"""


@dataclass(frozen=True, slots=True)
class Held:
    """Where a component is, on tracks of the asker: all along the tracks of `whole`, from each start to an end."""

    package_id: int
    component_id: int
    identity: str
    whole: bytes | None
    starts: bytes | None
    ends: bytes | None


@dataclass(frozen=True, slots=True)
class Spread:
    """How far something reaches."""

    artifacts: int
    running: int
    workloads: int


def fetch_held(package_ids: Sequence[int], *, actor: Actor) -> list[Held]:
    """Return the components of the packages that the actor's own tracks have. One statement."""
    sql = _HELD.format(own_tracks="" if actor.sees_all else _OWN_TRACKS)
    return fetch(Held, sql, {"ids": list(package_ids), "teams": visible_teams(actor)})


def count_spread(groups: Sequence[Sequence[Held]], *, actor: Actor) -> tuple[Spread, list[Spread]]:
    """Return how far all of the groups reach together, and each of them by itself. Two statements."""
    tracks = _timelines(groups)
    reach: dict[str, object] = {
        "tracks": list(tracks),
        "since": [line.bounds[0] for line in tracks.values()],
        "until": [line.until for line in tracks.values()],
        "teams": visible_teams(actor),
    }
    (subjects,) = fetch(Subjects.unpack, _SUBJECTS, reach)
    (running,) = fetch(_Running.unpack, _RUNNING, reach)
    built = Counter(_built(tracks, subjects=subjects).values())
    artifacts, workloads = running.sets(tracks)
    counted = [_by_bit(counter, len(groups)) for counter in (built, artifacts, workloads)]
    each = [Spread(*counts) for counts in zip(*counted, strict=True)]
    return Spread(built.total(), artifacts.total(), workloads.total()), each


@dataclass(frozen=True, slots=True)
class _Timeline:
    """What is in a track: from each bound to the next one the set beside it; nothing from `until` on."""

    bounds: list[int]
    sets: list[int]
    until: int

    def at(self, seq: int) -> int:
        place = bisect_right(self.bounds, seq) - 1
        return self.sets[place] if place >= 0 and seq < self.until else 0

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Yield (since, until, set)."""
        return zip(self.bounds, [*self.bounds[1:], self.until], self.sets, strict=True)


@dataclass(frozen=True, slots=True)
class _Running:
    """What runs on those tracks, packed."""

    tracks: Column
    seqs: Column
    artifacts: Column
    workloads: Column

    @classmethod
    def unpack(cls, *columns: bytes | None) -> _Running:
        return cls(*(column(packed) for packed in columns))

    def sets(self, lines: Mapping[int, _Timeline]) -> tuple[Counter[int], Counter[int]]:
        """Return how many artifacts and how many workloads run each set; what runs nothing of it is left out."""
        artifacts: dict[int, int] = defaultdict(int)
        workloads: dict[int, int] = defaultdict(int)
        for track, seq, artifact, workload in zip(self.tracks, self.seqs, self.artifacts, self.workloads, strict=True):
            if found := lines[track].at(seq):
                artifacts[artifact] |= found
                workloads[workload] |= found
        return Counter(artifacts.values()), Counter(workloads.values())


def _timelines(groups: Sequence[Sequence[Held]]) -> dict[int, _Timeline]:
    whole: dict[int, int] = defaultdict(int)
    for packed, found in _whole_tracks(groups).items():
        for track in column(packed):
            whole[track] |= found
    changes: dict[int, int] = defaultdict(int)
    for number, group in enumerate(groups):
        bit = 1 << number
        for start, end in _merged(group) if len(group) > 1 else _single(group[0]):
            if end - start == OPEN_END - 1:
                whole[start // _STRIDE] |= bit
            else:
                changes[start] ^= bit
                changes[end] ^= bit
    points: dict[int, list[int]] = defaultdict(list)
    for point in sorted(changes):
        points[point // _STRIDE].append(point)
    lines = {track: _Timeline([1], [found], OPEN_END) for track, found in whole.items() if track not in points}
    for track, bounds in points.items():
        lines[track] = _timeline(bounds, changes=changes, track=track, always=whole.get(track, 0))
    return lines


def _whole_tracks(groups: Sequence[Sequence[Held]]) -> dict[bytes, int]:
    """Return {packed tracks: the groups that are all along them}: what comes in one base layer has the same tracks."""
    found: dict[bytes, int] = defaultdict(int)
    for number, group in enumerate(groups):
        for held in group:
            if held.whole:
                found[bytes(held.whole)] |= 1 << number
    return found


def _single(held: Held) -> Iterable[tuple[int, int]]:
    """Return the ranges of one component, which never overlap."""
    return zip(wide_column(held.starts), wide_column(held.ends), strict=True)


def _merged(group: Iterable[Held]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of several components, those that meet or overlap made one."""
    starts, ends = wide_column(None), wide_column(None)
    for held in group:
        starts.extend(wide_column(held.starts))
        ends.extend(wide_column(held.ends))
    since = until = -1
    for start, end in zip(*_unmatched(starts, ends), strict=True):
        if start > until:
            if until > since:
                yield since, until
            since = start
        until = end
    if until > since:
        yield since, until


def _unmatched(starts: Column, ends: Column) -> tuple[list[int], list[int]]:
    """Return starts and ends in order, without those that are both, one for one: there nothing changes for the group.

    Of what is left, the n-th start and the n-th end cover together what the ranges cover, however they overlap.
    """
    since, until = set(starts), set(ends)
    if len(since) < len(starts) or len(until) < len(ends):
        opened, closed = Counter(starts), Counter(ends)
        return sorted((opened - closed).elements()), sorted((closed - opened).elements())
    since ^= until  # in place: these are long
    return sorted(since - until), sorted(since & until)


def _timeline(points: list[int], *, changes: Mapping[int, int], track: int, always: int) -> _Timeline:
    start = track * _STRIDE
    if always:
        points = sorted({*points, start + 1, start + OPEN_END})
    sets, current = [], 0
    for point in points[:-1]:
        current ^= changes.get(point, 0)
        sets.append(current | always)
    return _Timeline([point - start for point in points[:-1]], sets, points[-1] - start)


def _built(lines: Mapping[int, _Timeline], *, subjects: Subjects) -> dict[int, int]:
    """Return {artifact: the set of what any SBOM of it has}, without those that have nothing."""
    by_set: dict[int, Column] = defaultdict(lambda: column(None))
    for track, line in lines.items():
        for since, until, found in line:
            if found:
                by_set[found].extend(subjects.within(track, since, until))
    built: dict[int, int] = {}
    for found, artifacts in by_set.items():
        if built.keys().isdisjoint(artifacts):
            built.update(dict.fromkeys(artifacts, found))
        else:
            for artifact in artifacts:
                built[artifact] = built.get(artifact, 0) | found
    return built


def _by_bit(counter: Mapping[int, int], size: int) -> list[int]:
    counts = [0] * size
    for found, total in counter.items():
        rest = found
        while rest:
            bit = rest & -rest
            counts[bit.bit_length() - 1] += total
            rest ^= bit
    return counts
