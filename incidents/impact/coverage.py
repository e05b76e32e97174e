"""Out of what an answer is given: what runs, what of it an SBOM describes, what waits, and who has gone silent.

What runs and what describes it is counted once for each state of the estate and set of teams, and remembered until
something of it changes (runtime.py). What time alone changes is read for each answer: silence, and what waits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from incidents.impact.answer import Backlog, ClusterFreshness, Coverage
from incidents.impact.runtime import Scope
from inventory.graph.one_state import Statement
from inventory.graph.remembered import Remembered
from inventory.models.runtime import STALE_AFTER_INTERVALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from incidents.impact.counted import Counted
    from incidents.impact.remembered import Marks
    from incidents.impact.runtime import Runtime
    from inventory.graph.one_state import Along, OneState

_STATES_KEPT = 64
_LABELLED = """
SELECT count(DISTINCT s.snapshot_id) FROM inventory_artifact a
JOIN inventory_snapshotsubject s ON s.artifact_id = a.id JOIN inventory_track t ON t.id = s.track_id
WHERE a.digest IS NULL AND (%(teams)s::bigint[] IS NULL OR t.team_id = ANY(%(teams)s))
"""
_CLUSTERS = """
SELECT c.id, c.team_id, c.name, c.last_heard_at, c.report_interval_seconds FROM inventory_cluster c
WHERE (%(clusters)s::text[] IS NULL OR c.name = ANY(%(clusters)s)) ORDER BY c.name
"""
_BACKLOG = """
SELECT count(*) FILTER (WHERE s.state <> 'quarantined'), min(e.received_at) FILTER (WHERE s.state <> 'quarantined'),
       count(*) FILTER (WHERE s.state = 'quarantined')
FROM inventory_evidencestate s JOIN inventory_evidence e ON e.id = s.evidence_id
WHERE s.state IN ('received', 'processing', 'quarantined')
  AND (%(teams)s::bigint[] IS NULL OR s.team_id = ANY(%(teams)s))
"""


@dataclass(frozen=True, slots=True)
class _Cluster:
    """A row of _CLUSTERS."""

    id: int
    team_id: int
    name: str
    last_heard_at: datetime
    report_interval_seconds: int

    def freshness(self, *, now: datetime) -> ClusterFreshness:
        silent_after = timedelta(seconds=self.report_interval_seconds * STALE_AFTER_INTERVALS)
        last_heard_at = self.last_heard_at.astimezone(UTC)
        return ClusterFreshness(self.name, last_heard_at, stale=now - last_heard_at > silent_after)


@dataclass(frozen=True, slots=True)
class Ground:
    """What an answer stands on."""

    coverage: Coverage
    backlog: Backlog


LABELLED: Remembered[int] = Remembered(_STATES_KEPT)


class Groundwork:
    """The ground of one answer, asked for along with the answer's next exchange, then put together."""

    def __init__(
        self,
        parameters: Mapping[str, object],
        *,
        marks: Marks,
        runtime: Runtime,
        now: datetime,
        state: OneState,
        asks_publishers: bool = False,
    ) -> None:
        self._runtime, self._now, self._asks_publishers = runtime, now, asks_publishers
        self._teams = Scope.of(parameters).teams
        self._labels = marks.labels
        labelled = LABELLED.get(self._labels, self._teams)
        self._labelled: list[int] = [] if labelled is None else [labelled]
        if not self._labelled:
            self._labelled = state.along(Statement(int, _LABELLED, parameters)).rows
        self._clusters: Along[_Cluster] = state.along(Statement(_Cluster, _CLUSTERS, parameters))
        self._backlog: Along[Backlog] = state.along(Statement(_backlog, _BACKLOG, parameters))

    def ground(self) -> Ground:
        """Return the ground once the exchange is over, and remember what was counted for it."""
        (labelled,), (backlog,) = self._labelled, self._backlog.rows
        LABELLED.put(self._labels, self._teams, labelled)
        return Ground(self._coverage(self._runtime.counted(), labelled=labelled), backlog)

    def _coverage(self, counted: Counted, *, labelled: int) -> Coverage:
        seen = frozenset(counted.cluster_ids or ())
        return Coverage(
            running_artifact_count=counted.running,
            sbom_complete_count=counted.complete,
            sbom_partial_count=counted.partial,
            without_sbom_count=counted.running - counted.complete - counted.partial,
            containers_without_digest_count=counted.undigested,
            sbom_without_digest_count=labelled,
            index_unresolved_count=counted.unresolved,
            unmapped_service_count=counted.unmapped,
            ecosystems=dict(sorted(json.loads(counted.ecosystems or "{}").items())),
            clusters=tuple(
                cluster.freshness(now=self._now)
                for cluster in self._clusters.rows
                if self._teams is None or cluster.team_id in self._teams or cluster.id in seen
            ),
            publisher_unknown_count=counted.unmade if self._asks_publishers else None,
        )


def _backlog(count: int, oldest: datetime | None, quarantined: int) -> Backlog:
    return Backlog(count, None if oldest is None else oldest.astimezone(UTC), quarantined)
