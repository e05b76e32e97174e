"""What a question can be touched by: the cheap test before it is asked again.

It may say yes where the answer stays the same, never no where a row would be new: what cannot be told from a document
alone (`is_open`) is touched by every document that is no report of what runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.identity.indicators import IndicatorKind
from inventory.models import EvidenceKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from inventory.graph.applied import AppliedDocument
    from inventory.identity.indicators import Indicator

_ADVISORIES = frozenset({EvidenceKind.ADVISORY.value, EvidenceKind.LIST.value})
_RUNTIME = frozenset({EvidenceKind.DEPLOYMENT.value, EvidenceKind.SNAPSHOT.value})
_JUDGED = frozenset(
    {
        IndicatorKind.PACKAGE,
        IndicatorKind.ARTIFACT,
        IndicatorKind.IMAGE,
        IndicatorKind.HASH,
        IndicatorKind.ADVISORY,
        IndicatorKind.UNREADABLE,
    }
)
"""Kinds for which this module knows what a document must hold to touch them."""


@dataclass(frozen=True, slots=True)
class Interests:
    """What one question looks for. `digests` are those asked for; those that were found are added when it is tested."""

    names: frozenset[str]
    hashes: frozenset[str]
    digests: frozenset[str]
    images: frozenset[str]
    asks_advisories: bool
    is_open: bool

    def is_touched_by(self, document: AppliedDocument, *, found: Collection[str]) -> bool:
        """Say whether a document can touch it by what its receipt says alone; `found` are digests of its rows."""
        if document.kind in _RUNTIME:
            return False  # what runs of its rows is compared (graph/applied.py)
        if self.is_open or document.kind == EvidenceKind.IMAGE:  # indexes and layers tell of other images' rows
            return True
        if document.kind == EvidenceKind.REGISTRY and self.images:  # where tags pointed may be told late
            return True
        if document.kind in _ADVISORIES:
            return self.asks_advisories
        return any(one in self.digests or one in found for one in document.subjects)


def interests_of(given: Iterable[Indicator], meant: Iterable[Indicator]) -> Interests:
    """Return what a question looks for: `given` as it was asked, `meant` with what its advisories and lists name."""
    from incidents.impact.candidates import Candidates, by_package  # noqa: PLC0415  NumPy: 25 MB, where one is open

    asked = [indicator for indicator in meant if indicator.problem is None]
    packages = [(0, one) for one in asked if one.kind is IndicatorKind.PACKAGE]
    hashed = [one for one in asked if one.kind is IndicatorKind.HASH and one.value]
    digests = {one.digest for one in asked if one.digest} | {f"{one.algorithm}:{one.value}" for one in hashed}
    return Interests(
        names=Candidates(by_package(packages)).names,
        hashes=frozenset(one.value for one in hashed if one.value),
        digests=frozenset(digests),
        images=frozenset(one.image_name for one in asked if one.kind is IndicatorKind.IMAGE and one.image_name),
        asks_advisories=any(one.kind is IndicatorKind.ADVISORY for one in given),
        is_open=any(one.kind not in _JUDGED for one in asked),
    )
