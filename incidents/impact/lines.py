"""What each line of a longer question came to: artifacts, running artifacts and workloads. Pure.

What a line clears is not counted for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain, compress
from typing import TYPE_CHECKING

from incidents.impact.stretches import CLEARED_FROM, Covered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from incidents.impact.facts import Facts, Points
    from incidents.impact.matching import Matches
    from inventory.graph.packed import Column

Totals = dict[int, tuple[int, int, int]]
"""{place of the indicator: (artifacts, running artifacts, workloads)}; no entry where nothing was found."""
Lines = dict[int, list[int]]
"""{place of the indicator: its components}"""
Stretches = dict[int, list[Covered]]
"""{component: what each of its stretches covers}"""
_NONE: frozenset[int] = frozenset()


def count_lines(facts: Facts, *, points: Points, where: Sequence[Covered], matches: Matches, is_scoped: bool) -> Totals:
    """Count the lines of a question."""
    stretches: Stretches = defaultdict(list)
    for component, each in zip(facts.spans.components, where, strict=True):
        stretches[component].append(each)
    of_line, of_artifact = _indicators(matches)
    running = _Running(points)
    # Whoever runs something surely is a subject of its document, and so among the artifacts already.
    if is_scoped or points.unsure or facts.named or facts.named_points:
        named = _named(facts, of_artifact=of_artifact, is_scoped=is_scoped)
        found = _found(of_line, stretches=stretches)
        return _counted_by_name(found, facts=facts, running=running, named=named, is_scoped=is_scoped)
    return _counted(of_line, stretches=stretches, subjects=_Subjects(facts.subjects.artifacts), running=running)


def _found(of_line: Lines, *, stretches: Stretches) -> dict[int, list[Covered]]:
    return {
        line: list(chain.from_iterable(parts))
        for line, components in of_line.items()
        if (parts := [stretches[component] for component in components if component in stretches])
    }


def _counted(of_line: Lines, *, stretches: Stretches, subjects: _Subjects, running: _Running) -> Totals:
    """Count lines that only components answer: most are one component on one stretch, which is many others' as well."""
    totals, of_stretch = Totals(), dict[Covered, tuple[int, int, int]]()
    for line, components in of_line.items():
        is_one = len(components) == 1
        if is_one:
            mine = stretches.get(components[0], ())
        else:
            mine = [each for component in components for each in stretches.get(component, ())]
        if len(mine) == 1:
            (stretch,) = mine
            counted = of_stretch.get(stretch)
            if counted is None:
                counted = of_stretch[stretch] = subjects.count(mine, is_one=True), *running.count(mine)
            totals[line] = counted
        elif mine:
            totals[line] = subjects.count(mine, is_one=is_one), *running.count(mine)
    return totals


def _indicators(matches: Matches) -> tuple[Lines, dict[int, list[int]]]:
    """Return the components of each line, and the lines that each artifact answers; what they clear is not counted."""
    of_line: Lines = defaultdict(list)
    for match in matches.components:
        if match.match_class < CLEARED_FROM:
            of_line[match.indicator].append(match.component_id)
    of_artifact: dict[int, list[int]] = defaultdict(list)
    for named in matches.artifacts:
        if named.match_class < CLEARED_FROM:
            of_artifact[named.artifact_id].append(named.indicator)
    return of_line, of_artifact


class _Subjects:
    """Counts artifacts without their names, where no other stretch of the line can bring them again."""

    def __init__(self, artifacts: Column) -> None:
        self._artifacts = artifacts
        self._repeated = _repeated(artifacts)
        self._has_repeated = 1 in self._repeated

    def count(self, stretches: Sequence[Covered], *, is_one: bool) -> int:
        """Count the artifacts of stretches. Of one component (`is_one`) they never overlap."""
        if not is_one:
            return len(_among(self._artifacts, stretches))
        count = sum([last - first for first, last, _, _ in stretches])
        if self._has_repeated:
            again = [
                self._artifacts[place]
                for first, last, _, _ in stretches
                if self._repeated.find(1, first, last) >= 0
                for place in compress(range(first, last), self._repeated[first:last])
            ]
            count -= len(again) - len(set(again))
        return count


def _repeated(artifacts: Column) -> bytes:
    """Return for each subject whether its artifact is one more than once."""
    if len(set(artifacts)) == len(artifacts):
        return bytes(len(artifacts))
    repeated = {artifact for artifact, times in Counter(artifacts).items() if times > 1}
    return bytes(map(repeated.__contains__, artifacts))


def _among(artifacts: Column, stretches: Iterable[Covered]) -> set[int]:
    found: set[int] = set()
    for first, last, _, _ in stretches:
        found.update(artifacts[first:last])
    return found


class _Running(dict[tuple[int, int], tuple[frozenset[int], frozenset[int]]]):
    """Artifacts and workloads of ranges of the points: hundreds of components run in the same containers."""

    def __init__(self, points: Points) -> None:
        super().__init__()
        self._points = points
        self._counts: dict[tuple[tuple[int, int], ...], tuple[int, int]] = {}

    def __missing__(self, hit: tuple[int, int]) -> tuple[frozenset[int], frozenset[int]]:
        start, stop = hit
        found = self[hit] = (
            frozenset(self._points.owners[start:stop]),
            frozenset(self._points.workloads[start:stop]),
        )
        return found

    def count(self, stretches: Iterable[Covered]) -> tuple[int, int]:
        """Count the artifacts and the workloads that run in any of these stretches."""
        hits = tuple([(start, stop) for _, _, start, stop in stretches if start < stop])
        if not hits:
            return 0, 0
        counts = self._counts.get(hits)
        if counts is None:
            owners, workloads = self._together(set(hits))
            counts = self._counts[hits] = len(owners), len(workloads)
        return counts

    def of(self, stretches: Iterable[Covered]) -> tuple[frozenset[int], frozenset[int]]:
        """Return the artifacts and the workloads that run in any of these stretches."""
        return self._together({(start, stop) for _, _, start, stop in stretches if start < stop})

    def _together(self, hits: Collection[tuple[int, int]]) -> tuple[frozenset[int], frozenset[int]]:
        if not hits:
            return _NONE, _NONE
        owners, workloads = zip(*[self[hit] for hit in hits], strict=True)
        return _NONE.union(*owners), _NONE.union(*workloads)


@dataclass(slots=True)
class _Named:
    """What lines name themselves: artifacts, and of those what runs."""

    artifacts: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    running: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    workloads: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


def _named(facts: Facts, *, of_artifact: Mapping[int, list[int]], is_scoped: bool) -> _Named:
    named = _Named()
    for artifact in () if is_scoped else facts.named:
        for line in of_artifact.get(artifact, ()):
            named.artifacts[line].add(artifact)
    for place in facts.named_points:
        for artifact, owner, workload in zip(place.tracks, place.owners, place.workloads, strict=True):
            for line in of_artifact.get(artifact, ()):
                named.running[line].add(owner)
                named.workloads[line].add(workload)
    return named


def _counted_by_name(
    found: Mapping[int, list[Covered]], *, facts: Facts, running: _Running, named: _Named, is_scoped: bool
) -> Totals:
    """Count lines where an artifact can come in more than one way."""
    totals: Totals = {}
    for line in {*found, *named.artifacts, *named.running}:
        mine = found.get(line, [])
        held = set[int]() if is_scoped else _among(facts.subjects.artifacts, mine)
        owners, workloads = running.of(mine)
        runs = owners.union(named.running.get(line, ()))
        if runs or not is_scoped:
            artifacts = held.union(runs, named.artifacts.get(line, ()))
            totals[line] = len(artifacts), len(runs), len(workloads.union(named.workloads.get(line, ())))
    return totals
