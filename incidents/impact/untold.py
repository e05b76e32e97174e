"""What runs and of which nobody tells the origin asked for, and how much is told of what runs at all. Pure but its SQL.

For a question by origin what has no provenance is as unknown as what has no SBOM is for a question by package.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.impact.answer import ProvenanceCoverage
from incidents.impact.facts import Containers, Placed
from incidents.impact.statements import BY_PLACE, INTERVALS, NOW, RAN
from inventory.graph.one_state import Statement
from inventory.graph.told import BUILDER, CLAIMED, COMMIT, REPOSITORY, SIGNER, TOLD, VERIFIED
from inventory.identity.indicators import IndicatorKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from incidents.impact.coverage import Ground
    from inventory.identity.indicators import Indicator

_NOT_THERE: Final = 3
_NEVER_TOLD: Final = 64
"""Who commits is in no evidence that is read."""
_NEEDED: Final = {
    IndicatorKind.REPOSITORY: REPOSITORY,
    IndicatorKind.WORKFLOW: BUILDER,
    IndicatorKind.RUN: BUILDER,
    IndicatorKind.BUILDER: BUILDER,
    IndicatorKind.SIGNER: SIGNER,
    IndicatorKind.COMMIT: COMMIT,
    IndicatorKind.ACCOUNT: _NEVER_TOLD,
    IndicatorKind.ACTION: REPOSITORY,
    IndicatorKind.DOWNLOAD: REPOSITORY,
}
_OF_SBOMS: Final = frozenset({IndicatorKind.REPOSITORY, IndicatorKind.COMMIT, IndicatorKind.ACCOUNT})
"""Of these an SBOM may say what they became, and a repository also supplies packages."""
_BESIDE_SBOMS: Final = frozenset({*_NEEDED, IndicatorKind.CLUSTER}) - _OF_SBOMS
"""Kinds of which no SBOM tells."""
_CONTAINERS: Final = f"""
SELECT 0 AS track_id, 0 AS seq, i.artifact_id AS owner, i.workload_id, i.cluster_id, i.environment_id, i.namespace,
       coalesce(told.bits, 0) AS mark
FROM shown i CROSS JOIN LATERAL ({TOLD}) told WHERE i.artifact_id IS NOT NULL"""
_TOLD: Final = f"WITH shown AS MATERIALIZED ({{intervals}}) {BY_PLACE.format(found=_CONTAINERS)}"


@dataclass(frozen=True, slots=True)
class Needed:
    """What has to be told of an artifact before it can be outside the question."""

    bits: int
    asks_sboms: bool
    asks_origins: bool

    @classmethod
    def of(cls, indicators: Iterable[Indicator]) -> Needed:
        """Take what the indicators ask; one with a problem asks nothing."""
        kinds = {indicator.kind for indicator in indicators if indicator.problem is None}
        bits = 0
        for kind in kinds:
            bits |= _NEEDED.get(kind, 0)
        asks_origins = bool(bits) or IndicatorKind.CLUSTER in kinds
        return cls(bits, asks_sboms=not kinds or bool(kinds - _BESIDE_SBOMS), asks_origins=asks_origins)


def told_statement(parameters: Mapping[str, object], *, is_now: bool) -> Statement[Placed]:
    """Return the statement of all that runs with what is told of it: rows as `statements.POINTS`, marks are bits."""
    return Statement(Placed.of, _TOLD.format(intervals=INTERVALS.format(when=NOW if is_now else RAN)), parameters)


def untold(told: Containers, *, needed: int) -> Containers:
    """Return what runs, with mark 1 for the containers of which something that was asked for is not known."""
    return told.marked(needed & ~told.marks.astype(np.int64) != 0)


def with_provenance(ground: Ground, *, told: Containers | None) -> Ground:
    """Add to what an answer stands on how much is told of where what runs comes from, where that was read."""
    if told is None:
        return ground
    return replace(ground, coverage=replace(ground.coverage, provenance=_counted(told)))


def _counted(told: Containers) -> ProvenanceCoverage:
    """Count the running artifacts by what is told of them: an artifact counts as its least known container."""
    known = np.where(told.marks & VERIFIED > 0, 2, np.where(told.marks & CLAIMED > 0, 1, 0))
    least = np.full(told.greatest + 1, _NOT_THERE)
    np.minimum.at(least, told.owners, known)
    counts = np.bincount(least, minlength=_NOT_THERE + 1).tolist()
    return ProvenanceCoverage(counts[2], counts[1], counts[0])
