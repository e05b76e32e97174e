"""What the drills of a time prove: the newest result, the median stopwatch, and recall over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from incidents.models import DrillResult

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """`is_proven`: the newest drill was passed. `recall` is over all that was expected in any of them."""

    drill_count: int
    passed_count: int
    median_list_ms: int | None
    recall: float | None
    newest: DrillResult | None

    @property
    def is_proven(self) -> bool:
        return self.newest is not None and self.newest.is_passed

    @property
    def median_seconds(self) -> float | None:
        return None if self.median_list_ms is None else self.median_list_ms / 1000

    @property
    def recall_percent(self) -> int | None:
        """Return whole percents, rounded down: 99.9 is not all."""
        return None if self.recall is None else int(self.recall * 100)


def proof_of(*, since: datetime) -> Proof:
    """Sum up the drills that finished since. One statement."""
    results = list(DrillResult.objects.filter(finished_at__gte=since).select_related("drill").order_by("drill"))
    times = [one.list_ms for one in results if one.list_ms is not None]
    expected = sum(one.expected_count for one in results)
    return Proof(
        drill_count=len(results),
        passed_count=sum(one.is_passed for one in results),
        median_list_ms=round(median(times)) if times else None,
        recall=sum(one.found_count for one in results) / expected if expected else None,
        newest=results[-1] if results else None,
    )
