"""What an answer makes of its facts: the status of every artifact, counts, places, and what each line came to. Pure.

An artifact has the best class that anything says of it; what is only sure of the image as a whole, or has not been seen
for too long, is possible at best. Source: domain.md, the incident query; docs/api.md, The answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.impact.columns import (
    best_of,
    counted,
    different,
    how_many,
    looked_up,
    marked,
    places_by_class,
    points_of,
)
from incidents.impact.facts import UNSEEN, UNSURE
from incidents.impact.lines import Totals, count_lines
from incidents.impact.stretches import CLEARED_FROM, covered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from incidents.impact.columns import Flags, Ints, Longs, Octets
    from incidents.impact.facts import Containers, Facts, Place, Points, Spans
    from incidents.impact.lookup import ArtifactMatch
    from incidents.impact.matching import Matches
    from incidents.impact.stretches import Covered

UNKNOWN = 8
BUILD_GROUP, MATCHED_GROUP = 4, 5
_GROUP = {0: 0, 1: 0, 2: 1, 3: 1, 8: 2, 4: 3, 5: 3}
"""The place of each class' status in the order of rows: affected, possible, unknown, cleared."""

_NOTHING: Final = 9
_BY_RANK: Final = np.array([0, 1, 2, 3, UNKNOWN, 4, 5, _NOTHING], dtype=np.uint8)
"""Classes by what says most of an artifact that is itself asked for: never cleared while anything of it is unknown."""
_RANK: Final = np.full(_NOTHING + 1, len(_BY_RANK) - 1, dtype=np.uint8)
_RANK[_BY_RANK] = np.arange(len(_BY_RANK))

PlaceCount = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted."""

    by_class: Mapping[int, tuple[int, int]]
    by_group: Mapping[int, tuple[int, int, int]]
    places: Sequence[PlaceCount]
    by_indicator: Mapping[int, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """What runs where, in columns: of every container the place, the artifact whose row it is, and the workload."""

    places: Sequence[Place]
    place_of: Ints
    owners: Ints
    workloads: Ints

    @classmethod
    def of(cls, containers: Containers | Points, which: Flags) -> Found:
        """Take those of the containers whose flags are set."""
        return cls(containers.places, containers.place_of[which], containers.owners[which], containers.workloads[which])

    def __add__(self, other: Found) -> Found:
        if not len(other.owners):
            return self
        return Found(
            [*self.places, *other.places],
            np.concatenate((self.place_of, other.place_of + np.int32(len(self.places)))),
            np.concatenate((self.owners, other.owners)),
            np.concatenate((self.workloads, other.workloads)),
        )


class _Runs:
    """The artifacts whose rows the containers are that run a match, by their numbers.

    `seen`: whether it had been seen anywhere lately; `excluded`: whether a rule excludes it by where it comes from,
    whatever it holds.
    """

    def __init__(self, size: int) -> None:
        self._ranks = np.full(size, len(_BY_RANK) - 1, np.uint8)
        self.seen = np.zeros(size, np.bool_)
        self.excluded = np.zeros(size, np.bool_)

    def add(self, owners: Ints, classes: Octets, *, seen: Flags) -> None:
        """Add containers by the class of what they run."""
        np.minimum.at(self._ranks, owners, _RANK[classes])
        self.seen[owners[seen]] = True

    @property
    def best(self) -> Octets:
        """The class of each artifact; _NOTHING where nothing runs a match."""
        return looked_up(_BY_RANK, self._ranks)


@dataclass(frozen=True, slots=True)
class Judged:
    """What each artifact is to a question: enough to say which rows are its first, before anything is counted.

    `statuses` has the class of each artifact by its number, plus one; zero: not in the answer. `workload_counts` has
    the artifacts that run, ascending, and how many workloads run each of them.
    """

    statuses: Octets
    workload_counts: tuple[Ints, Longs]
    found: Found
    unknown: Found
    count_lines: Callable[[], Totals]

    def tally(self, *, listed: Collection[int], indicator_count: int) -> Tally:
        """Count the answer; `listed` are the classes whose places are wanted."""
        groups, places = _count_places(self.found + self.unknown, statuses=self.statuses, listed=frozenset(listed))
        by_class = _count_classes(self.statuses, running=self.workload_counts[0])
        is_alone = indicator_count == 1
        by_indicator = {0: _alone(by_class, by_group=groups)} if is_alone else self.count_lines()
        return Tally(by_class, groups, places, by_indicator)


def judge_artifacts(facts: Facts, *, matches: Matches, is_scoped: bool) -> Judged:
    """Say of every artifact what it is to the question."""
    points = facts.points
    where = covered(facts.spans, subjects=facts.subjects, points=points)
    held = _held(facts, where=where, matches=matches)
    runs = _Runs(len(held))
    found = _add_hits(runs, spans=facts.spans, points=points, where=where)
    if len(facts.named_points):
        found += _add_named_hits(runs, containers=facts.named_points, matches=matches)
    best = runs.best
    statuses = _judge(best, seen=runs.seen, held=held, is_scoped=is_scoped)
    undescribed, untold = facts.undescribed, facts.untold
    if matches.asks_components:
        _forget_excluded(undescribed, excluded=runs.excluded, best=best, statuses=statuses)
    is_found = held[undescribed.owners].astype(np.bool_) | (best[undescribed.owners] != _NOTHING)
    is_bare = ~is_found & (undescribed.marks > 0)
    statuses[undescribed.owners[is_bare]] = UNKNOWN + 1
    is_cleared = (held[untold.owners] == 0) & (best[untold.owners] >= CLEARED_FROM)
    is_untold = is_cleared & (untold.marks > 0)
    statuses[untold.owners[is_untold]] = UNKNOWN + 1
    also = Found.of(untold, is_untold)
    return Judged(
        statuses=statuses,
        workload_counts=_count_workloads(found + Found.of(undescribed, is_bare) + also),
        found=found,
        unknown=Found.of(undescribed, ~is_found) + also,
        count_lines=partial(count_lines, facts, where=where, matches=matches, is_scoped=is_scoped),
    )


def _held(facts: Facts, *, where: Covered, matches: Matches) -> Octets:
    """Return the best class, plus one, that SBOMs or names give each artifact; what is cleared counts where it runs."""
    statuses = np.zeros(facts.greatest_artifact + 1, np.uint8)
    artifacts = facts.subjects.artifacts
    counts = facts.spans.classes < CLEARED_FROM
    classes = facts.spans.classes[counts]
    for row_class, places in places_by_class(len(artifacts), classes, where.first[counts], where.last[counts]):
        statuses[artifacts[places]] = row_class + 1
    if matches.artifacts:
        visible = marked(len(statuses), facts.named)
        for match in matches.artifacts:
            number, status = match.artifact_id, match.match_class + 1
            if match.match_class >= CLEARED_FROM or number >= len(statuses) or not visible[number]:
                continue
            if not 0 < statuses[number] <= status:
                statuses[number] = status
    return statuses


def _add_hits(runs: _Runs, *, spans: Spans, points: Points, where: Covered) -> Found:
    """Add the containers that run what holds a component: a sure hit has its class, an unsure one is possible."""
    statuses = best_of(len(points), spans.classes, where.start, where.stop)
    if points.has_unsure:
        is_match = spans.classes < CLEARED_FROM
        possible = np.maximum(spans.classes, 2 + spans.classes % 2)[is_match]
        unsure = best_of(len(points), possible, where.start[is_match], where.stop[is_match])
        statuses = np.where(points.unsure, unsure, statuses)
    hit = statuses > 0
    runs.add(points.owners[hit], statuses[hit] - np.uint8(1), seen=~points.unseen[hit])
    return Found.of(points, hit)


def _add_named_hits(runs: _Runs, *, containers: Containers, matches: Matches) -> Found:
    """Add the containers that run what is itself asked for."""
    classes = _class_of_named(matches.artifacts)[containers.tracks]
    is_unsure = containers.marks & UNSURE > 0
    counts = ~is_unsure | (classes < CLEARED_FROM) | (classes == UNKNOWN)
    classes = np.where(is_unsure, np.maximum(classes, 2 + classes % 2), classes)[counts]
    owners = containers.owners[counts]
    runs.add(owners, classes, seen=containers.marks[counts] & UNSEEN == 0)
    runs.excluded[owners[(classes >= CLEARED_FROM) & (classes != UNKNOWN)]] = True
    return Found.of(containers, counts)


def _class_of_named(matches: Sequence[ArtifactMatch]) -> Octets:
    """Return the class that says most of each artifact, by its number."""
    artifacts = np.array([match.artifact_id for match in matches], dtype=np.int64)
    ranks = np.full(int(artifacts.max(initial=0)) + 1, len(_BY_RANK) - 1, np.uint8)
    np.minimum.at(ranks, artifacts, _RANK[[match.match_class for match in matches]])
    return _BY_RANK[ranks]


def _judge(best: Octets, *, seen: Flags, held: Octets, is_scoped: bool) -> Octets:
    """Return the statuses of artifacts that SBOMs, names or containers put in the answer."""
    statuses = np.zeros_like(held) if is_scoped else held.copy()
    owners = np.flatnonzero(best != _NOTHING)
    mine, as_held = best[owners], held[owners]
    classes = np.where(as_held > 0, np.minimum(mine, as_held - np.uint8(1)), mine)
    statuses[owners] = classes + np.where((classes >= 2) | seen[owners], np.uint8(1), np.uint8(3))
    return statuses


def _forget_excluded(containers: Containers, *, excluded: Flags, best: Octets, statuses: Octets) -> None:
    """Make unknown what runs without an SBOM and is cleared by its origin alone: what it holds was asked for too."""
    owners = containers.owners[containers.marks > 0]
    is_cleared = (best[owners] >= CLEARED_FROM) & (best[owners] < UNKNOWN)
    statuses[owners[excluded[owners] & is_cleared]] = UNKNOWN + 1


def _count_workloads(found: Found) -> tuple[Ints, Longs]:
    """Return the artifacts that run, and how many workloads run each."""
    owners, counts = counted(different(points_of(found.owners, found.workloads)) >> 32)
    return owners.astype(np.int32), counts


def _count_classes(statuses: Octets, *, running: Ints) -> dict[int, tuple[int, int]]:
    runs = np.bincount(statuses[running], minlength=256).tolist()
    counts = ((row_class, int(np.count_nonzero(statuses == row_class + 1))) for row_class in _GROUP)
    return {row_class: (count, runs[row_class + 1]) for row_class, count in counts if count}


def _count_places(
    found: Found, *, statuses: Octets, listed: Collection[int]
) -> tuple[dict[int, tuple[int, int, int]], list[PlaceCount]]:
    """Return {group: (workloads, namespaces, clusters)}, and the workloads of the listed classes by place."""
    ordered = _ordered(tuple(found.places))
    key_of = ordered.numbers[found.place_of]
    rows = statuses[found.owners]
    groups: dict[int, tuple[int, int, int]] = {}
    for group, classes in _CLASSES_OF.items():
        mine = _flags_of(classes)[rows]
        if mine.any():
            at = key_of[mine]
            namespaces, clusters = ordered.namespaces[at], ordered.clusters[at]
            groups[group] = how_many(found.workloads[mine]), how_many(namespaces), how_many(clusters)
    shown = _flags_of(listed)[rows]
    at, workload_counts = counted(different(key_of[shown] << 32 | found.workloads[shown]) >> 32)
    shown_places = [
        (cluster, environment or "unknown", namespace, count)
        for (cluster, _, environment, namespace), count in zip(
            map(ordered.keys.__getitem__, at.tolist()), workload_counts.tolist(), strict=True
        )
    ]
    return groups, shown_places


_CLASSES_OF: Final = {
    **{group: [row_class for row_class, own in _GROUP.items() if own == group] for group in set(_GROUP.values())},
    BUILD_GROUP: [1, 3],
    MATCHED_GROUP: list(range(CLEARED_FROM)),
}


@dataclass(frozen=True, slots=True)
class _Ordered:
    """Places in their order: the number of each given one, and what differs of them by number."""

    keys: Sequence[tuple[str, bool, str, str]]
    numbers: Longs
    namespaces: Longs
    clusters: Longs


@lru_cache(maxsize=32)
def _ordered(places: tuple[Place, ...]) -> _Ordered:
    """Put places in order: the same ones for most questions about one state of the estate."""
    keys = sorted({place.key for place in places})
    numbers = {key: number for number, key in enumerate(keys)}
    return _Ordered(
        keys,
        np.array([numbers[place.key] for place in places], dtype=np.int64),
        _numbered([(cluster, namespace) for cluster, _, _, namespace in keys]),
        _numbered([cluster for cluster, _, _, _ in keys]),
    )


def _flags_of(classes: Collection[int]) -> Flags:
    """Return for each status whether it is that of one of the classes."""
    return marked(256, [row_class + 1 for row_class in classes])


def _numbered(values: Sequence[object]) -> Longs:
    """Return a number for each value, the same for the same one."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64)


def _alone(
    by_class: Mapping[int, tuple[int, int]], *, by_group: Mapping[int, tuple[int, int, int]]
) -> tuple[int, int, int]:
    """Return (artifacts, running artifacts, workloads) of an indicator that is the whole question."""
    matched = [by_class.get(row_class, (0, 0)) for row_class in range(CLEARED_FROM)]
    workloads, _, _ = by_group.get(MATCHED_GROUP, (0, 0, 0))
    return sum(artifacts for artifacts, _ in matched), sum(running for _, running in matched), workloads
