"""What an answer makes of its facts: the status of every artifact, counts, places, and what each line came to. Pure.

An artifact has the best class that anything says of it; what is only sure of the image as a whole, or has not been seen
for too long, is possible at best. Source: domain.md, the incident query; docs/api.md, The answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from itertools import compress
from operator import itemgetter
from typing import TYPE_CHECKING

from incidents.impact.facts import UNSEEN, UNSURE
from incidents.impact.lines import Totals, count_lines
from incidents.impact.stretches import CLEARED_FROM, ONLY, best_of, covered, ranges_by_class

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from incidents.impact.facts import Facts, Place, Points
    from incidents.impact.matching import Matches
    from incidents.impact.stretches import Covered

UNKNOWN = 8
BUILD_GROUP, MATCHED_GROUP = 4, 5
_GROUP = {0: 0, 1: 0, 2: 1, 3: 1, 8: 2, 4: 3, 5: 3}
"""The place of each class' status in the order of rows: affected, possible, unknown, cleared."""

_CLEARED = (4, 5)
_LAST = 9
_RANK = {0: 0, 1: 1, 2: 2, 3: 3, UNKNOWN: 4, 4: 5, 5: 6, _LAST: 7}
"""Which class says most of an artifact that is itself asked for: never cleared while anything of it is unknown."""

_FIRST = itemgetter(0)

PlaceCount = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted."""

    by_class: Mapping[int, tuple[int, int]]
    by_group: Mapping[int, tuple[int, int, int]]
    places: Sequence[PlaceCount]
    by_indicator: Mapping[int, tuple[int, int, int]]


Ranges = dict[int, set["Covered"]]
"""The different ranges of stretches by their class."""


@dataclass(slots=True)
class Found:
    """What runs where, in columns: of every container the place, the artifact whose row it is, and the workload."""

    places: list[Place] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    workloads: list[int] = field(default_factory=list)

    def add(self, place: Place, owner: int, workload: int) -> None:
        self.places.append(place)
        self.owners.append(owner)
        self.workloads.append(workload)

    def __add__(self, other: Found) -> Found:
        return Found(self.places + other.places, self.owners + other.owners, self.workloads + other.workloads)


@dataclass(slots=True)
class _Runs:
    """The containers that run a match. An artifact that is not in `seen` had not been seen anywhere for too long."""

    best: dict[int, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    excluded: set[int] = field(default_factory=set)
    """What a rule excludes by where the artifact itself comes from, whatever it holds."""
    found: Found = field(default_factory=Found)

    def add_named(self, owner: int, row_class: int, *, mark: int) -> None:
        """Add what is itself asked for: there what nobody can tell outweighs what something else clears."""
        if _RANK[row_class] < _RANK[self.best.get(owner, _LAST)]:
            self.best[owner] = row_class
        if row_class in _CLEARED:
            self.excluded.add(owner)
        if not mark & UNSEEN:
            self.seen.add(owner)


@dataclass(frozen=True, slots=True)
class Judged:
    """What each artifact is to a question: enough to say which rows are its first, before anything is counted.

    `statuses` has the class of each artifact by its number, plus one; zero: not in the answer.
    """

    statuses: bytes
    workload_counts: Mapping[int, int]
    found: Found
    unknown: Found
    count_lines: Callable[[], Totals]

    def tally(self, *, listed: Collection[int], indicator_count: int) -> Tally:
        """Count the answer; `listed` are the classes whose places are wanted."""
        groups, places = _count_places(self.found + self.unknown, statuses=self.statuses, listed=frozenset(listed))
        by_class = _count_classes(self.statuses, running=self.workload_counts)
        is_alone = indicator_count == 1
        by_indicator = {0: _alone(by_class, by_group=groups)} if is_alone else self.count_lines()
        return Tally(by_class, groups, places, by_indicator)


def judge_artifacts(facts: Facts, *, matches: Matches, is_scoped: bool) -> Judged:
    """Say of every artifact what it is to the question."""
    points = facts.points
    where = covered(facts.spans, subjects=facts.subjects, points=points)
    ranges = ranges_by_class(where, facts.spans.classes)
    held = _held(facts, ranges=ranges, matches=matches)
    runs = _Runs()
    _add_hits(runs, points=points, ranges=ranges)
    _add_named_hits(runs, facts=facts, matches=matches)
    statuses = _judge(runs, held=held, is_scoped=is_scoped)
    if matches.asks_components:
        _forget_excluded(facts.undescribed, runs=runs, statuses=statuses)
    bare, unknown = _add_unknown(facts.undescribed, runs=runs, held=held, statuses=statuses)
    untold = _add_untold(facts.untold, runs=runs, held=held, statuses=statuses)
    return Judged(
        statuses=bytes(statuses),
        workload_counts=_count_workloads(runs.found + bare + untold),
        found=runs.found,
        unknown=unknown + untold,
        count_lines=partial(count_lines, facts, points=points, where=where, matches=matches, is_scoped=is_scoped),
    )


def _held(facts: Facts, *, ranges: Ranges, matches: Matches) -> bytearray:
    """Return the best class, plus one, that SBOMs or names give each artifact; what is cleared counts where it runs."""
    statuses = bytearray(facts.greatest_artifact + 1)
    artifacts = facts.subjects.artifacts
    marks = best_of(
        len(artifacts),
        (
            (each, ((first, last) for first, last, _, _ in covering))
            for each, covering in ranges.items()
            if each < CLEARED_FROM
        ),
    )
    for status in range(CLEARED_FROM, 0, -1):
        if status in marks:
            for artifact in compress(artifacts, marks.translate(ONLY[status])):
                statuses[artifact] = status
    visible = frozenset(facts.named)
    for match in matches.artifacts:
        status = match.match_class + 1
        if (
            match.match_class < CLEARED_FROM
            and match.artifact_id in visible
            and not 0 < statuses[match.artifact_id] <= status
        ):
            statuses[match.artifact_id] = status
    return statuses


def _add_hits(runs: _Runs, *, points: Points, ranges: Ranges) -> None:
    """Add the containers that run what holds a component: a sure hit has its class, an unsure one is possible."""
    hits = {each: {(start, stop) for _, _, start, stop in covering} for each, covering in ranges.items()}
    statuses = best_of(len(points), hits.items())
    if points.unsure:
        possible = best_of(
            len(points), ((max(each, 2 + each % 2), hit) for each, hit in hits.items() if each < CLEARED_FROM)
        )
        for number in points.unsure:
            statuses[number] = possible[number]
    for status in sorted(set(statuses) - {0}, reverse=True):
        of_status = compress(points.owners, statuses.translate(ONLY[status]))
        runs.best.update(dict.fromkeys(of_status, status - 1))
    seen = bytearray(statuses)
    for number in points.unseen:
        seen[number] = 0
    runs.seen.update(compress(points.owners, seen))
    runs.found += Found(
        list(map(points.places.__getitem__, compress(points.place_of, statuses))),
        list(compress(points.owners, statuses)),
        list(compress(points.workloads, statuses)),
    )


def _add_named_hits(runs: _Runs, *, facts: Facts, matches: Matches) -> None:
    best: dict[int, int] = {}
    for match in matches.artifacts:
        best[match.artifact_id] = min(match.match_class, best.get(match.artifact_id, _LAST), key=_RANK.__getitem__)
    for place in facts.named_points:
        columns = zip(place.tracks, place.owners, place.workloads, place.marks, strict=True)
        for artifact, owner, workload, mark in columns:
            row_class = best[artifact]
            if mark & UNSURE:
                if row_class in _CLEARED:
                    continue
                row_class = max(row_class, 2 + row_class % 2)
            runs.add_named(owner, row_class, mark=mark)
            runs.found.add(place, owner, workload)


def _judge(runs: _Runs, *, held: bytearray, is_scoped: bool) -> bytearray:
    """Return the statuses of artifacts that SBOMs, names or containers put in the answer."""
    statuses = bytearray(len(held)) if is_scoped else bytearray(held)
    for artifact, best in runs.best.items():
        row_class = min(best, held[artifact] - 1) if held[artifact] else best
        statuses[artifact] = row_class + (1 if row_class >= 2 or artifact in runs.seen else 3)
    return statuses


def _forget_excluded(undescribed: Iterable[Place], *, runs: _Runs, statuses: bytearray) -> None:
    """Make unknown what runs without an SBOM and is cleared by its origin alone: what it holds was asked for too."""
    for place in undescribed:
        for owner, is_bare in zip(place.owners, place.marks, strict=True):
            if is_bare and owner in runs.excluded and runs.best[owner] in _CLEARED:
                statuses[owner] = UNKNOWN + 1


def _add_unknown(
    undescribed: Iterable[Place], *, runs: _Runs, held: bytearray, statuses: bytearray
) -> tuple[Found, Found]:
    """Add digests that run and that nothing describes.

    Return the containers that are not described, and all that run such a digest.
    """
    bare, unknown = Found(), Found()
    for place in undescribed:
        for owner, workload, is_bare in zip(place.owners, place.workloads, place.marks, strict=True):
            if not held[owner] and owner not in runs.best:
                unknown.add(place, owner, workload)
                if is_bare:
                    bare.add(place, owner, workload)
                    statuses[owner] = UNKNOWN + 1
    return bare, unknown


def _add_untold(untold: Iterable[Place], *, runs: _Runs, held: bytearray, statuses: bytearray) -> Found:
    """Add what runs, matches nothing, and comes from nobody knows where: no rule about anything else clears that."""
    found = Found()
    for place in untold:
        for owner, workload, is_bare in zip(place.owners, place.workloads, place.marks, strict=True):
            if is_bare and not held[owner] and runs.best.get(owner, UNKNOWN) >= CLEARED_FROM:
                found.add(place, owner, workload)
                statuses[owner] = UNKNOWN + 1
    return found


def _count_workloads(found: Found) -> dict[int, int]:
    """Return how many workloads run each artifact."""
    return Counter(map(_FIRST, set(zip(found.owners, found.workloads, strict=True))))


def _count_classes(statuses: bytes, *, running: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    counts = {row_class: statuses.count(row_class + 1) for row_class in _GROUP}
    runs = Counter(map(statuses.__getitem__, running))
    return {row_class: (count, runs[row_class + 1]) for row_class, count in counts.items() if count}


@dataclass(slots=True)
class _Where:
    """Where the rows of one class, or of several, run."""

    workloads: set[int] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)

    def add(self, other: _Where) -> None:
        self.workloads |= other.workloads
        self.places |= other.places

    @property
    def counts(self) -> tuple[int, int, int]:
        """Return how many workloads, namespaces and clusters."""
        namespaces = {(place.cluster, place.namespace) for place in self.places}
        return len(self.workloads), len(namespaces), len({cluster for cluster, _ in namespaces})


def _count_places(
    found: Found, *, statuses: bytes, listed: Collection[int]
) -> tuple[dict[int, tuple[int, int, int]], list[PlaceCount]]:
    """Return {group: (workloads, namespaces, clusters)}, and the workloads of the listed classes by place."""
    rows = bytes(map(statuses.__getitem__, found.owners))
    groups: dict[int, _Where] = defaultdict(_Where)
    for status in set(rows):
        mine = rows.translate(ONLY[status])
        where = _Where(set(compress(found.workloads, mine)), set(compress(found.places, mine)))
        for group in _groups(status - 1):
            groups[group].add(where)
    shown = rows.translate(bytes(number - 1 in listed for number in range(256)))
    keys = {place: place.key for place in set(compress(found.places, shown))}
    at = map(keys.__getitem__, compress(found.places, shown))
    counts = Counter(map(_FIRST, set(zip(at, compress(found.workloads, shown), strict=True))))
    places = [
        (cluster, environment or "unknown", namespace, count)
        for (cluster, _, environment, namespace), count in sorted(counts.items())
    ]
    return {group: where.counts for group, where in groups.items()}, places


def _groups(row_class: int) -> Iterable[int]:
    yield _GROUP[row_class]
    if row_class in (1, 3):
        yield BUILD_GROUP
    if row_class < CLEARED_FROM:
        yield MATCHED_GROUP


def _alone(
    by_class: Mapping[int, tuple[int, int]], *, by_group: Mapping[int, tuple[int, int, int]]
) -> tuple[int, int, int]:
    """Return (artifacts, running artifacts, workloads) of an indicator that is the whole question."""
    matched = [by_class.get(row_class, (0, 0)) for row_class in range(CLEARED_FROM)]
    workloads, _, _ = by_group.get(MATCHED_GROUP, (0, 0, 0))
    return sum(artifacts for artifacts, _ in matched), sum(running for _, running in matched), workloads
