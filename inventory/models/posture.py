"""How safe a repository keeps itself, as reports say: checks, findings, rules of its branches, its workflows.

Every row is what one team's document claims, at one time. NULL is what the document does not say: unknown, never good.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from inventory.formats.posture import records, workflow_records
from inventory.models.evidence import Evidence
from supplychain.access.querysets import TeamScopedQuerySet
from supplychain.database.choices import choices_of


class PostureReport(models.Model):
    """One report about one repository. Written by ingest, never changed; the newest of a tool is what counts now."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    evidence = models.OneToOneField(Evidence, on_delete=models.PROTECT, related_name="posture_report")
    repository = models.CharField(max_length=1024, db_collation="C", db_comment="host/owner/name")
    commit = models.CharField(max_length=64, blank=True, db_comment="As the report says")
    format = models.CharField(max_length=64)
    tool = models.CharField(max_length=255)
    tool_version = models.CharField(max_length=255, blank=True)
    score = models.FloatField(null=True, db_comment="0 to 10; NULL: none, or inconclusive")
    observed_at = models.DateTimeField(db_comment="As the report says, at the latest when it was received")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(repository=""), name="posture_report_has_repository"),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__range=(0, 10)), name="posture_report_score_range"
            ),
        ]
        indexes = [models.Index(fields=["repository", "team", "-observed_at"], name="posture_report_newest")]


class PostureCheck(models.Model):
    """One check of a scorecard."""

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(PostureReport, on_delete=models.PROTECT, related_name="checks")
    name = models.CharField(max_length=255)
    score = models.SmallIntegerField(null=True, db_comment="0 to 10; NULL: the tool could not tell")
    reason = models.TextField(blank=True)
    pointer = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__range=(0, 10)), name="posture_check_score_range"
            ),
        ]


class PostureFinding(models.Model):
    """One finding of a scanner."""

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(PostureReport, on_delete=models.PROTECT, related_name="findings")
    rule = models.CharField(max_length=255)
    level = models.CharField(max_length=16, choices=choices_of(records.Level))
    message = models.TextField(blank=True)
    path = models.CharField(max_length=1024, blank=True)
    line = models.IntegerField(null=True)
    is_suppressed = models.BooleanField()
    pointer = models.TextField()


class SourceControlState(models.Model):
    """What guards branches or tags of a repository, as its service said at one time."""

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(PostureReport, on_delete=models.PROTECT, related_name="rules")
    kind = models.CharField(max_length=16, choices=choices_of(records.RefKind))
    patterns = ArrayField(models.CharField(max_length=1024), default=list, db_comment="refs/heads/main")
    excluded = ArrayField(models.CharField(max_length=1024), default=list)
    name = models.CharField(max_length=255, blank=True)
    is_enforced = models.BooleanField()
    reviews_required = models.IntegerField(null=True)
    code_owner_review = models.BooleanField(null=True)
    dismisses_stale_reviews = models.BooleanField(null=True)
    blocks_force_push = models.BooleanField(null=True)
    blocks_deletion = models.BooleanField(null=True)
    requires_signatures = models.BooleanField(null=True)
    status_check_count = models.IntegerField(null=True)
    binds_admins = models.BooleanField(null=True)
    pointer = models.TextField()


class WorkflowVersion(models.Model):
    """One version of a workflow file or composite action. Written by ingest, never changed."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    evidence = models.OneToOneField(Evidence, on_delete=models.PROTECT, related_name="workflow_version")
    repository = models.CharField(max_length=1024, db_collation="C", db_comment="host/owner/name")
    path = models.CharField(max_length=1024, blank=True, db_collation="C", db_comment="Parameter `name`")
    commit = models.CharField(max_length=64, blank=True, db_comment="Parameter `commit`")
    format = models.CharField(max_length=64)
    name = models.CharField(max_length=255, blank=True)
    triggers = ArrayField(models.CharField(max_length=255), default=list)
    observed_at = models.DateTimeField()

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(repository=""), name="workflow_version_has_repository"),
        ]
        indexes = [models.Index(fields=["repository", "path", "-observed_at"], name="workflow_version_newest")]


class WorkflowJob(models.Model):
    """One job: where it runs, what its token may do, which secrets its text uses."""

    id = models.BigAutoField(primary_key=True)
    workflow = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT, related_name="jobs")
    name = models.CharField(max_length=255)
    runner_labels = ArrayField(models.CharField(max_length=255), default=list)
    permissions = models.JSONField(null=True, db_comment="{scope: access}; NULL: not stated, the repository's default")
    environment = models.CharField(max_length=255, blank=True)
    secrets = ArrayField(models.CharField(max_length=255), default=list, db_comment="Names; `*` stands for all of them")
    env = ArrayField(
        models.CharField(max_length=255),
        null=True,
        db_comment="Names of variables. NULL: read before these, roles and downloads were kept",
    )
    roles = ArrayField(models.CharField(max_length=255), null=True, db_comment="Cloud roles that steps sign in as")
    line = models.IntegerField()


class ActionUse(models.Model):
    """One `uses` of a workflow or composite action."""

    id = models.BigAutoField(primary_key=True)
    workflow = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT, related_name="uses")
    job = models.CharField(max_length=255, blank=True)
    step = models.IntegerField(null=True, db_comment="From 0; NULL: the job itself, its container or a service")
    kind = models.CharField(max_length=32, choices=choices_of(workflow_records.UseKind))
    given = models.CharField(max_length=1024)
    owner_repository = models.CharField(max_length=255, blank=True, db_collation="C", db_comment="Lower case")
    path = models.CharField(max_length=1024, blank=True)
    ref = models.CharField(max_length=255, blank=True)
    ref_kind = models.CharField(max_length=16, choices=choices_of(workflow_records.RefKind))
    comment = models.CharField(max_length=255, blank=True)
    line = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["owner_repository", "ref"], name="action_use_of"),
            # local files, images and expressions that steps use
            models.Index(fields=["path"], condition=Q(owner_repository=""), name="action_use_elsewhere"),
        ]


class ToolDownload(models.Model):
    """What one step of a workflow or composite action fetches by address, as far as its script shows."""

    id = models.BigAutoField(primary_key=True)
    workflow = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT, related_name="downloads")
    job = models.CharField(max_length=255, blank=True)
    step = models.IntegerField(db_comment="From 0")
    url = models.CharField(max_length=2048, db_collation="C", db_comment="Without scheme, query and fragment")
    is_run = models.BooleanField(db_comment="A shell runs it as it arrives")
    check_kind = models.CharField(max_length=32, choices=choices_of(workflow_records.DownloadCheck))
    checksums = ArrayField(models.CharField(max_length=140), default=list, db_comment="In the script, as sha256:…")
    line = models.IntegerField()

    class Meta:
        indexes = [
            # the steps that fetch from an address
            models.Index(fields=["url"], name="tool_download_url"),
        ]
