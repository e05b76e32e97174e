"""Out of what an answer is given: what runs, what of it an SBOM describes, what waits, and who has gone silent.

What runs and what describes it is counted once for each state of the estate and set of teams, and remembered until
something of it changes (remembered.py). What time alone changes is read for each answer: silence, and what waits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from incidents.impact.answer import Backlog, ClusterFreshness, Coverage
from incidents.impact.facts import Place
from incidents.impact.remembered import Remembered
from incidents.impact.statements import INTERVALS, NOW, POINTS_NOW, POINTS_THEN, THEN, undescribed
from incidents.impact.what_runs import WhatRuns
from inventory.graph.one_state import Statement
from inventory.graph.services import SERVICE, SERVICE_OF
from inventory.models.runtime import STALE_AFTER_INTERVALS

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from incidents.impact.remembered import Marks
    from inventory.graph.one_state import Along, OneState

_STATES_KEPT = 64
_COUNTED = """
WITH shown AS MATERIALIZED ({intervals}),
point AS MATERIALIZED ({points}),
described AS MATERIALIZED (
    SELECT i.artifact_id, bool_or(p.is_complete AND p.certainty = 0) AS is_complete,
           bool_and(p.certainty > 0) AS is_unresolved
    FROM shown i JOIN point p ON p.interval_id = i.id
    GROUP BY 1
)
SELECT
    (SELECT count(DISTINCT artifact_id) FROM shown),
    (SELECT count(*) FROM described WHERE is_complete),
    (SELECT count(*) FROM described WHERE NOT is_complete),
    (SELECT count(*) FROM described WHERE is_unresolved),
    (SELECT count(*) FROM shown WHERE artifact_id IS NULL),
    (SELECT count(DISTINCT w.id) FROM shown i JOIN inventory_workload w ON w.id = i.workload_id
     JOIN inventory_cluster c ON c.id = w.cluster_id {service_of}
     WHERE w.service = '' AND {service} = ''),
    (SELECT jsonb_object_agg(e.key, e.n)::text FROM (
        SELECT e.key, sum(e.value::int) AS n
        FROM (SELECT DISTINCT track_id, seq FROM point) p
        JOIN inventory_snapshot n ON n.track_id = p.track_id AND n.seq = p.seq
        CROSS JOIN LATERAL jsonb_each_text(n.ecosystems) e GROUP BY 1) e),
    (SELECT array_agg(DISTINCT cluster_id) FROM shown),
    %(at)s::timestamptz,
    (SELECT min(b.at) FROM inventory_servicemapping m CROSS JOIN LATERAL (VALUES (m.valid_from), (m.valid_to)) b(at)
     WHERE b.at > %(at)s)
"""
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
class _Counted:
    """The one row of _COUNTED.

    It holds for instants from `at` on, until the next service mapping begins or ends.
    """

    running: int
    complete: int
    partial: int
    unresolved: int
    undigested: int
    unmapped: int
    ecosystems: str | None
    cluster_ids: Sequence[int] | None
    at: datetime
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.at <= at and (self.until is None or at < self.until)


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


COUNTED: Remembered[_Counted] = Remembered(_STATES_KEPT)
BARE: Remembered[Sequence[Place]] = Remembered(_STATES_KEPT)
LABELLED: Remembered[int] = Remembered(_STATES_KEPT)


class Groundwork:
    """The ground of one answer, asked for along with the answer's next exchange, then put together.

    Of the past `silent` tells apart which clusters nobody had heard of for too long by then (what_runs.py).
    """

    def __init__(
        self,
        parameters: Mapping[str, object],
        *,
        marks: Marks,
        is_now: bool,
        now: datetime,
        state: OneState,
        silent: str | None = None,
    ) -> None:
        self._is_now, self._parameters, self._state, self._silent = is_now, parameters, state, silent
        self._bare: Sequence[Place] = ()
        teams: Any = parameters["teams"]
        self._teams: tuple[int, ...] | None = None if teams is None else tuple(teams)
        self._now = now
        self._marks, self._labels = marks.of(is_now=is_now), marks.labels
        self._key = _key(parameters, teams=self._teams)
        self._counted: list[_Counted] = _known(self._marks, self._key, at=parameters["at"])
        labelled = LABELLED.get(self._labels, self._teams)
        self._labelled: list[int] = [] if labelled is None else [labelled]
        if not self._counted:
            self._counted = state.along(_counted_statement(parameters, is_now=is_now)).rows
        if not self._labelled:
            self._labelled = state.along(Statement(int, _LABELLED, parameters)).rows
        self._clusters: Along[_Cluster] = state.along(Statement(_Cluster, _CLUSTERS, parameters))
        self._backlog: Along[Backlog] = state.along(Statement(_backlog, _BACKLOG, parameters))

    def ask_undescribed(self) -> None:
        """Ask, with the next exchange, where digests run that no SBOM surely describes, unless it is known."""
        known = BARE.get(self._marks, self._key)
        if known is None:
            known = self._state.along(Statement(Place.unpack, undescribed(is_now=self._is_now), self._parameters)).rows
        self._bare = known

    def what_runs(self, *, is_long: bool) -> WhatRuns:
        """Ask, with the next exchange, what runs of what is found, unless it is known."""
        counted = COUNTED.get(self._marks, self._key)
        return WhatRuns(
            self._parameters,
            marks=self._marks,
            key=(self._key, self._silent),
            all_count=None if counted is None else counted.running,
            is_long=is_long,
            is_now=self._is_now,
            state=self._state,
        )

    def undescribed(self) -> Sequence[Place]:
        """Return what `ask_undescribed` asked for, once the exchange is over."""
        BARE.put(self._marks, self._key, self._bare)
        return self._bare

    def ground(self) -> Ground:
        """Return the ground once the exchange is over, and remember what was counted for it."""
        (counted,), (labelled,), (backlog,) = self._counted, self._labelled, self._backlog.rows
        COUNTED.put(self._marks, self._key, counted)
        LABELLED.put(self._labels, self._teams, labelled)
        return Ground(self._coverage(counted, labelled=labelled), backlog)

    def _coverage(self, counted: _Counted, *, labelled: int) -> Coverage:
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
        )


def _known(marks: str | None, key: Hashable, *, at: object) -> list[_Counted]:
    counted = COUNTED.get(marks, key)
    return [counted] if counted is not None and isinstance(at, datetime) and counted.holds(at) else []


def _key(parameters: Mapping[str, object], *, teams: tuple[int, ...] | None) -> Hashable:
    """Return all that the counts depend on besides the state of the estate; `at` is asked after (`_Counted.holds`)."""
    scopes: list[Any] = [parameters["clusters"], parameters["environments"]]
    return (teams, *(names and tuple(sorted(names)) for names in scopes), parameters["since"], parameters["until"])


def _counted_statement(parameters: Mapping[str, object], *, is_now: bool) -> Statement[_Counted]:
    sql = _COUNTED.format(
        intervals=INTERVALS.format(when=NOW if is_now else THEN),
        points=POINTS_NOW if is_now else POINTS_THEN,
        service_of=SERVICE_OF,
        service=SERVICE,
    )
    return Statement(_Counted, sql, parameters)


def _backlog(count: int, oldest: datetime | None, quarantined: int) -> Backlog:
    return Backlog(count, None if oldest is None else oldest.astimezone(UTC), quarantined)
