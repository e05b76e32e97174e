"""Retention: which bytes of evidence two people had removed, why, and when. Rows of these tables are never removed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from inventory.models.evidence import Evidence
from supplychain.ids import uuid7


class RetentionPlan(models.Model):
    """One removal, as one person proposed and another approved it. Written by the command `retention` alone."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    keep_since = models.DateTimeField(db_comment="What was received, or ran, at this time or later stays")
    reason = models.CharField(max_length=1000)
    planned_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    approved_by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("planned_by")),
                name="retention_plan_two_people",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(approved_at__isnull=False),
                name="retention_plan_approved_first",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="retention_plan_has_reason"),
        ]


class RetentionItem(models.Model):
    """One document whose bytes a plan would remove. What is kept after all says why."""

    plan = models.ForeignKey(RetentionPlan, on_delete=models.PROTECT, related_name="items")
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+", db_index=False)
    kept_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "evidence"], name="retention_item_once")]


class EvidenceTombstone(models.Model):
    """What stands for bytes that were removed: one a document, with who decided it and why. Never changed."""

    evidence = models.OneToOneField(Evidence, on_delete=models.PROTECT, primary_key=True, related_name="tombstone")
    plan = models.ForeignKey(RetentionPlan, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=71, db_collation="C")
    size_bytes = models.BigIntegerField()
    removed_at = models.DateTimeField()
