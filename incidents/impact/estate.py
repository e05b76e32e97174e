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
from inventory.graph.remembered import Remembered
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


_RUNNING = f"""
SELECT count(DISTINCT i.workload_id), count(*), count(DISTINCT (w.cluster_id, w.namespace))
FROM inventory_runinterval i JOIN inventory_workload w ON w.id = i.workload_id
WHERE i.closed_at IS NULL AND {own("i.team_id")}
"""
_LISTED = f"SELECT count(*), coalesce(sum(t.last_seq), 0)::bigint FROM inventory_track t WHERE {own('t.team_id')}"
"""The points of a track are numbered from 1 without gaps, and none is ever taken away: a test holds it."""
_ALL_PACKAGES = "SELECT count(*) FROM inventory_packagereach WHERE team_id IS NULL"
_OWN_PACKAGES = """
SELECT count(DISTINCT package_id) FROM inventory_packagereach WHERE team_id = ANY(%(teams)s::bigint[])
"""
_STATES_KEPT = 64

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
class _Running:
    workload_count: int
    container_count: int
    namespace_count: int


@dataclass(frozen=True, slots=True)
class _Listed:
    """How many SBOMs are on how many tracks. A package comes to a team with a new SBOM alone, which changes the sum."""

    track_count: int
    sbom_count: int

    def marks(self, *, generation: str) -> str:
        return f"{generation},{self.track_count},{self.sbom_count}"


RUNNING: Remembered[_Running] = Remembered(_STATES_KEPT)
PACKAGES: Remembered[int] = Remembered(_STATES_KEPT)


def read_estate(*, actor: Actor, at: datetime) -> Estate:
    """Return the state of what the actor may see, in two round trips. `at` is the clock, which says who is stale.

    What is counted of all that runs, and of all packages, is remembered until that changes.
    """
    teams = visible_teams(actor)
    key = None if teams is None else tuple(teams)
    everything = {"teams": teams, "clusters": None, "environments": None, "since": None, "until": None, "at": at}
    with one_state(using=settings.READ_DATABASE_ALIAS, seconds=READ_SECONDS) as state:
        (marks,), (listed,) = state.fetch_together(marks_statement(), Statement(_Listed, _LISTED, everything))
        packages_of = listed.marks(generation=marks.generation)
        runtime = WhatRuns(everything, marks=marks, state=state)
        groundwork = Groundwork(everything, marks=marks, runtime=runtime, now=at, state=state)
        known = RUNNING.get(marks.present, key)
        runs = state.along(Statement(_Running, _RUNNING, everything)).rows if known is None else [known]
        seen, sql = PACKAGES.get(packages_of, key), _ALL_PACKAGES if teams is None else _OWN_PACKAGES
        packages = state.along(Statement(int, sql, everything)).rows if seen is None else [seen]
        state.fetch_together(last=True)
    (running,), (package_count,) = runs, packages
    RUNNING.put(marks.present, key, running)
    PACKAGES.put(packages_of, key, package_count)
    ground = groundwork.ground()
    return Estate(
        coverage=ground.coverage,
        backlog=ground.backlog,
        workload_count=running.workload_count,
        container_count=running.container_count,
        namespace_count=running.namespace_count,
        sbom_count=listed.sbom_count,
        package_count=package_count,
    )


def read_places(*, actor: Actor) -> Places:
    """Return the clusters and environments the actor may see, in one statement."""
    (places,) = fetch(_places, _PLACES, {"teams": visible_teams(actor)})
    return places


def _places(clusters: list[str] | None, environments: list[str] | None) -> Places:
    return Places(tuple(clusters or ()), tuple(environments or ()))
