"""What each line of a longer question came to: artifacts, running artifacts and workloads. Pure.

What a line clears is not counted for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING

from incidents.impact.stretches import CLEARED_FROM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from incidents.impact.facts import Facts, Points
    from incidents.impact.matching import Matches
    from incidents.impact.stretches import Covered


@dataclass(slots=True)
class _Line:
    """One line. `counted` are artifacts that no other stretch can bring again; the others are named."""

    counted: int = 0
    artifacts: set[int] = field(default_factory=set)
    running: set[int] = field(default_factory=set)
    workloads: set[int] = field(default_factory=set)

    @property
    def totals(self) -> tuple[int, int, int]:
        return self.counted + len(self.artifacts), len(self.running), len(self.workloads)


def count_lines(
    facts: Facts, *, points: Points, where: Covered, matches: Matches, is_scoped: bool
) -> dict[int, tuple[int, int, int]]:
    """Return {place of the indicator: (artifacts, running artifacts, workloads)}."""
    lines: dict[int, _Line] = defaultdict(_Line)
    of_component, of_artifact = _indicators(matches)
    # Whoever runs something surely is a subject of its document, and so among the artifacts already.
    all_are_held = not (is_scoped or points.has_unsure or facts.named or facts.named_points)
    if not is_scoped:
        _add_held(lines, facts=facts, where=where, of_component=of_component, is_alone=all_are_held)
        for artifact in facts.named:
            for indicator in of_artifact[artifact]:
                lines[indicator].artifacts.add(artifact)
    _add_running(lines, facts=facts, points=points, where=where, of_component=of_component)
    for place in facts.named_points:
        for artifact, owner, workload in zip(place.tracks, place.owners, place.workloads, strict=True):
            for indicator in of_artifact[artifact]:
                lines[indicator].running.add(owner)
                lines[indicator].workloads.add(workload)
    if not all_are_held:
        for line in lines.values():
            line.artifacts |= line.running
    return {indicator: line.totals for indicator, line in lines.items()}


def _indicators(matches: Matches) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the indicators that each component and each artifact answers; what they clear is not counted."""
    of_component: dict[int, list[int]] = defaultdict(list)
    for match in matches.components:
        if match.match_class < CLEARED_FROM:
            of_component[match.component_id].append(match.indicator)
    of_artifact: dict[int, list[int]] = defaultdict(list)
    for named in matches.artifacts:
        of_artifact[named.artifact_id].append(named.indicator)
    return of_component, of_artifact


def _add_held(
    lines: dict[int, _Line], *, facts: Facts, where: Covered, of_component: Mapping[int, list[int]], is_alone: bool
) -> None:
    """Count the artifacts that hold what each line asks for.

    One component's stretches never overlap, so an artifact that is a subject only once is counted without its name.
    """
    artifacts = facts.subjects.artifacts
    named = _repeated(facts) if is_alone else b"\1" * len(artifacts)
    has_named = 1 in named
    components_of = Counter(indicator for indicators in of_component.values() for indicator in indicators)
    for component, (first, last) in _stretches(facts, where.subjects()):
        for indicator in of_component.get(component, ()):
            line = lines[indicator]
            if components_of[indicator] > 1:
                line.artifacts.update(artifacts[first:last])
            elif has_named and (repeated := named.count(1, first, last)):
                line.artifacts.update(compress(artifacts[first:last], named[first:last]))
                line.counted += last - first - repeated
            else:
                line.counted += last - first


def _repeated(facts: Facts) -> bytes:
    """Return for each subject whether its artifact is one more than once."""
    artifacts = facts.subjects.artifacts
    if len(set(artifacts)) == len(artifacts):
        return bytes(len(artifacts))
    times = Counter(artifacts)
    return bytes(times[artifact] > 1 for artifact in artifacts)


def _add_running(
    lines: dict[int, _Line], *, facts: Facts, points: Points, where: Covered, of_component: Mapping[int, list[int]]
) -> None:
    for component, (start, stop) in _stretches(facts, where.points()):
        for indicator in of_component.get(component, ()):
            lines[indicator].running.update(points.owners[start:stop])
            lines[indicator].workloads.update(points.workloads[start:stop])


def _stretches(facts: Facts, covered: Iterator[tuple[int, int]]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield the component of each stretch, and what it covers, where it covers anything."""
    for component, place in zip(facts.spans.components, covered, strict=True):
        if place[0] < place[1]:
            yield component, place
