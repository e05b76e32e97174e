"""What runs where: clusters, workloads and the intervals in which a container ran a digest."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q

from inventory.formats.records import ArtifactKind, ContainerClass
from supplychain.access.querysets import TeamScopedQuerySet

DEFAULT_INTERVAL_SECONDS = 300
STALE_AFTER_INTERVALS = 3


class Environment(models.Model):
    """Where something runs, in the organisation's words. Rules ask `is_production`, never a name."""

    id = models.AutoField(primary_key=True)
    slug = models.CharField(max_length=255, unique=True)
    is_production = models.BooleanField(default=False)


class Cluster(models.Model):
    """A cluster by its name. Made by the first report for the team of the key that sent it."""

    id = models.AutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=255, unique=True, db_collation="C")
    uid = models.CharField(
        max_length=64, blank=True, db_comment="uid of the kube-system namespace, when a report gave it"
    )
    environment = models.ForeignKey(
        Environment, on_delete=models.PROTECT, null=True, related_name="+", db_comment="Default"
    )
    report_interval_seconds = models.IntegerField(default=DEFAULT_INTERVAL_SECONDS)
    first_heard_at = models.DateTimeField()
    last_heard_at = models.DateTimeField(db_comment="Newest report of the cluster's own team")

    objects = TeamScopedQuerySet.as_manager()


class Workload(models.Model):
    """A workload of a cluster. Interned by ingest; `service` follows the newest record that names one."""

    id = models.AutoField(primary_key=True)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="workloads", db_index=False)
    namespace = models.CharField(max_length=255, db_collation="C")
    kind = models.CharField(max_length=64, db_collation="C")
    name = models.CharField(max_length=255, db_collation="C")
    service = models.CharField(
        max_length=255, blank=True, db_comment="From the record or its labels; mappings apply when read"
    )
    runtime_risks = ArrayField(models.CharField(max_length=64), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cluster", "namespace", "kind", "name"], name="workload_once"),
        ]


class ServiceMapping(models.Model):
    """Workloads that match these globs belong to this service, from one time to another. Most specific wins."""

    id = models.AutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+")
    service = models.CharField(max_length=255)
    cluster = models.CharField(max_length=255, default="*")
    namespace = models.CharField(max_length=255, default="*")
    workload = models.CharField(max_length=255, default="*")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="service_mapping_range"
            ),
        ]


class CloseReason(models.TextChoices):
    """Why an interval ended."""

    REPLACED = "replaced"
    ENDED = "ended"
    SNAPSHOT_ABSENT = "snapshot_absent"


class RunInterval(models.Model):
    """A container ran one image from `opened_at` up to, not including, `closed_at` (NULL: it still runs).

    Written by ingest. Its ends and `last_seen_at` are all that changes. After `last_seen_at` nobody saw it: an end
    that a snapshot noticed later is only known to lie between the two. A row with opened_at = closed_at is the mark of
    an end whose start has not been reported yet (`seen_count` 0), or was overruled in the same instant; it matches no
    question.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    reporter = models.ForeignKey(
        "access.Team",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_comment="Whose reports open and close it: the cluster's team for its and bound keys, else the key's team",
    )
    workload = models.ForeignKey(Workload, on_delete=models.PROTECT, related_name="intervals", db_index=False)
    container = models.CharField(max_length=255, db_collation="C")
    container_class = models.CharField(
        max_length=16, choices=[(c.value, c.value) for c in ContainerClass], default=ContainerClass.CONTAINER.value
    )
    pod = models.CharField(max_length=255, blank=True, db_collation="C")
    artifact = models.ForeignKey(
        "inventory.Artifact",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_comment="What the report names; NULL: no digest",
    )
    digest_kind = models.CharField(
        max_length=16, default=ArtifactKind.UNKNOWN.value, db_comment="What the digest can be by its form"
    )
    image_name = models.CharField(
        max_length=1024, blank=True, db_collation="C", db_comment="Normalised, without tag and digest"
    )
    image_tag = models.CharField(max_length=255, blank=True, db_collation="C")
    node_architecture = models.CharField(max_length=64, blank=True)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    seen_count = models.IntegerField(default=1, db_comment="Observations merged into this row, the first included")
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=16, blank=True, choices=CloseReason.choices)
    end_names_image = models.BooleanField(
        default=False, db_comment="The end was reported for this digest alone; otherwise for whatever ran"
    )
    opened_by = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)
    closed_by = models.ForeignKey(
        "inventory.Evidence", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, close_reason="")
                | Q(closed_at__isnull=False, closed_at__gte=F("opened_at")) & ~Q(close_reason=""),
                name="run_interval_end",
            ),
            models.CheckConstraint(condition=Q(last_seen_at__gte=F("opened_at")), name="run_interval_last_seen"),
            models.UniqueConstraint(
                fields=["workload", "container", "pod", "reporter"],
                condition=Q(closed_at__isnull=True),
                name="run_interval_one_open",
            ),
        ]
        indexes = [
            # the history of one container, newest first
            models.Index(fields=["workload", "container", "pod", "-opened_at"], name="run_interval_history"),
            # where a digest ran
            models.Index(fields=["artifact", "opened_at"], name="run_interval_artifact"),
            # the artifacts of a team
            models.Index(fields=["team", "artifact"], name="run_interval_team"),
            # what runs now
            models.Index(fields=["workload"], condition=Q(closed_at__isnull=True), name="run_interval_open"),
            # an indicator that is an image reference
            models.Index(fields=["image_name", "image_tag"], name="run_interval_image"),
            # what ran at an instant or in a window
            GistIndex(Func("opened_at", "closed_at", function="tstzrange"), name="run_interval_time"),
        ]


class Certainty(models.IntegerChoices):
    """How surely a running container is the artifact that an SBOM is about. Lower is surer; stored, never renumber."""

    EXACT = 0
    UNRESOLVED = 1
    """An index ran on a node of unknown architecture, or a document about an index is asked about one member."""


class Running(models.Model):
    """What runs now, joined to the SBOM points that tell its content: a projection of open intervals.

    Rewritten by ingest for the artifacts that a document touches; `verify_running` compares it with a full recount.
    Kept apart from history, so that what an incident costs does not grow with age.
    """

    id = models.BigAutoField(primary_key=True)
    interval = models.ForeignKey(RunInterval, on_delete=models.CASCADE, related_name="+")
    artifact = models.ForeignKey("inventory.Artifact", on_delete=models.PROTECT, related_name="+")
    track = models.ForeignKey("inventory.Track", on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.IntegerField()
    certainty = models.SmallIntegerField(choices=Certainty.choices)
    is_complete = models.BooleanField(
        default=False, db_comment="The snapshot's, repeated here for the coverage figures"
    )
    teams = ArrayField(
        models.BigIntegerField(), db_comment="Teams whose facts join the two, sorted; visible to who sees all of them"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["interval", "artifact", "track", "seq", "teams"], name="running_once"),
        ]
        indexes = [
            # the incident join: which of these points runs
            models.Index(fields=["track", "seq"], name="running_point"),
        ]
