"""What a runtime report saw: its records, dated and told apart, without those that cannot be kept. Pure.

Order of the rules for one record: which cluster, what this key may report, text that fits, when it was seen. Of records
of one container that bear no time of their own the last counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from inventory.formats.records import ContainerClass, ReadWarning
from inventory.identity.images import ImageError, parse_image

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from inventory.formats.records import RunRecord, RuntimeRecord

MAX_SKEW = timedelta(minutes=5)
"""A cluster's clock may be this far ahead of ours; what claims to be later is dated by our clock."""
_VOLUME_PREFIX = "volume/"
_MAX_NAME = 255
_MAX_LENGTHS = {
    "namespace": 255,
    "workload_kind": 64,
    "workload_name": 255,
    "container": 248,
    "pod": 255,
    "node_architecture": 64,
    "environment": 255,
    "service": 255,
    "team": 255,
    "image": 2048,
}


@dataclass(frozen=True, slots=True, order=True)
class ContainerKey:
    """One container of one workload, of one pod where the record says which (docs/runtime.md)."""

    cluster: str
    namespace: str
    workload_kind: str
    workload_name: str
    container: str
    pod: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """A record that counts: `at` is when it was seen, or when it ended; `started_at` since when it ran, if it says."""

    key: ContainerKey
    record: RunRecord
    image_name: str
    image_tag: str
    at: datetime
    started_at: datetime | None

    @property
    def digest(self) -> str | None:
        return None if self.record.digest is None else str(self.record.digest)


@dataclass(frozen=True, slots=True)
class Sender:
    """What the request adds to a report. Empty `bound_clusters` binds to none."""

    cluster: str
    received_at: datetime
    bound_clusters: frozenset[str]
    is_snapshot: bool


@dataclass(slots=True)
class Report:
    """The records that count, and when the report as a whole was made.

    `refusals` name those that cannot count; `overruled_count` are those that a later one of the list made void.
    """

    at: datetime
    sightings: list[Sighting]
    overruled_count: int = 0
    warnings: list[ReadWarning] = field(default_factory=list)
    refusals: list[ReadWarning] = field(default_factory=list)


def read_report(record: RuntimeRecord, *, sender: Sender) -> Report:
    """Date and check the records of a report; what is refused is named in `refusals`, never dropped silently."""
    report = Report(_instant(record.observed_at, sender=sender), [])
    if _is_skewed(record.observed_at, sender=sender):
        report.warnings.append(_skew_warning("/observed_at"))
    for run in record.runs:
        refusal = _refusal(run, sender=sender)
        if refusal is None:
            report.sightings.append(_sighting(run, report=report, sender=sender))
        else:
            report.refusals.append(refusal)
    report.sightings = _without_overruled(report)
    return report


def _refusal(run: RunRecord, *, sender: Sender) -> ReadWarning | None:
    cluster = run.cluster or sender.cluster
    if not cluster:
        return ReadWarning("cluster_required", run.pointer, "Which cluster? Name it in the record or as `?cluster=`.")
    if sender.is_snapshot and cluster != sender.cluster:
        return ReadWarning(
            "other_cluster", run.pointer, f"A snapshot of {sender.cluster} cannot report another cluster."
        )
    if sender.bound_clusters and cluster not in sender.bound_clusters:
        return ReadWarning("outside_binding", run.pointer, "This key is not for the cluster of this record.")
    for name, limit in _MAX_LENGTHS.items():
        if (problem := _problem(getattr(run, name), limit=limit)) is not None:
            return ReadWarning("bad_text", run.pointer, f"`{name}` {problem}.")
    if (problem := _problem(cluster, limit=_MAX_NAME)) is not None:
        return ReadWarning("bad_text", run.pointer, f"`cluster` {problem}.")
    return None


def _problem(text: str, *, limit: int) -> str | None:
    """Say why a column cannot hold this text."""
    if len(text) > limit:
        return f"is longer than {limit} characters"
    if "\x00" in text:
        return "holds a NUL"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "holds half a surrogate pair"
    return None


def _sighting(run: RunRecord, *, report: Report, sender: Sender) -> Sighting:
    stated = run.ended_at if run.ended and run.ended_at is not None else run.observed_at
    at = report.at if stated is None else _instant(stated, sender=sender)
    if _is_skewed(stated, sender=sender):
        report.warnings.append(_skew_warning(run.pointer))
    name, tag = _image_name(run.image)
    return Sighting(
        key=_key(run, sender=sender),
        record=run,
        image_name=name,
        image_tag=tag,
        at=at,
        started_at=run.started_at if run.started_at is not None and run.started_at < at else None,
    )


def _key(run: RunRecord, *, sender: Sender) -> ContainerKey:
    """A volume may bear the name of a container of its pod; no container's name has a slash."""
    is_volume = run.container_class is ContainerClass.IMAGE_VOLUME
    container = f"{_VOLUME_PREFIX}{run.container}" if is_volume else run.container
    return ContainerKey(
        run.cluster or sender.cluster, run.namespace, run.workload_kind, run.workload_name, container, run.pod
    )


def _image_name(text: str) -> tuple[str, str]:
    """Return the normalised name and tag; what no runtime would take is kept as it was written."""
    if not text:
        return "", ""
    try:
        image = parse_image(text)
    except ImageError:
        return text[:1024], ""
    return image.name, image.tag


def _instant(stated: datetime | None, *, sender: Sender) -> datetime:
    return sender.received_at if stated is None or _is_skewed(stated, sender=sender) else stated


def _is_skewed(stated: datetime | None, *, sender: Sender) -> bool:
    return stated is not None and stated > sender.received_at + MAX_SKEW


def _skew_warning(pointer: str) -> ReadWarning:
    message = "This time lies more than 5 minutes ahead of ours: the time of receipt was taken."
    return ReadWarning("clock_skew", pointer, message)


def _without_overruled(report: Report) -> list[Sighting]:
    """Drop undated records that a later undated one of the same container overrules."""
    last = {sighting.key: sighting for sighting in report.sightings if _is_undated(sighting.record)}
    kept: list[Sighting] = []
    for sighting in report.sightings:
        if not _is_undated(sighting.record) or last[sighting.key] is sighting:
            kept.append(sighting)
        else:
            report.overruled_count += 1
            report.warnings.append(_overruled(sighting, by=last[sighting.key]))
    return kept


def _is_undated(run: RunRecord) -> bool:
    return run.observed_at is None and (not run.ended or run.ended_at is None)


def _overruled(sighting: Sighting, *, by: Sighting) -> ReadWarning:
    message = f"{by.record.pointer} reports the same container and neither says when: the later in the list counts."
    return ReadWarning("duplicate_key_in_batch", sighting.record.pointer, message)


def namespaces_of(sightings: Iterable[Sighting]) -> frozenset[str]:
    """Return the namespaces that occur in a report."""
    return frozenset(sighting.key.namespace for sighting in sightings)
