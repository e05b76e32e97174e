"""How far the queue is behind: what /readyz asks and /metrics shows, read from the queue of record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from inventory.models import Evidence, EvidenceState, State
from inventory.models.evidence import IN_WORK
from supplychain.ops.health import ProbeResult
from supplychain.ops.measures import rate_of

FAILURES_READ = 5_000
TEAMS_MEASURED = 20
RATE_MINUTES = 5
OUTCOMES = ("applied", "rejected", "quarantined")
_FAILURES = """
SELECT state, code, count(*) FROM (
    (SELECT state, coalesce(error ->> 'code', '') AS code FROM inventory_evidencestate
     WHERE state = 'rejected' ORDER BY evidence_id DESC LIMIT %s)
    UNION ALL
    (SELECT state, coalesce(error ->> 'code', '') FROM inventory_evidencestate
     WHERE state = 'quarantined' ORDER BY evidence_id DESC LIMIT %s)) failed
GROUP BY state, code ORDER BY 3 DESC, 1, 2
"""


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


@dataclass(frozen=True, slots=True)
class TeamBacklog:
    """What one team waits for."""

    team: str
    waiting_count: int
    oldest_queued_at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """How many of the newest documents that were refused ended with one code."""

    state: str
    code: str
    count: int


def read_backlog_by_team(*, limit: int) -> list[TeamBacklog]:
    """Return the teams with the most documents waiting; for those who see every team. From the partial index."""
    rows = (
        EvidenceState.objects.filter(state__in=IN_WORK)
        .values("team__slug")
        .annotate(count=Count("pk"), oldest=Min("queued_at"))
        .order_by("-count", "team__slug")[:limit]
    )
    return [TeamBacklog(row["team__slug"], row["count"], row["oldest"]) for row in rows]


def read_failures() -> list[Failure]:
    """Count the newest refused documents by state and code, the commonest first; for those who see every team."""
    with connection.cursor() as cursor:
        cursor.execute(_FAILURES, [FAILURES_READ, FAILURES_READ])
        return [Failure(*row) for row in cursor.fetchall()]


def read_quarantined(*, limit: int) -> list[Evidence]:
    """Return the newest quarantined documents with state and team; for those who see every team."""
    rows = Evidence.objects.filter(state__state=State.QUARANTINED).select_related("state", "team")
    return list(rows.order_by("-state__evidence_id")[:limit])


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
        at = timezone.now()
        age.add_metric([], read_backlog().age_seconds(at))
        yield age
        waiting = GaugeMetricFamily(
            "supplychain_evidence_waiting_documents",
            f"Documents that wait, of the {TEAMS_MEASURED} teams with the most",
            labels=["team"],
        )
        for team in read_backlog_by_team(limit=TEAMS_MEASURED):
            waiting.add_metric([team.team], team.waiting_count)
        yield waiting
        failed = GaugeMetricFamily(
            "supplychain_evidence_failed_documents",
            f"The newest {FAILURES_READ} rejected and quarantined documents by code",
            labels=["state", "code"],
        )
        for failure in read_failures():
            failed.add_metric([failure.state, failure.code], failure.count)
        yield failed
        rate = GaugeMetricFamily(
            "supplychain_documents_per_minute",
            f"Documents that ended, a minute, over the last {RATE_MINUTES} whole minutes",
            labels=["outcome"],
        )
        for outcome in OUTCOMES:
            rate.add_metric([outcome], rate_of(f"documents.{outcome}", at=at, minutes=RATE_MINUTES))
        yield rate
