"""What ran in a history: clusters, workloads and intervals, as the reports of the schedule would have left them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.records import ArtifactKind, ContainerClass
from inventory.ingest.places import ensure_environments
from inventory.models import CloseReason, Cluster
from inventory.models.runtime import DEFAULT_INTERVAL_SECONDS
from tests.bench.load.copying import Stream
from tests.bench.load.evidence import PLATFORM
from tests.bench.load.schedule import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tests.bench.load.schedule import Clock, Place, Record, Schedule

_WORKLOAD = "id, cluster_id, namespace, kind, name, service, runtime_risks"
_INTERVAL = (
    "id, team_id, reporter_id, workload_id, container, container_class, pod, artifact_id, digest_kind, image_name, "
    "image_tag, node_architecture, environment_id, opened_at, last_seen_at, seen_count, closed_at, close_reason, "
    "end_names_image, opened_by_id, closed_by_id"
)


@dataclass(slots=True)
class _Open:
    """What a workload runs until the next record of it."""

    id: int
    place: Place
    artifact_id: int
    opened_at: str
    opened_by: int


class RuntimeLoader:
    """Replays the reports; each workload has one container, and each record of it ends what ran before."""

    def __init__(self, schedule: Schedule, *, clock: Clock, team_ids: Mapping[str, int]) -> None:
        self._schedule = schedule
        self._clock = clock
        self._team_ids = team_ids
        self._workloads: dict[tuple[int, int], int] = {}
        self._running: dict[int, _Open] = {}
        self._interval_count = 0
        self._clusters: dict[str, int] = {}
        self._environments: dict[str, int] = {}

    def load(self) -> list[dict[str, int]]:
        """Write all rows; return for each report how many intervals it opened and ended."""
        self._environments = ensure_environments({"production", "staging", "development"})
        self._make_clusters()
        changes = []
        with (
            Stream("inventory_workload", _WORKLOAD) as workloads,
            Stream("inventory_runinterval", _INTERVAL) as intervals,
        ):
            for report, evidence_id in zip(self._schedule.reports, self._schedule.report_evidence, strict=True):
                ended = sum(
                    self._see(record, evidence_id, workloads=workloads, intervals=intervals)
                    for record in report.records
                )
                changes.append({"intervals_opened": len(report.records), "intervals_ended": ended})
            for workload_id, run in self._running.items():
                intervals.add(self._line(workload_id, run, closed_at=None, closed_by=0))
        return changes

    def _make_clusters(self) -> None:
        """Clusters are the platform's; the first report that names one makes it."""
        heard: dict[str, list[datetime]] = {}
        for report in self._schedule.reports:
            moment = self._clock.moment(report.at)
            for record in report.records:
                heard.setdefault(place_of(record, self._schedule.services).cluster, []).append(moment)
        rows = Cluster.objects.bulk_create(
            Cluster(
                team_id=self._team_ids[PLATFORM],
                name=name,
                report_interval_seconds=DEFAULT_INTERVAL_SECONDS,
                first_heard_at=moments[0],
                last_heard_at=moments[-1],
            )
            for name, moments in sorted(heard.items())
        )
        self._clusters = {row.name: row.pk for row in rows}

    def _see(self, record: Record, evidence_id: int, *, workloads: Stream, intervals: Stream) -> bool:
        """Open an interval; True when it ends one of an earlier report, which is what a receipt counts."""
        place = place_of(record, self._schedule.services)
        key = (record.service, record.workload)
        workload_id = self._workloads.get(key)
        if workload_id is None:
            workload_id = self._workloads[key] = len(self._workloads) + 1
            cluster_id = self._clusters[place.cluster]
            workloads.add(
                f"{workload_id}\t{cluster_id}\t{place.namespace}\tDeployment\t{place.workload}\t{place.service}\t{{}}"
            )
        at = self._clock.moment(record.at).isoformat()
        before = self._running.get(workload_id)
        if before is not None:
            intervals.add(self._line(workload_id, before, closed_at=at, closed_by=evidence_id))
        self._interval_count += 1
        artifact_id = self._schedule.artifact_id(record)
        self._running[workload_id] = _Open(self._interval_count, place, artifact_id, at, evidence_id)
        return before is not None and before.opened_by != evidence_id

    def _line(self, workload_id: int, run: _Open, *, closed_at: str | None, closed_by: int) -> str:
        place = run.place
        team_id = self._team_ids[place.team or PLATFORM]
        end = f"{closed_at}\t{CloseReason.REPLACED.value}\tf" if closed_at else "\\N\t\tf"
        return (
            f"{run.id}\t{team_id}\t{self._team_ids[PLATFORM]}\t{workload_id}\tapp\t{ContainerClass.CONTAINER.value}\t\t"
            f"{run.artifact_id}\t{ArtifactKind.UNKNOWN.value}\t{place.repository}\t{place.tag}\t\t"
            f"{self._environments[place.environment]}\t{run.opened_at}\t{run.opened_at}\t1\t{end}\t{run.opened_by}\t"
            f"{closed_by or chr(92) + 'N'}"
        )
