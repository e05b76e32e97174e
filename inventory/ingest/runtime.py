"""Apply a runtime report: what is seen opens and extends run intervals, what a snapshot leaves out ends them.

One report is one transaction and a fixed number of statements. Digests are interned first; then the projection's lock
is taken exclusively, so that reports are applied one after the other and every row below has one writer.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.records import FormatError, ReadWarning
from inventory.ingest import absence, histories, places, understood
from inventory.ingest.absence import Present, RowKey
from inventory.ingest.histories import ArtifactCalled, Event
from inventory.ingest.intervals import Reason, Run
from inventory.ingest.result import Applied
from inventory.ingest.running import lock_exclusive, refresh_intervals
from inventory.ingest.sightings import Sender, namespaces_of, read_report
from inventory.ingest.upsert import intern_artifacts
from inventory.models import EvidenceKind

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.records import RunRecord, RuntimeRecord
    from inventory.ingest.histories import Change
    from inventory.ingest.places import Cluster
    from inventory.ingest.sightings import Report, Sighting
    from inventory.models import Evidence

EVERY_NAMESPACE = "*"
UNKNOWN_ENVIRONMENT = "unknown"


@dataclass(frozen=True, slots=True)
class Scene:
    """What the texts of a report stand for, as rows."""

    clusters: dict[str, Cluster]
    artifacts: dict[str, int]
    environments: dict[str, int]
    teams: dict[str, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """A sighting and its rows: which container, and what it runs or ran."""

    sighting: Sighting
    key: RowKey
    run: Run


def apply(record: RuntimeRecord, *, evidence: Evidence, at: datetime) -> Applied:  # noqa: ARG001  # one shape for all kinds
    """Write the rows of a report inside the caller's transaction.

    Raises FormatError for a report that as a whole cannot count: `empty_snapshot`, `cluster_required`,
    `cluster_not_yours`, `cluster_uid_mismatch`, or the code of its first record when not one of them can.
    """
    is_snapshot = evidence.declared_kind == EvidenceKind.SNAPSHOT
    if is_snapshot:
        _refuse_empty(record, evidence=evidence)
    report = read_report(record, sender=_sender(evidence, is_snapshot=is_snapshot))
    artifacts = intern_artifacts({sighting.digest for sighting in report.sightings if sighting.digest is not None})
    lock_exclusive()
    scene = _set_scene(report, evidence=evidence, artifacts=artifacts)
    _refuse_outside_environments(report, evidence=evidence, scene=scene)
    _refuse_if_none_counts(report, record=record)
    if is_snapshot:
        _check_snapshot(scene.clusters[evidence.cluster], uid=record.cluster_uid)
    seen = _locate(report, scene=scene, evidence=evidence)
    events = _events(seen)
    if is_snapshot:
        _add_absences(events, seen=seen, scene=scene, report=report, record=record, evidence=evidence)
    histories.add_names(_names(seen), at=evidence.received_at)
    change = histories.replay(events, evidence_id=evidence.pk)
    refresh_intervals(change.changed_ids)
    places.hear_clusters(scene.clusters.values(), evidence=evidence, uid=record.cluster_uid if is_snapshot else "")
    return _applied(report, record=record, kind="snapshot" if is_snapshot else "deployment", change=change)


def _sender(evidence: Evidence, *, is_snapshot: bool) -> Sender:
    key = evidence.api_key
    return Sender(
        cluster=evidence.cluster,
        received_at=evidence.received_at,
        bound_clusters=frozenset() if key is None else frozenset(key.clusters),
        is_snapshot=is_snapshot,
    )


def _refuse_empty(record: RuntimeRecord, *, evidence: Evidence) -> None:
    if not evidence.cluster:
        raise FormatError("cluster_required", "A snapshot needs its cluster: PUT /api/v1/clusters/{cluster}/snapshot.")
    if record.record_count == 0 and record.declared:
        raise FormatError(
            "no_pods", "The snapshot declares workloads and holds no pod: it does not say what runs, and ends nothing."
        )
    if record.record_count == 0 and not evidence.confirm_empty:
        raise FormatError(
            "empty_snapshot", "The snapshot holds nothing. When nothing runs there, say so with `?confirm_empty=true`."
        )


def _refuse_if_none_counts(report: Report, *, record: RuntimeRecord) -> None:
    """A report of which not one record counts is refused as a whole, by its first defect."""
    first = record.first_rejection or next(iter(report.refusals), None)
    if first is not None and not report.sightings and not record.declared:
        raise FormatError(first.code, first.message, pointer=first.pointer)


def _set_scene(report: Report, *, evidence: Evidence, artifacts: dict[str, int]) -> Scene:
    names = {sighting.key.cluster for sighting in report.sightings}
    if evidence.declared_kind == EvidenceKind.SNAPSHOT:
        names.add(evidence.cluster)
    clusters = places.ensure_clusters(names, evidence=evidence)
    stated = {slug for sighting in report.sightings if (slug := _environment_slug(sighting.record, evidence=evidence))}
    teams = {
        sighting.record.team
        for sighting in report.sightings
        if sighting.record.team and clusters[sighting.key.cluster].is_bound
    }
    return Scene(clusters, artifacts, places.ensure_environments(stated), places.find_teams(teams))


def _environment_slug(record: RunRecord, *, evidence: Evidence) -> str:
    """Return the environment a record states, '' for none: `unknown` is what lists call that."""
    slug = (record.environment or evidence.environment).strip().lower()
    return "" if slug == UNKNOWN_ENVIRONMENT else slug


def _refuse_outside_environments(report: Report, *, evidence: Evidence, scene: Scene) -> None:
    """Drop records of an environment that this key is not for, be it stated or the cluster's default."""
    allowed = frozenset() if evidence.api_key is None else frozenset(evidence.api_key.environments)
    if not allowed:
        return
    kept: list[Sighting] = []
    for sighting in report.sightings:
        default = scene.clusters[sighting.key.cluster].environment
        if (_environment_slug(sighting.record, evidence=evidence) or default) in allowed:
            kept.append(sighting)
        else:
            message = "This key is not for the environment of this record."
            report.refusals.append(ReadWarning("outside_binding", sighting.record.pointer, message))
    report.sightings = kept


def _check_snapshot(cluster: Cluster, *, uid: str) -> None:
    if not cluster.is_own:
        raise FormatError(
            "cluster_not_yours",
            f"Only keys of the team that {cluster.name} belongs to, or keys bound to it, may send its snapshot.",
        )
    places.check_uid(cluster, uid=uid)


def _locate(report: Report, *, scene: Scene, evidence: Evidence) -> list[Seen]:
    """Find the rows of every record. Only an environment that is stated is kept: the default applies when read."""
    workloads = places.ensure_workloads(report.sightings, clusters=scene.clusters)
    seen: list[Seen] = []
    for sighting in report.sightings:
        cluster = scene.clusters[sighting.key.cluster]
        workload_id = workloads[places.workload_key(sighting, cluster=cluster)]
        key = RowKey(workload_id, sighting.key.container, sighting.key.pod, cluster.reporter_id)
        team_id = _team(sighting, cluster=cluster, scene=scene, report=report)
        slug = _environment_slug(sighting.record, evidence=evidence)
        environment_id = scene.environments.get(slug)
        seen.append(Seen(sighting, key, _run(sighting, scene=scene, team_id=team_id, environment_id=environment_id)))
    return seen


def _run(sighting: Sighting, *, scene: Scene, team_id: int, environment_id: int | None) -> Run:
    record = sighting.record
    return Run(
        artifact_id=None if sighting.digest is None else scene.artifacts[sighting.digest],
        image_name=sighting.image_name,
        image_tag=sighting.image_tag,
        team_id=team_id,
        container_class=record.container_class.value,
        digest_kind=record.digest_kind.value,
        node_architecture=record.node_architecture,
        environment_id=environment_id,
    )


def _team(sighting: Sighting, *, cluster: Cluster, scene: Scene, report: Report) -> int:
    """Whose it is: a stranger's own; else the team a bound key names, else the cluster's (docs/runtime.md)."""
    named = sighting.record.team
    if not named:
        return cluster.reporter_id
    if not cluster.is_bound:
        message = "Only a key bound to this cluster may say which team a record belongs to: `team` was not used."
        report.warnings.append(ReadWarning("team_not_used", f"{sighting.record.pointer}/team", message))
        return cluster.reporter_id
    if named not in scene.teams:
        message = "There is no team of this name: the cluster's team was taken."
        report.warnings.append(ReadWarning("unknown_team", f"{sighting.record.pointer}/team", message))
    return scene.teams.get(named, cluster.reporter_id)


def _events(seen: list[Seen]) -> dict[RowKey, list[Event]]:
    events: dict[RowKey, list[Event]] = defaultdict(list)
    for each in seen:
        reason = Reason.ENDED if each.sighting.record.ended else None
        # An end without digest ends whatever ran; what started then is not known.
        is_known = reason is None or each.run.artifact_id is not None
        started_at = each.sighting.started_at if is_known else None
        events[each.key].append(Event(each.run, each.sighting.at, started_at=started_at, reason=reason))
    return events


def _names(seen: list[Seen]) -> set[ArtifactCalled]:
    return {
        ArtifactCalled(each.run.artifact_id, each.run.team_id, each.run.image_name, each.run.image_tag)
        for each in seen
        if each.run.artifact_id is not None and each.run.image_name
    }


def _add_absences(
    events: dict[RowKey, list[Event]],
    *,
    seen: list[Seen],
    scene: Scene,
    report: Report,
    record: RuntimeRecord,
    evidence: Evidence,
) -> None:
    """Add what follows from a list being the whole: ends of what is gone, sightings of what it holds by family."""
    if record.partial or record.rejected_count or report.refusals:
        message = "Part of the list is missing or could not be read: what it leaves out was not taken for ended."
        report.warnings.append(ReadWarning("snapshot_incomplete", "", message))
        return
    namespaces = _covered(record, evidence=evidence, report=report)
    if namespaces is not None and not namespaces:
        message = "No namespace is named: nothing was taken for ended. Say `?namespaces=*` for the whole cluster."
        report.warnings.append(ReadWarning("nothing_covered", "", message))
        return
    cluster = scene.clusters[evidence.cluster]
    rows = [row for row in absence.find_open(cluster.id, namespaces=namespaces) if row.last_seen_at <= report.at]
    present = [
        Present(each.key, each.run.artifact_id, each.run.image_name, each.run.image_tag)
        for each in seen
        if not each.sighting.record.ended
    ]
    judged = absence.judge(rows, present=present, team_ids={evidence.team_id, cluster.team_id})
    for row in judged.confirmed:
        if row.key.reporter_id == cluster.reporter_id:
            events[row.key].append(Event(Run(row.artifact_id, row.image_name, row.image_tag, row.team_id), report.at))
    for row in judged.absent:
        run = Run(None, "", "", row.team_id)
        events[row.key].append(Event(run, report.at, reason=Reason.SNAPSHOT_ABSENT))


def _covered(record: RuntimeRecord, *, evidence: Evidence, report: Report) -> frozenset[str] | None:
    """Return the namespaces whose list this is, None for all of the cluster. What is not named is what occurs."""
    named = record.namespaces if record.namespaces is not None else evidence.namespaces
    if named is None:
        return namespaces_of(report.sightings)
    return None if EVERY_NAMESPACE in named else frozenset(named)


def _applied(report: Report, *, record: RuntimeRecord, kind: str, change: Change) -> Applied:
    refused = record.rejected_count + len(report.refusals) + report.overruled_count
    return Applied(
        kind=kind,
        format=record.format,
        format_version="",
        subjects=tuple(sorted({s.digest for s in report.sightings if s.digest is not None})),
        counts={
            "records": len(report.sightings) + refused,
            "records_applied": len(report.sightings),
            "records_rejected": refused,
            "intervals_opened": change.opened_count,
            "intervals_ended": change.ended_count,
            **({"declared": len(record.declared)} if record.declared else {}),
        },
        warnings=(*record.warnings, *report.warnings, *report.refusals),
        understood=understood.of_runtime(record),
    )
