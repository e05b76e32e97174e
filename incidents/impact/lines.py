"""What each line of a longer question came to: artifacts, running artifacts and workloads. Pure.

What a line clears is not counted for it. All lines are counted at once: what overlaps on a line is cut away, and what
may be there more than once is looked at by itself.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.impact.columns import different, expanded
from incidents.impact.stretches import CLEARED_FROM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from incidents.impact.columns import Flags, Ints, Longs
    from incidents.impact.facts import Facts, Repeats
    from incidents.impact.matching import Matches
    from incidents.impact.stretches import Covered

Totals = dict[int, tuple[int, int, int]]
"""{place of the indicator: (artifacts, running artifacts, workloads)}; no entry where nothing was found."""
_AT_ONCE: Final = 4_000_000
"""So many positions are looked at together: 32 MB a column."""


def count_lines(facts: Facts, *, where: Covered, matches: Matches, is_scoped: bool) -> Totals:
    """Count the lines of a question."""
    pairs = _pairs(facts, matches=matches)
    built = _Ranges.of(pairs, where.first, where.last)
    runs = _Ranges.of(pairs, where.start, where.stop)
    subjects, points = facts.subjects, facts.points
    owners, workloads = points.repeats
    artifacts = built.count(subjects.artifacts, again=subjects.repeated)
    running, running_workloads = runs.count_points(owners), runs.count_points(workloads)
    lines = pairs.lines.tolist()
    counts = zip(artifacts.tolist(), running.tolist(), running_workloads.tolist(), strict=True)
    totals = dict(zip(lines, counts, strict=True))
    if is_scoped:
        totals = {line: (count, count, there) for line, (_, count, there) in totals.items() if count}
    named = _named(facts, matches=matches, is_scoped=is_scoped)
    # Whoever runs something surely is a subject of its document, and so among the artifacts already.
    unsure = set() if is_scoped else {lines[place] for place in runs.touching(points.unsure)}
    place_of = {line: place for place, line in enumerate(lines)}
    for line in {*named.artifacts, *named.running, *unsure}:
        place = place_of.get(line)
        held = set[int]() if is_scoped or place is None else set(subjects.artifacts[built.at(place)].tolist())
        at = np.zeros(0, np.int64) if place is None else runs.at(place)
        run = {*points.owners[at].tolist(), *named.running.get(line, ())}
        there = {*points.workloads[at].tolist(), *named.workloads.get(line, ())}
        if run or not is_scoped:
            totals[line] = len(held.union(run, named.artifacts.get(line, ()))), len(run), len(there)
    return totals


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Which stretches each line has: `line_of` are places among `lines`, `stretches` among those of the facts."""

    lines: Longs
    line_of: Longs
    stretches: Longs


def _pairs(facts: Facts, *, matches: Matches) -> _Pairs:
    found = [match for match in matches.components if match.match_class < CLEARED_FROM]
    components = np.array([match.component_id for match in found], dtype=np.int32)
    order = np.argsort(facts.spans.components, kind="stable")
    known = facts.spans.components[order]
    first, last = known.searchsorted(components), known.searchsorted(components, side="right")
    indicators = np.array([match.indicator for match in found], dtype=np.int64)
    lines, line_of = np.unique(np.repeat(indicators, last - first), return_inverse=True)
    return _Pairs(lines, line_of, order[expanded(first, last)])


@dataclass(frozen=True, slots=True)
class _Ranges:
    """The positions of lines among subjects or points: ranges in the order of lines, none of a line meets another."""

    count_of_lines: int
    line_of: Longs
    first: Longs
    last: Longs

    @classmethod
    def of(cls, pairs: _Pairs, first: Longs, last: Longs) -> _Ranges:
        """Take what the stretches of each line cover, without what the line has already."""
        begin, end = first[pairs.stretches], last[pairs.stretches]
        order = np.lexsort((begin, pairs.line_of))
        line_of, begin, end = pairs.line_of[order], begin[order], end[order]
        # The furthest end so far, of this line: those of the lines before it are below all of its positions.
        offset = line_of * (int(end.max(initial=0)) + 1)
        reached = np.maximum.accumulate(end + offset)
        begin[1:] = np.maximum(begin[1:], reached[:-1] - offset[1:])
        kept = begin < end
        return cls(len(pairs.lines), line_of[kept], begin[kept], end[kept])

    def count(self, values: Ints, *, again: Flags) -> Longs:
        """Return how many different values each line has; `again` are those that are there more than once."""
        return self._summed(_counts(~again)) + self._different(values, again=again, before=_counts(again))

    def count_points(self, repeats: Repeats) -> Longs:
        """Return how many different values each line has of points, all of whose entries it has."""
        counted = self._summed(repeats.counted)
        return counted + self._different(repeats.values, again=repeats.again, before=repeats.counted_again)

    def at(self, line: int) -> Longs:
        """Return the positions of a line."""
        mine = slice(*self.line_of.searchsorted((line, line + 1)).tolist())
        return expanded(self.first[mine], self.last[mine])

    def touching(self, flags: Flags) -> list[int]:
        """Return the lines that have a position with a flag."""
        before = _counts(flags)
        found: list[int] = different(self.line_of[before[self.last] > before[self.first]]).tolist()
        return found

    def _summed(self, before: Longs) -> Longs:
        """Sum up, a line, what `before` counts up to each position."""
        sums = np.zeros(self.count_of_lines, np.int64)
        np.add.at(sums, self.line_of, before[self.last] - before[self.first])
        return sums

    def _different(self, values: Ints, *, again: Flags, before: Longs) -> Longs:
        """Return how many different values each line has at positions with a flag."""
        sums = np.zeros(self.count_of_lines, np.int64)
        at = np.flatnonzero(again)
        first, last = before[self.first], before[self.last]
        some = first < last
        for part in _portions(self.line_of[some], last[some] - first[some]):
            lines = np.repeat(self.line_of[some][part], (last - first)[some][part])
            there = values[at[expanded(first[some][part], last[some][part])]]
            sums += np.bincount(different(lines << 32 | there) >> 32, minlength=self.count_of_lines)
        return sums


def _counts(flags: Flags) -> Longs:
    """Return how many flags are set before each position, and at the end."""
    counts: Longs = np.concatenate(([0], np.cumsum(flags)))
    return counts


def _portions(line_of: Longs, lengths: Longs) -> Iterator[slice]:
    """Yield slices of ranges that together are not too long, and never part a line."""
    start, ends = 0, np.cumsum(lengths)
    while start < len(lengths):
        done = int(ends[start - 1]) if start else 0
        end = int(ends.searchsorted(done + _AT_ONCE, side="right"))
        if end < len(lengths):
            end = int(line_of.searchsorted(line_of[end]))
            if end <= start:
                end = int(line_of.searchsorted(line_of[start], side="right"))
        yield slice(start, end)
        start = end


@dataclass(slots=True)
class _Named:
    """What lines name themselves: artifacts, and of those what runs."""

    artifacts: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    running: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    workloads: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


def _named(facts: Facts, *, matches: Matches, is_scoped: bool) -> _Named:
    of_artifact: Mapping[int, list[int]] = defaultdict(list)
    for match in matches.artifacts:
        if match.match_class < CLEARED_FROM:
            of_artifact[match.artifact_id].append(match.indicator)
    named = _Named()
    if not of_artifact:
        return named
    for artifact in () if is_scoped else facts.named:
        for line in of_artifact.get(artifact, ()):
            named.artifacts[line].add(artifact)
    there = facts.named_points
    for artifact, owner, workload in zip(
        there.tracks.tolist(), there.owners.tolist(), there.workloads.tolist(), strict=True
    ):
        for line in of_artifact.get(artifact, ()):
            named.running[line].add(owner)
            named.workloads[line].add(workload)
    return named
