"""All detectors of workflow files, asked about one version of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from inventory.detectors import unpinned_action, unpinned_tool
from inventory.detectors.records import Detector, Hit, Severity, WorkflowFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_PLACES: Final = 50
"""Places that a finding names; the file has them all."""
_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}
_DETECTORS: Final[tuple[Callable[[WorkflowFacts], Iterator[Hit]], ...]] = (unpinned_tool.detect, unpinned_action.detect)


def detect(facts: WorkflowFacts) -> list[Hit]:
    """Return what is found, one hit for each subject of a detector: the gravest, with all places in their order."""
    found: dict[tuple[Detector, str], list[Hit]] = {}
    for detector in _DETECTORS:
        for hit in detector(facts):
            found.setdefault((hit.detector, hit.subject), []).append(hit)
    return [_together(hits) for hits in found.values()]


def _together(hits: list[Hit]) -> Hit:
    gravest = min(hits, key=lambda hit: _RANK[hit.severity])
    places = sorted({place for hit in hits for place in hit.places}, key=lambda place: (place.line, place.step or 0))
    return replace(gravest, places=tuple(places[:MOST_PLACES]))
