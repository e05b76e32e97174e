"""What runs now in given workloads, which digests that can be, and how lately their clusters were heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from inventory.graph.families import SEEN_CANDIDATES, visible_teams
from inventory.graph.statements import fetch
from inventory.graph.visibility import own
from inventory.models.runtime import STALE_AFTER_INTERVALS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor


class WorkloadPlace(NamedTuple):
    """A workload by its cluster's name, its namespace, kind and name."""

    cluster: str
    namespace: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A container that runs now. `digest` is as reported, None where no digest is.

    `sure` and `maybe` are what it is, or may be, by its digest's family: itself, its aliases, members of an index.
    `sure_ids` are the same artifacts by id, `artifact_id` that of `digest`.
    """

    place: WorkloadPlace
    container: str
    team_id: int
    artifact_id: int | None
    digest: str | None
    sure: tuple[str, ...]
    sure_ids: tuple[int, ...]
    maybe: tuple[str, ...]
    running_since: datetime
    evidence: UUID
    received_at: datetime


@dataclass(frozen=True, slots=True)
class PlaceState:
    """Whether a workload's cluster is heard, and until when; what ran and ended there last."""

    place: WorkloadPlace
    is_stale: bool
    last_heard_at: datetime
    last_ended_at: datetime | None


_PLACES = """
place AS (
    SELECT w.id AS workload_id, c.id AS cluster_id, c.name AS cluster, w.namespace, w.kind, w.name, c.last_heard_at,
           c.report_interval_seconds
    FROM unnest(%(clusters)s::text[], %(namespaces)s::text[], %(kinds)s::text[], %(names)s::text[])
         AS p(cluster, namespace, kind, name)
    JOIN inventory_cluster c ON c.name = p.cluster
    JOIN inventory_workload w
         ON w.cluster_id = c.id AND w.namespace = p.namespace AND w.kind = p.kind AND w.name = p.name
)
"""
_OPEN = f"""
WITH {_PLACES},
open AS MATERIALIZED (
    SELECT i.id, i.team_id, i.artifact_id, i.node_architecture, i.container, i.opened_at, i.opened_by_id, p.cluster,
           p.namespace, p.kind, p.name
    FROM place p JOIN inventory_runinterval i ON i.workload_id = p.workload_id
    WHERE i.closed_at IS NULL AND {own("i.team_id")}
),
candidate AS (
    {
    SEEN_CANDIDATES.format(
        intervals="SELECT id, team_id, artifact_id, node_architecture FROM open WHERE artifact_id IS NOT NULL"
    )
}
),
named AS (
    SELECT c.id, array_agg(DISTINCT a.digest) FILTER (WHERE c.certainty = 0) AS sure,
           array_agg(DISTINCT a.id) FILTER (WHERE c.certainty = 0) AS sure_ids,
           array_agg(DISTINCT a.digest) FILTER (WHERE c.certainty > 0) AS maybe
    FROM candidate c JOIN inventory_artifact a ON a.id = c.artifact_id WHERE a.digest IS NOT NULL GROUP BY c.id
)
SELECT o.cluster, o.namespace, o.kind, o.name, o.container, o.team_id, o.artifact_id, a.digest, n.sure, n.sure_ids,
       n.maybe, o.opened_at, e.public_id, e.received_at
FROM open o
JOIN inventory_evidence e ON e.id = o.opened_by_id
LEFT JOIN inventory_artifact a ON a.id = o.artifact_id
LEFT JOIN named n ON n.id = o.id
ORDER BY o.cluster, o.namespace, o.kind, o.name, o.container, o.id
"""
_STATES = f"""
WITH {_PLACES}
SELECT p.cluster, p.namespace, p.kind, p.name, p.last_heard_at,
       p.last_heard_at + make_interval(secs => p.report_interval_seconds * {STALE_AFTER_INTERVALS}) < %(at)s,
       (SELECT max(i.closed_at) FROM inventory_runinterval i
        WHERE i.workload_id = p.workload_id AND i.closed_at IS NOT NULL AND {own("i.team_id")})
FROM place p
"""
_SILENT = f"""
SELECT count(*) FROM inventory_cluster
WHERE last_heard_at + make_interval(secs => report_interval_seconds * {STALE_AFTER_INTERVALS}) < %(at)s
"""


def count_silent(at: datetime) -> int:
    """Return how many clusters were silent for too long: what else of a place's state changes, a report changes."""
    return fetch(int, _SILENT, {"at": at})[0]


def runs_at(places: Collection[WorkloadPlace], *, actor: Actor) -> list[OpenRun]:
    """Return the visible containers that run in these workloads now. One statement."""
    return fetch(_open_run, _OPEN, _parameters(places, actor=actor)) if places else []


def states_of(places: Collection[WorkloadPlace], *, at: datetime, actor: Actor) -> dict[WorkloadPlace, PlaceState]:
    """Return how lately each workload's cluster was heard. One statement."""
    if not places:
        return {}
    found = fetch(_place_state, _STATES, {**_parameters(places, actor=actor), "at": at})
    return {state.place: state for state in found}


def _parameters(places: Collection[WorkloadPlace], *, actor: Actor) -> dict[str, object]:
    ordered = sorted(set(places))
    columns = {f"{name}s": [getattr(place, name) for place in ordered] for name in WorkloadPlace._fields}
    return {**columns, "teams": visible_teams(actor)}


class _Columns(NamedTuple):
    """What _OPEN has after the place."""

    container: str
    team_id: int
    artifact_id: int | None
    digest: str | None
    sure: Sequence[str] | None
    sure_ids: Sequence[int] | None
    maybe: Sequence[str] | None
    running_since: datetime
    evidence: UUID
    received_at: datetime


def _open_run(cluster: str, namespace: str, kind: str, name: str, *columns: object) -> OpenRun:
    row = _Columns(*columns)  # type: ignore[arg-type]  # as the statement has them
    return OpenRun(
        WorkloadPlace(cluster, namespace, kind, name),
        row.container,
        row.team_id,
        row.artifact_id,
        row.digest,
        tuple(row.sure or ()),
        tuple(row.sure_ids or ()),
        tuple(row.maybe or ()),
        row.running_since,
        row.evidence,
        row.received_at,
    )


def _place_state(cluster: str, namespace: str, kind: str, name: str, *columns: Any) -> PlaceState:
    heard, is_stale, ended = columns
    return PlaceState(WorkloadPlace(cluster, namespace, kind, name), is_stale, heard, ended)
