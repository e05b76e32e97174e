"""The state of the estate: what runs now, what of it is known, and what waits. The same ground an answer stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from incidents.impact.coverage import Groundwork
from incidents.impact.remembered import marks_statement
from incidents.impact.what_runs import WhatRuns
from inventory.graph.families import visible_teams
from inventory.graph.one_state import Statement, one_state
from inventory.graph.statements import READ_SECONDS, fetch
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from datetime import datetime

    from incidents.impact.answer import Backlog, Coverage
    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class Estate:
    """Counts are of what the actor may see. A package counts when an SBOM lists it, whether it runs or not."""

    coverage: Coverage
    backlog: Backlog
    workload_count: int
    container_count: int
    namespace_count: int
    sbom_count: int
    package_count: int

    @property
    def stale_cluster_count(self) -> int:
        return sum(cluster.stale for cluster in self.coverage.clusters)


_COUNTS = f"""
SELECT count(DISTINCT i.workload_id), count(*), count(DISTINCT (w.cluster_id, w.namespace)),
       (SELECT count(*) FROM inventory_snapshot n JOIN inventory_track t ON t.id = n.track_id WHERE {own("t.team_id")}),
       (SELECT count(DISTINCT r.package_id) FROM inventory_packagereach r
        WHERE r.team_id IS NULL AND %(teams)s::bigint[] IS NULL
           OR r.team_id = ANY(%(teams)s::bigint[]))
FROM inventory_runinterval i JOIN inventory_workload w ON w.id = i.workload_id
WHERE i.closed_at IS NULL AND {own("i.team_id")}
"""


_PLACES = f"""
SELECT (SELECT array_agg(c.name ORDER BY c.name) FROM inventory_cluster c
        WHERE {own("c.team_id")} OR EXISTS (
            SELECT 1 FROM inventory_workload w JOIN inventory_runinterval i ON i.workload_id = w.id
            WHERE w.cluster_id = c.id AND {own("i.team_id")})),
       (SELECT array_agg(e.slug ORDER BY e.is_production DESC, e.slug) FROM inventory_environment e
        WHERE EXISTS (SELECT 1 FROM inventory_runinterval i WHERE i.environment_id = e.id AND {own("i.team_id")})
           OR EXISTS (SELECT 1 FROM inventory_cluster c
                      WHERE c.environment_id = e.id AND ({own("c.team_id")} OR EXISTS (
               SELECT 1 FROM inventory_workload w JOIN inventory_runinterval i ON i.workload_id = w.id
               WHERE w.cluster_id = c.id AND {own("i.team_id")}))))
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a question can be narrowed to: clusters by name, environments with production first."""

    clusters: tuple[str, ...]
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Counts:
    workload_count: int
    container_count: int
    namespace_count: int
    sbom_count: int
    package_count: int


def read_estate(*, actor: Actor, at: datetime) -> Estate:
    """Return the state of what the actor may see, in two round trips. `at` is the clock, which says who is stale."""
    teams = visible_teams(actor)
    everything = {"teams": teams, "clusters": None, "environments": None, "since": None, "until": None, "at": at}
    with one_state(using=settings.READ_DATABASE_ALIAS, seconds=READ_SECONDS) as state:
        (marks,) = state.fetch(marks_statement())
        runtime = WhatRuns(everything, marks=marks, state=state)
        groundwork = Groundwork(everything, marks=marks, runtime=runtime, now=at, state=state)
        (counts,) = state.fetch(Statement(_Counts, _COUNTS, everything), last=True)
    ground = groundwork.ground()
    return Estate(
        coverage=ground.coverage,
        backlog=ground.backlog,
        workload_count=counts.workload_count,
        container_count=counts.container_count,
        namespace_count=counts.namespace_count,
        sbom_count=counts.sbom_count,
        package_count=counts.package_count,
    )


def read_places(*, actor: Actor) -> Places:
    """Return the clusters and environments the actor may see, in one statement."""
    (places,) = fetch(_places, _PLACES, {"teams": visible_teams(actor)})
    return places


def _places(clusters: list[str] | None, environments: list[str] | None) -> Places:
    return Places(tuple(clusters or ()), tuple(environments or ()))
