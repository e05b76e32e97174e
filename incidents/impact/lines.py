"""What each line of a longer question came to: artifacts, running artifacts and workloads. Pure.

What a line clears is not counted for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain, compress
from typing import TYPE_CHECKING

from incidents.impact.stretches import CLEARED_FROM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from incidents.impact.facts import Facts, Points
    from incidents.impact.matching import Matches
    from incidents.impact.stretches import Covered
    from inventory.graph.packed import Column

Totals = dict[int, tuple[int, int, int]]
"""{place of the indicator: (artifacts, running artifacts, workloads)}; no entry where nothing was found."""
_NONE: frozenset[int] = frozenset()


def count_lines(facts: Facts, *, points: Points, where: Sequence[Covered], matches: Matches, is_scoped: bool) -> Totals:
    """Count the lines of a question."""
    stretches: dict[int, list[Covered]] = defaultdict(list)
    for component, each in zip(facts.spans.components, where, strict=True):
        stretches[component].append(each)
    of_line, of_artifact = _indicators(matches)
    found = {
        line: mine
        for line, components in of_line.items()
        if (mine := _together([stretches[component] for component in components if component in stretches]))
    }
    several = {line for line, components in of_line.items() if len(components) > 1}
    running = _Running(points)
    # Whoever runs something surely is a subject of its document, and so among the artifacts already.
    if is_scoped or points.has_unsure or facts.named or facts.named_points:
        named = _named(facts, of_artifact=of_artifact, is_scoped=is_scoped)
        return _counted_by_name(found, facts=facts, running=running, named=named, is_scoped=is_scoped)
    subjects, totals = _Subjects(facts.subjects.artifacts), Totals()
    for line, mine in found.items():
        owners, workloads = running.of(mine)
        totals[line] = subjects.count(mine, is_one=line not in several), len(owners), len(workloads)
    return totals


def _indicators(matches: Matches) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the components of each line, and the lines that each artifact answers; what they clear is not counted."""
    of_line: dict[int, list[int]] = defaultdict(list)
    for match in matches.components:
        if match.match_class < CLEARED_FROM:
            of_line[match.indicator].append(match.component_id)
    of_artifact: dict[int, list[int]] = defaultdict(list)
    for named in matches.artifacts:
        if named.match_class < CLEARED_FROM:
            of_artifact[named.artifact_id].append(named.indicator)
    return of_line, of_artifact


def _together(parts: Sequence[list[Covered]]) -> list[Covered]:
    return parts[0] if len(parts) == 1 else list(chain.from_iterable(parts))


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
        if not self._has_repeated:
            return sum([last - first for first, last, _, _ in stretches])
        count, again = 0, set[int]()
        for first, last, _, _ in stretches:
            repeated = self._repeated.count(1, first, last)
            count += last - first - repeated
            if repeated:
                again.update(compress(self._artifacts[first:last], self._repeated[first:last]))
        return count + len(again)


def _repeated(artifacts: Column) -> bytes:
    """Return for each subject whether its artifact is one more than once."""
    if len(set(artifacts)) == len(artifacts):
        return bytes(len(artifacts))
    times = Counter(artifacts)
    return bytes(times[artifact] > 1 for artifact in artifacts)


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

    def __missing__(self, hit: tuple[int, int]) -> tuple[frozenset[int], frozenset[int]]:
        start, stop = hit
        found = self[hit] = (
            frozenset(self._points.owners[start:stop]),
            frozenset(self._points.workloads[start:stop]),
        )
        return found

    def of(self, stretches: Iterable[Covered]) -> tuple[frozenset[int], frozenset[int]]:
        """Return the artifacts and the workloads that run in any of these stretches."""
        hits = {(start, stop) for _, _, start, stop in stretches if start < stop}
        if len(hits) < 2:
            return self[hits.pop()] if hits else (_NONE, _NONE)
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
