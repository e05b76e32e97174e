"""Where things run: clusters, environments and workloads as rows. Callers hold the projection's exclusive lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import connection

from inventory.formats.records import FormatError
from inventory.ingest import runtime_sql
from inventory.models.runtime import DEFAULT_INTERVAL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from inventory.ingest.sightings import Sighting
    from inventory.models import Evidence

MAX_RISKS = 20
_PRODUCTION_WORDS = frozenset({"production", "prod", "prd", "live"})
"""First words of the name by which a new environment starts as production. Afterwards only `is_production` counts."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as one reporter meets it. `reporter_id`: whose intervals its reports open and close."""

    id: int
    name: str
    team_id: int
    uid: str
    environment: str
    reporter_id: int
    is_own: bool
    is_bound: bool
    """The key is bound to this cluster by name, and may say which team a record belongs to."""


@dataclass(frozen=True, slots=True)
class WorkloadKey:
    """A workload of a cluster."""

    cluster_id: int
    namespace: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class WorkloadFacts:
    """What a report says of a workload; empty text and None say nothing. `is_owned`: by who may describe it."""

    service: str
    runtime_risks: str | None
    is_owned: bool


def ensure_clusters(names: Collection[str], *, evidence: Evidence) -> dict[str, Cluster]:
    """Return the clusters of these names; the first report of one makes it, for the sender's team. Two statements."""
    bound = frozenset() if evidence.api_key is None else frozenset(evidence.api_key.clusters)
    wanted = sorted(names)
    with connection.cursor() as cursor:
        cursor.execute(
            runtime_sql.ADD_CLUSTERS,
            {
                "team": evidence.team_id,
                "names": wanted,
                "interval": DEFAULT_INTERVAL_SECONDS,
                "at": evidence.received_at,
            },
        )
        cursor.execute(runtime_sql.FIND_CLUSTERS, {"names": wanted})
        rows = cursor.fetchall()
    clusters: dict[str, Cluster] = {}
    for cluster_id, name, team_id, uid, slug in rows:
        is_own = team_id == evidence.team_id or name in bound
        clusters[name] = Cluster(
            id=cluster_id,
            name=name,
            team_id=team_id,
            uid=uid,
            environment=slug or "",
            reporter_id=team_id if is_own else evidence.team_id,
            is_own=is_own,
            is_bound=name in bound,
        )
    return clusters


def check_uid(cluster: Cluster, *, uid: str) -> None:
    """Raise FormatError when the report comes from another cluster that goes by the same name."""
    if uid and cluster.uid and uid != cluster.uid and cluster.is_own:
        raise FormatError(
            "cluster_uid_mismatch",
            f"The cluster {cluster.name} is known by another uid: give this one a name of its own.",
            pointer="/cluster_uid",
        )


def hear_clusters(clusters: Iterable[Cluster], *, evidence: Evidence, uid: str) -> None:
    """Note that the clusters' own team was heard of; a stranger's report is no sign of life. One statement."""
    ids = [cluster.id for cluster in clusters if cluster.is_own]
    with connection.cursor() as cursor:
        cursor.execute(runtime_sql.HEAR_CLUSTERS, {"ids": ids, "at": evidence.received_at, "uid": uid})


def ensure_environments(slugs: Collection[str]) -> dict[str, int]:
    """Return {slug: environment id}, adding what is new. Two statements at most."""
    wanted = sorted(slugs)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        productions = [slug.split("-")[0] in _PRODUCTION_WORDS for slug in wanted]
        cursor.execute(runtime_sql.ADD_ENVIRONMENTS, {"slugs": wanted, "productions": productions})
        cursor.execute(runtime_sql.FIND_ENVIRONMENTS, {"slugs": wanted})
        return dict(cursor.fetchall())


def find_teams(slugs: Collection[str]) -> dict[str, int]:
    """Return {slug: team id} of those that exist."""
    if not slugs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(runtime_sql.FIND_TEAMS, {"slugs": sorted(slugs)})
        return dict(cursor.fetchall())


def ensure_workloads(sightings: Iterable[Sighting], *, clusters: Mapping[str, Cluster]) -> dict[WorkloadKey, int]:
    """Return {workload: id}, adding what is new and keeping what the cluster's own team says of it; 3 statements."""
    facts: dict[WorkloadKey, WorkloadFacts] = {}
    for sighting in sightings:
        cluster = clusters[sighting.key.cluster]
        key = workload_key(sighting, cluster=cluster)
        facts[key] = _merge(facts.get(key), sighting=sighting, is_owned=cluster.is_own)
    if not facts:
        return {}
    keys = sorted(facts, key=lambda key: (key.cluster_id, key.namespace, key.kind, key.name))
    parameters: dict[str, Any] = {
        "clusters": [key.cluster_id for key in keys],
        "namespaces": [key.namespace for key in keys],
        "kinds": [key.kind for key in keys],
        "names": [key.name for key in keys],
        "services": [facts[key].service for key in keys],
        "risks": [facts[key].runtime_risks for key in keys],
        "owned": [facts[key].is_owned for key in keys],
    }
    with connection.cursor() as cursor:
        cursor.execute(runtime_sql.ADD_WORKLOADS, parameters)
        cursor.execute(runtime_sql.DESCRIBE_WORKLOADS, parameters)
        cursor.execute(runtime_sql.FIND_WORKLOADS, parameters)
        return {WorkloadKey(*row[:4]): row[4] for row in cursor.fetchall()}


def workload_key(sighting: Sighting, *, cluster: Cluster) -> WorkloadKey:
    key = sighting.key
    return WorkloadKey(cluster.id, key.namespace, key.workload_kind, key.workload_name)


def _merge(known: WorkloadFacts | None, *, sighting: Sighting, is_owned: bool) -> WorkloadFacts:
    """Take what the later record of one report says, where it says anything."""
    record = sighting.record
    risks = ",".join(sorted({risk.replace(",", " ")[:64] for risk in record.runtime_risks})[:MAX_RISKS]) or None
    if known is None:
        return WorkloadFacts(record.service, risks, is_owned)
    return replace(known, service=record.service or known.service, runtime_risks=risks or known.runtime_risks)
