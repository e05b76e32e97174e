"""Where components stand in documents, as far as this process has shown it: a snapshot and its outline never change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from incidents.impact.remembered import forget_with_the_tables
from inventory.graph.outline import Occurrence, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

OCCURRENCES: Final[dict[tuple[int, int], Occurrence]] = {}
"""By snapshot and component."""
_KEPT = 50_000
forget_with_the_tables(OCCURRENCES.clear)


def find_occurrences(snapshot_id: int, outline: bytes, component_ids: Sequence[int]) -> tuple[Occurrence, ...]:
    """Return where these components, in ascending order, stand in a document; its outline is unpacked when unread."""
    known = [OCCURRENCES.get((snapshot_id, component_id)) for component_id in component_ids]
    found = [occurrence for occurrence in known if occurrence is not None]
    if len(found) < len(component_ids):
        found = unpack(outline).find(component_ids)
        if len(OCCURRENCES) + len(found) > _KEPT:
            OCCURRENCES.clear()
        OCCURRENCES.update({(snapshot_id, occurrence.component_id): occurrence for occurrence in found})
    return tuple(found)
