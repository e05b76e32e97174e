"""How far the queue is behind: what /readyz asks and /metrics shows, read from the queue of record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from inventory.models import EvidenceState, State
from inventory.models.evidence import IN_WORK
from supplychain.ops.health import ProbeResult


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits or is in work, over all teams."""

    waiting_count: int
    oldest_queued_at: datetime | None

    def age_seconds(self, at: datetime) -> float:
        """Return how long the oldest has waited; 0 when nothing waits."""
        return 0.0 if self.oldest_queued_at is None else max(0.0, (at - self.oldest_queued_at).total_seconds())


def read_backlog() -> Backlog:
    """Return the backlog in one statement, from the partial index of what waits."""
    row = EvidenceState.objects.filter(state__in=IN_WORK).aggregate(count=Count("pk"), oldest=Min("queued_at"))
    return Backlog(waiting_count=row["count"], oldest_queued_at=row["oldest"])


def count_by_state() -> Mapping[str, int]:
    """Return how many documents are in each state, those without any included; reads the whole state index."""
    rows = EvidenceState.objects.values_list("state").annotate(count=Count("pk")).order_by("state")
    return dict.fromkeys(State.values, 0) | dict(rows)


def probe_backlog() -> ProbeResult:
    """Fail when the oldest document has waited longer than READY_MAX_BACKLOG_SECONDS.

    Not vital: taking the web server out of service would help nobody's document, and lose uploads.
    """
    limit = settings.READY_MAX_BACKLOG_SECONDS
    try:
        backlog = read_backlog()
    except DatabaseError as error:
        return ProbeResult("backlog", ok=False, message=type(error).__name__, vital=False)
    age = backlog.age_seconds(timezone.now())
    found = f"{backlog.waiting_count} waiting, oldest {age:.0f} s"
    return ProbeResult("backlog", ok=age <= limit, message=found, vital=False)


class EvidenceCollector(Collector):
    """Documents by state, and the age of the oldest one that waits."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        documents = GaugeMetricFamily("supplychain_evidence_documents", "Documents by state", labels=["state"])
        for state, count in count_by_state().items():
            documents.add_metric([state], count)
        yield documents
        age = GaugeMetricFamily("supplychain_evidence_oldest_waiting_seconds", "Age of the oldest document that waits")
        age.add_metric([], read_backlog().age_seconds(timezone.now()))
        yield age
