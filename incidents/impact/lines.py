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
    from collections.abc import Mapping

    from incidents.impact.facts import Facts, Points
    from incidents.impact.matching import Matches
    from incidents.impact.stretches import Covered


@dataclass(slots=True)
class _Lines:
    """What is known of each line. `counted` are artifacts that no other stretch can bring again; others are named."""

    counted: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    artifacts: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    running: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    workloads: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def totals(self) -> dict[int, tuple[int, int, int]]:
        """Return {place of the indicator: (artifacts, running artifacts, workloads)}."""
        totals = {line: (count, 0, 0) for line, count in self.counted.items()}
        for line, artifacts in self.artifacts.items():
            totals[line] = (self.counted.get(line, 0) + len(artifacts), 0, 0)
        for line, running in self.running.items():
            count, _, _ = totals.get(line, (0, 0, 0))
            totals[line] = (count, len(running), len(self.workloads[line]))
        return totals


def count_lines(
    facts: Facts, *, points: Points, where: Covered, matches: Matches, is_scoped: bool
) -> dict[int, tuple[int, int, int]]:
    """Return {place of the indicator: (artifacts, running artifacts, workloads)}."""
    lines = _Lines()
    of_component, of_artifact = _indicators(matches)
    # Whoever runs something surely is a subject of its document, and so among the artifacts already.
    all_are_held = not (is_scoped or points.has_unsure or facts.named or facts.named_points)
    if not is_scoped:
        _add_held(lines, facts=facts, where=where, of_component=of_component, is_alone=all_are_held)
        for artifact in facts.named:
            for line in of_artifact.get(artifact, ()):
                lines.artifacts[line].add(artifact)
    _add_running(lines, facts=facts, points=points, where=where, of_component=of_component)
    for place in facts.named_points:
        for artifact, owner, workload in zip(place.tracks, place.owners, place.workloads, strict=True):
            for line in of_artifact.get(artifact, ()):
                lines.running[line].add(owner)
                lines.workloads[line].add(workload)
    if not all_are_held:
        for line, running in lines.running.items():
            lines.artifacts[line] |= running
    return lines.totals()


def _indicators(matches: Matches) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the indicators that each component and each artifact answers; what they clear is not counted."""
    of_component: dict[int, list[int]] = defaultdict(list)
    for match in matches.components:
        if match.match_class < CLEARED_FROM:
            of_component[match.component_id].append(match.indicator)
    of_artifact: dict[int, list[int]] = defaultdict(list)
    for named in matches.artifacts:
        if named.match_class < CLEARED_FROM:
            of_artifact[named.artifact_id].append(named.indicator)
    return of_component, of_artifact


def _add_held(
    lines: _Lines, *, facts: Facts, where: Covered, of_component: Mapping[int, list[int]], is_alone: bool
) -> None:
    """Count the artifacts that hold what each line asks for.

    One component's stretches never overlap, so an artifact that is a subject only once is counted without its name.
    """
    artifacts, counted = facts.subjects.artifacts, lines.counted
    named = _repeated(facts) if is_alone else b"\1" * len(artifacts)
    has_named = 1 in named
    components_of = Counter(chain.from_iterable(of_component.values()))
    for component, first, last in zip(facts.spans.components, where.subjects_from, where.subjects_to, strict=True):
        for line in of_component.get(component, ()):
            if components_of[line] > 1:
                lines.artifacts[line].update(artifacts[first:last])
            elif has_named and (repeated := named.count(1, first, last)):
                lines.artifacts[line].update(compress(artifacts[first:last], named[first:last]))
                counted[line] += last - first - repeated
            else:
                counted[line] += last - first


def _repeated(facts: Facts) -> bytes:
    """Return for each subject whether its artifact is one more than once."""
    artifacts = facts.subjects.artifacts
    if len(set(artifacts)) == len(artifacts):
        return bytes(len(artifacts))
    times = Counter(artifacts)
    return bytes(times[artifact] > 1 for artifact in artifacts)


def _add_running(
    lines: _Lines, *, facts: Facts, points: Points, where: Covered, of_component: Mapping[int, list[int]]
) -> None:
    owners, workloads = points.owners, points.workloads
    for component, start, stop in zip(facts.spans.components, where.points_from, where.points_to, strict=True):
        if start < stop:
            for line in of_component.get(component, ()):
                lines.running[line].update(owners[start:stop])
                lines.workloads[line].update(workloads[start:stop])
