"""Evidence as received: bytes, who sent them and what became of them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from supplychain.access.querysets import TeamScopedQuerySet
from supplychain.ids import uuid7


class BlobPlace(models.TextChoices):
    """Where the bytes of a document lie (docs/operations.md, Object storage)."""

    DATABASE = "database"
    S3 = "s3"
    REMOVED = "removed"


class EvidenceBlob(models.Model):
    """The bytes of one document, kept once however often it is sent. Written by intake; only its place ever changes.

    Shared between teams and reachable only through an Evidence row that the reader may see. Read and written through
    inventory.store alone.
    """

    digest = models.CharField(
        max_length=71,
        primary_key=True,
        db_collation="C",
        db_comment="sha256:… of the document after multipart and Content-Encoding",
    )
    size_bytes = models.BigIntegerField()
    place = models.CharField(max_length=16, choices=BlobPlace.choices, db_default=BlobPlace.DATABASE)
    data = models.BinaryField(null=True, db_comment="zstd level 3, one frame; NULL: not in the database")
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="evidence_blob_not_empty"),
            models.CheckConstraint(
                condition=Q(place=BlobPlace.DATABASE, data__isnull=False)
                | Q(place__in=(BlobPlace.S3, BlobPlace.REMOVED), data__isnull=True),
                name="evidence_blob_is_in_its_place",
            ),
        ]


class EvidenceKind(models.TextChoices):
    """What a request may declare its document to be, and what a reader found it to be."""

    SBOM = "sbom"
    DEPLOYMENT = "deployment"
    SNAPSHOT = "snapshot"
    IMAGE = "image"
    REGISTRY = "registry"
    ATTESTATION = "attestation"
    VEX = "vex"
    ADVISORY = "advisory"
    POSTURE = "posture"
    WORKFLOW = "workflow"
    LIST = "list"


class Evidence(models.Model):
    """One document that one team sent with one set of parameters. Written by intake, insert-only.

    What becomes of it stands in EvidenceState, so that this row and its bytes never change.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    api_key = models.ForeignKey("access.ApiKey", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    user = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    blob = models.ForeignKey(EvidenceBlob, on_delete=models.PROTECT, related_name="+")
    size_bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=255, blank=True)
    declared_kind = models.CharField(max_length=32, blank=True, choices=EvidenceKind.choices)
    is_observation = models.BooleanField(
        default=False, db_comment="A runtime report: the same bytes sent again are a new observation"
    )
    artifacts = ArrayField(
        models.CharField(max_length=140), default=list, db_comment="Parameter `artifact`, canonical digests"
    )
    name = models.CharField(max_length=1024, blank=True)
    version = models.CharField(max_length=255, blank=True)
    repository = models.CharField(max_length=1024, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    cluster = models.CharField(max_length=255, blank=True)
    environment = models.CharField(max_length=255, blank=True)
    namespaces = ArrayField(
        models.CharField(max_length=255), null=True, db_comment="Parameter `namespaces` of a snapshot"
    )
    confirm_empty = models.BooleanField(default=False)
    filename = models.CharField(max_length=255, blank=True)
    dedupe_key = models.BinaryField(
        null=True, db_comment="SHA-256 over team, digest and the parameters that count; NULL: never a repeat"
    )
    audit_sequence = models.BigIntegerField()
    received_at = models.DateTimeField()

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key"], name="evidence_dedupe_key_unique"),
        ]
        indexes = [
            # GET /evidence: newest first, of one team
            models.Index(fields=["team", "-public_id"], name="evidence_team_newest"),
        ]


class State(models.TextChoices):
    """The states of a receipt (docs/api.md)."""

    RECEIVED = "received"
    PROCESSING = "processing"
    APPLIED = "applied"
    APPLIED_WITH_WARNINGS = "applied_with_warnings"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"


IN_WORK = (State.RECEIVED, State.PROCESSING)
READABLE = (State.APPLIED, State.APPLIED_WITH_WARNINGS)


class EvidenceState(models.Model):
    """What became of one Evidence row: the queue of record. Written by intake once, then by workers only."""

    evidence = models.OneToOneField(Evidence, on_delete=models.PROTECT, primary_key=True, related_name="state")
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=32, choices=State.choices, default=State.RECEIVED)
    is_large = models.BooleanField(
        db_default=False, db_comment="LARGE_DOCUMENT_BYTES or more: only so many are worked on at once"
    )
    attempts = models.SmallIntegerField(default=0)
    queued_at = models.DateTimeField(db_comment="When it was accepted, or last put back by a retry")
    claimed_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    applied_sequence = models.BigIntegerField(null=True, db_comment="Order in which documents became searchable")
    kind = models.CharField(max_length=32, blank=True)
    format = models.CharField(max_length=32, blank=True)
    format_version = models.CharField(max_length=32, blank=True)
    schema_valid = models.BooleanField(null=True)
    schema_error_count = models.IntegerField(null=True)
    subjects = ArrayField(models.CharField(max_length=140), default=list)
    counts = models.JSONField(default=dict, db_comment="Receipt counts; shown, never filtered by")
    warnings = models.JSONField(
        default=list, db_comment="At most 100 of {code, pointer, message}; shown, never filtered by"
    )
    warning_count = models.IntegerField(default=0)
    understood = models.JSONField(
        default=dict,
        db_default={},
        db_comment="What the document says of itself and of its subject, by kind; shown, never filtered by",
    )
    error = models.JSONField(null=True, db_comment="{code, pointer, message} of a rejected or quarantined document")
    failed_tries = models.JSONField(
        default=list,
        db_default=[],
        db_comment="{attempt, code, message, error, place, worker, at, seconds} of each try that failed and said why",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="evidence_state_known"),
            models.CheckConstraint(condition=Q(attempts__gte=0), name="evidence_state_attempts"),
            models.CheckConstraint(
                condition=Q(applied_at__isnull=False, applied_sequence__isnull=False) | ~Q(state__in=READABLE),
                name="evidence_state_applied_has_time",
            ),
            models.CheckConstraint(
                condition=Q(error__isnull=False) | ~Q(state__in=(State.REJECTED, State.QUARANTINED)),
                name="evidence_state_refusal_has_error",
            ),
            models.UniqueConstraint(fields=["applied_sequence"], name="evidence_state_applied_sequence"),
        ]
        indexes = [
            # the claim: the oldest that waits, of each team
            models.Index(fields=["team", "evidence"], condition=Q(state=State.RECEIVED), name="evidence_state_waiting"),
            # the claim and the sweep: what is in work, by teams, and since when; as many rows as there are workers
            models.Index(fields=["claimed_at"], condition=Q(state=State.PROCESSING), name="evidence_state_claimed"),
            models.Index(fields=["state", "evidence"], name="evidence_state_listing"),
        ]
