"""Which snapshots hold the matched components of a page's artifacts, and where in them these stand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from inventory.models.presence import DIRECT, NO_EDGES, UNSURE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from uuid import UUID

    from incidents.impact.occurrences import Shown
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


class Held(NamedTuple):
    """A row of `page_matches`: the matched components that one snapshot of an artifact holds.

    `outline` is None where all of them were shown before.
    """

    artifact_id: int
    snapshot_id: int
    evidence: UUID
    outline: bytes | None
    confidence: int
    components: list[int]
    flags: list[int]


def sources_of(rows: Iterable[Held], *, holders: Collection[int], shown: Shown) -> dict[int, list[Source]]:
    """Return the snapshots of each of the artifacts that are shown."""
    found: dict[int, list[Source]] = defaultdict(list)
    for held in rows:
        if held.artifact_id in holders:
            occurrences = shown.find(held.snapshot_id, held.outline, held.components)
            flags = dict(zip(held.components, held.flags, strict=True))
            found[held.artifact_id].append(Source(held.evidence, held.confidence, occurrences, flags))
    shown.remember()
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
