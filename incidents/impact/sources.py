"""Which snapshots hold the matched components of a page's artifacts, and where in them these stand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.impact.occurrences import find_occurrences
from inventory.models.presence import DIRECT, NO_EDGES, UNSURE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from uuid import UUID

    from inventory.graph.outline import Occurrence

_UNSURE_CONFIDENCE = 70


@dataclass(frozen=True, slots=True)
class Source:
    """A snapshot that holds matched components of an artifact."""

    evidence: UUID
    confidence: int
    occurrences: tuple[Occurrence, ...]
    flags: Mapping[int, int]

    def is_direct(self, component_id: int) -> bool | None:
        flags = self.flags[component_id]
        return None if flags & NO_EDGES else bool(flags & DIRECT)

    def certainty(self, component_id: int) -> int:
        """Return how sure the document is of the component, in percent."""
        return _UNSURE_CONFIDENCE if self.flags[component_id] & UNSURE else 100


@dataclass(frozen=True, slots=True)
class Held:
    """A row of `page_matches`: the matched components that one snapshot of an artifact holds."""

    artifact_id: int
    snapshot_id: int
    evidence: UUID
    outline: bytes
    confidence: int
    components: list[int]
    flags: list[int]


def sources_of(rows: Iterable[Held], *, holders: Collection[int]) -> dict[int, list[Source]]:
    """Return the snapshots of each of the artifacts that are shown."""
    found: dict[int, list[Source]] = defaultdict(list)
    known: dict[tuple[bytes, tuple[int, ...]], tuple[Occurrence, ...]] = {}  # every second build changes nothing
    for held in rows:
        if held.artifact_id in holders:
            shown = held.outline, tuple(held.components)
            occurrences = known.get(shown)
            if occurrences is None:
                occurrences = known[shown] = find_occurrences(held.snapshot_id, held.outline, held.components)
            flags = dict(zip(held.components, held.flags, strict=True))
            found[held.artifact_id].append(Source(held.evidence, held.confidence, occurrences, flags))
    return found


def steps_of(sources: Iterable[Sequence[Source]]) -> set[int]:
    """Return all components that the page names."""
    return {
        step
        for found in sources
        for source in found
        for occurrence in source.occurrences
        for step in (occurrence.component_id, *(occurrence.path or ()))
    }
