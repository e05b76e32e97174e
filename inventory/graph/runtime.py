"""What runs where, and how lately a cluster was heard of, as far as the asker's own containers and clusters tell."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.graph.services import SERVICE, SERVICE_OF
from inventory.graph.statements import Slice, fetch, slice_of
from inventory.graph.visibility import own
from inventory.models.runtime import STALE_AFTER_INTERVALS
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from supplychain.access.actors import Actor

UNKNOWN_ENVIRONMENT = "unknown"
WITHOUT_DIGEST = "none"
"""Asked for as a digest: containers whose reports name none."""


class ClusterNotFoundError(DomainError):
    """The actor may see nothing of a cluster of this name, be it unknown or another team's."""

    def __init__(self) -> None:
        super().__init__("not_found", "No cluster of this name is known here.", status=404)


@dataclass(frozen=True, slots=True)
class WorkloadFilter:
    """What to list; empty text asks for all. `at` None: what runs now; else what ran at that instant.

    `digest` finds what reports it, or an index, manifest or config of the same image; WITHOUT_DIGEST what reports none.
    `is_unmapped` keeps what belongs to no service: coverage's `unmapped_service_count`.
    """

    cluster: str = ""
    namespace: str = ""
    service: str = ""
    environment: str = ""
    digest: str = ""
    at: datetime | None = None
    is_unmapped: bool = False
    team: str = ""


@dataclass(frozen=True, slots=True)
class WorkloadKey:
    """The place of a row in the list; its order is that of the list."""

    cluster: str
    namespace: str
    kind: str
    name: str
    container: str
    digest: str
    image_name: str
    image_tag: str
    team: str


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """One image that one container of one workload runs, its pods together.

    `digest` is as reported, None where the reports name none. `ended_at` is None while any of the pods runs;
    `environment` is the newest pod's.
    """

    cluster: str
    namespace: str
    kind: str
    name: str
    container: str
    container_class: str
    digest: str | None
    image_name: str
    image_tag: str
    team: str
    environment: str
    is_production: bool
    service: str
    runtime_risks: Sequence[str]
    instance_count: int
    running_since: datetime
    last_seen_at: datetime
    ended_at: datetime | None

    @property
    def key(self) -> WorkloadKey:
        return WorkloadKey(
            self.cluster,
            self.namespace,
            self.kind,
            self.name,
            self.container,
            self.digest or "",
            self.image_name,
            self.image_tag,
            self.team,
        )


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """One cluster. Counts are of what runs now and the actor may see; a container counts once for each of its pods."""

    name: str
    team: str
    environment: str
    is_production: bool
    first_heard_at: datetime
    last_heard_at: datetime
    report_interval_seconds: int
    namespace_count: int
    workload_count: int
    container_count: int
    artifact_count: int
    without_digest_count: int

    def is_stale(self, *, at: datetime) -> bool:
        """Tell whether the cluster was silent for three of its intervals: what changed since is unknown."""
        return at > self.last_heard_at + timedelta(seconds=self.report_interval_seconds * STALE_AFTER_INTERVALS)


@dataclass(frozen=True, slots=True)
class NamespaceRow:
    """What runs in one namespace of a cluster now."""

    namespace: str
    workload_count: int
    container_count: int
    artifact_count: int


@dataclass(frozen=True, slots=True)
class ClusterDetail:
    """A cluster with its namespaces, those where something runs."""

    cluster: ClusterRow
    namespaces: Sequence[NamespaceRow]


_NOW = "i.closed_at IS NULL"
_THEN = "i.opened_at <= %(at)s AND (i.closed_at IS NULL OR i.closed_at > %(at)s)"
_REPORTED = f"""
WITH same AS (
    SELECT a.id FROM inventory_artifact a WHERE a.digest = %(digest)s
    UNION SELECT x.artifact_id FROM inventory_artifactalias x JOIN inventory_artifact a ON a.id = x.alias_id
          WHERE a.digest = %(digest)s AND {own("x.team_id")}
    UNION SELECT x.alias_id FROM inventory_artifactalias x JOIN inventory_artifact a ON a.id = x.artifact_id
          WHERE a.digest = %(digest)s AND {own("x.team_id")}
), member AS (
    SELECT m.member_id AS id FROM same s JOIN inventory_indexmember m ON m.index_id = s.id WHERE {own("m.team_id")}
), reported AS (
    SELECT id, '' AS architecture FROM same
    UNION SELECT id, '' FROM member
    UNION SELECT x.alias_id, '' FROM member s JOIN inventory_artifactalias x ON x.artifact_id = s.id
          WHERE {own("x.team_id")}
    UNION SELECT m.index_id, m.architecture FROM same s JOIN inventory_indexmember m ON m.member_id = s.id
          WHERE {own("m.team_id")}
)
"""
"""The digests under which a container may report `%(digest)s`: an index only on nodes of the member's architecture."""
_REPORTS = """EXISTS (
    SELECT 1 FROM reported r WHERE r.id = i.artifact_id
    AND (r.architecture = '' OR i.node_architecture = '' OR r.architecture = i.node_architecture))"""

_ENVIRONMENT = "COALESCE(e.slug, 'unknown')"
_ORDER = "c.name, w.namespace, w.kind, w.name, i.container, COALESCE(a.digest, ''), i.image_name, i.image_tag, t.slug"
_WORKLOADS = f"""
SELECT c.name, w.namespace, w.kind, w.name, i.container, min(i.container_class), a.digest, i.image_name, i.image_tag,
       t.slug, (array_agg({_ENVIRONMENT} ORDER BY i.opened_at DESC))[1], bool_or(COALESCE(e.is_production, false)),
       {SERVICE},
       w.runtime_risks, count(*), min(i.opened_at), max(i.last_seen_at),
       CASE WHEN bool_or(i.closed_at IS NULL) THEN NULL ELSE max(i.closed_at) END
FROM inventory_runinterval i
JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id
JOIN access_team t ON t.id = i.team_id
LEFT JOIN inventory_artifact a ON a.id = i.artifact_id
LEFT JOIN inventory_environment e ON e.id = COALESCE(i.environment_id, c.environment_id)
{SERVICE_OF}
WHERE {own("i.team_id")} AND {{conditions}}
GROUP BY c.name, w.id, i.container, a.digest, i.image_name, i.image_tag, t.slug, mapped.service
ORDER BY {_ORDER} LIMIT %(limit)s
"""
_AFTER = f"({_ORDER}) > ({', '.join(f'%(after_{number})s' for number in range(9))})"

_CLUSTERS = f"""
SELECT c.name, t.slug, {_ENVIRONMENT}, COALESCE(e.is_production, false), c.first_heard_at, c.last_heard_at,
       c.report_interval_seconds, runs.namespaces, runs.workloads, runs.containers, runs.artifacts, runs.without_digest
FROM inventory_cluster c
JOIN access_team t ON t.id = c.team_id
LEFT JOIN inventory_environment e ON e.id = c.environment_id
CROSS JOIN LATERAL (
    SELECT count(DISTINCT w.namespace) AS namespaces, count(DISTINCT w.id) AS workloads, count(*) AS containers,
           count(DISTINCT i.artifact_id) AS artifacts, count(*) FILTER (WHERE i.artifact_id IS NULL) AS without_digest
    FROM inventory_workload w JOIN inventory_runinterval i ON i.workload_id = w.id
    WHERE w.cluster_id = c.id AND i.closed_at IS NULL AND {own("i.team_id")}
) runs
WHERE ({own("c.team_id")} OR EXISTS (
    SELECT 1 FROM inventory_workload w JOIN inventory_runinterval i ON i.workload_id = w.id
    WHERE w.cluster_id = c.id AND {own("i.team_id")}))
  AND {{condition}}
ORDER BY c.name LIMIT %(limit)s
"""
_NAMESPACES = f"""
SELECT w.namespace, count(DISTINCT w.id), count(*), count(DISTINCT i.artifact_id)
FROM inventory_workload w JOIN inventory_cluster c ON c.id = w.cluster_id
JOIN inventory_runinterval i ON i.workload_id = w.id
WHERE c.name = %(name)s AND i.closed_at IS NULL AND {own("i.team_id")}
GROUP BY w.namespace ORDER BY w.namespace
"""


def list_workloads(
    wanted: WorkloadFilter, *, after: WorkloadKey | None, limit: int, now: datetime, actor: Actor
) -> Slice[WorkloadRow, WorkloadKey]:
    """Return what runs, or ran at an instant, in the order of clusters, namespaces and names. One statement."""
    conditions, parameters = [_NOW if wanted.at is None else _THEN], {"at": wanted.at or now, "limit": limit + 1}
    for column, text in (
        ("c.name", wanted.cluster),
        ("w.namespace", wanted.namespace),
        ("t.slug", wanted.team),
    ):
        if text:
            conditions.append(f"{column} = %({column[2:]})s")
            parameters[column[2:]] = text
    if wanted.service or wanted.is_unmapped:
        conditions.append(f"{SERVICE} = %(service)s")
    if wanted.environment:
        conditions.append(f"{_ENVIRONMENT} = %(environment)s")
    if wanted.digest:
        conditions.append("i.artifact_id IS NULL" if wanted.digest == WITHOUT_DIGEST else _REPORTS)
    if after is not None:
        conditions.append(_AFTER)
        parameters |= {f"after_{number}": value for number, value in enumerate(astuple(after))}
    parameters |= {
        "teams": visible_teams(actor),
        "service": wanted.service,
        "environment": wanted.environment,
        "digest": wanted.digest,
    }
    family = _REPORTED if wanted.digest and wanted.digest != WITHOUT_DIGEST else ""
    found = fetch(WorkloadRow, family + _WORKLOADS.format(conditions=" AND ".join(conditions)), parameters)
    return slice_of(found, limit=limit, key=lambda row: row.key)


def list_clusters(*, after: str, limit: int, actor: Actor) -> Slice[ClusterRow, str]:
    """Return the clusters of the actor's teams, and those where containers of them run, by name. One statement."""
    parameters = {"after": after, "limit": limit + 1, "teams": visible_teams(actor)}
    found = fetch(ClusterRow, _CLUSTERS.format(condition="c.name > %(after)s"), parameters)
    return slice_of(found, limit=limit, key=lambda row: row.name)


def read_cluster(name: str, *, actor: Actor) -> ClusterDetail:
    """Return one visible cluster; raises ClusterNotFoundError. Two statements."""
    parameters = {"name": name, "limit": 1, "teams": visible_teams(actor)}
    found = fetch(ClusterRow, _CLUSTERS.format(condition="c.name = %(name)s"), parameters)
    if not found:
        raise ClusterNotFoundError
    return ClusterDetail(found[0], fetch(NamespaceRow, _NAMESPACES, parameters))
