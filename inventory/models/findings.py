"""What detectors found in the evidence: ways in that are open, and those that were closed."""

from __future__ import annotations

import enum

from django.db import models
from django.db.models import F, Q

from inventory.detectors import meanings, records
from inventory.models.evidence import Evidence
from supplychain.access.querysets import TeamScopedQuerySet
from supplychain.database.choices import choices_of
from supplychain.ids import uuid7


class FindingState(enum.StrEnum):
    """Whether the newest evidence still shows it."""

    OPEN = "open"
    CLOSED = "closed"


class FindingChange(enum.StrEnum):
    """What happened to a finding."""

    OPENED = "opened"
    REGRADED = "regraded"
    """Another rule or severity: it is still there, and otherwise."""
    CLOSED = "closed"
    REOPENED = "reopened"


class FindingQuerySet(TeamScopedQuerySet["Finding"]):
    """Findings, by whether the newest evidence still shows them."""

    def in_state(self, state: FindingState) -> FindingQuerySet:
        return self.filter(closed_at__isnull=state is FindingState.OPEN)

    def with_events(self) -> FindingQuerySet:
        """Return them with what happened to each, in the order in which it was recorded."""
        events = FindingEvent.objects.select_related("evidence").order_by("recorded_at", "pk")
        return self.prefetch_related(models.Prefetch("events", queryset=events))


class Finding(models.Model):
    """A way in, of one team, in one file: opened, regraded and closed by what the versions of that file say.

    Written by ingest along with the version. The same thing seen again is the same row: `fingerprint` is of detector,
    repository, path and subject. Times are those of the evidence.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    detector = models.CharField(max_length=32, choices=choices_of(records.Detector))
    rule = models.CharField(max_length=32, choices=choices_of(records.Rule))
    severity = models.CharField(max_length=16, choices=choices_of(records.Severity))
    repository = models.CharField(max_length=1024, db_collation="C", db_comment="host/owner/name")
    path = models.CharField(max_length=1024, db_collation="C", db_comment="Of the file in the repository")
    subject = models.CharField(max_length=2048, db_comment="What is not pinned, without what would pin it")
    given = models.CharField(max_length=2048, db_comment="As the file writes it")
    places = models.JSONField(db_comment="[[job, step or null, line]]; of the newest version that shows it")
    fingerprint = models.CharField(max_length=64, db_collation="C", db_comment="SHA-256, in hex")
    first_evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+", db_index=False)
    last_evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+", db_index=False)
    closed_by = models.ForeignKey(
        Evidence,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="The first version that does not show it any more",
    )
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, db_comment="NULL: open")

    objects = FindingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "fingerprint"], name="finding_once"),
            models.CheckConstraint(condition=Q(fingerprint__regex=r"^[0-9a-f]{64}$"), name="finding_fingerprint"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="finding_closed_by_evidence",
            ),
            models.CheckConstraint(condition=Q(last_seen_at__gte=F("first_seen_at")), name="finding_seen_in_order"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("last_seen_at")), name="finding_closed_after"
            ),
        ]
        indexes = [
            # the findings of one file, of a repository
            models.Index(fields=["repository", "path", "team"], name="finding_of_file"),
            # GET /findings: newest first, of a team
            models.Index(fields=["team", "-public_id"], name="finding_newest"),
        ]

    @property
    def state(self) -> FindingState:
        return FindingState.OPEN if self.closed_at is None else FindingState.CLOSED

    @property
    def title(self) -> str:
        return meanings.TITLES[records.Detector(self.detector)]

    @property
    def wrong(self) -> str:
        return meanings.WRONG[records.Rule(self.rule)]

    @property
    def fix(self) -> str:
        return meanings.FIXES[records.Rule(self.rule)]


class FindingEvent(models.Model):
    """What happened to a finding, and by which document. Insert-only."""

    id = models.BigAutoField(primary_key=True)
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=choices_of(FindingChange))
    rule = models.CharField(max_length=32, choices=choices_of(records.Rule))
    severity = models.CharField(max_length=16, choices=choices_of(records.Severity))
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(db_comment="Of the evidence")
    recorded_at = models.DateTimeField(db_comment="When it was found: what is computed anew tells no earlier time")
