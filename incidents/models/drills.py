"""Drills: the incident question rehearsed on a real component, with the stopwatch, and kept for good as proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from supplychain.ids import uuid7

if TYPE_CHECKING:
    from datetime import timedelta


class Drill(models.Model):
    """One rehearsal, as it was asked for. Insert-only; what came of it is its DrillResult."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    component = models.CharField(
        max_length=2048, blank=True, db_comment="The purl with version that is rehearsed; empty: one picked at random"
    )
    planted = models.JSONField(
        default=list, db_default=[], db_comment="Digests that it was planted in for the drill, each with its evidence"
    )
    started_by = models.CharField(max_length=200)
    started_at = models.DateTimeField()


class DrillResult(models.Model):
    """What a drill measured. Insert-only, one a drill: nobody improves a result afterwards."""

    drill = models.OneToOneField(Drill, on_delete=models.PROTECT, primary_key=True, related_name="result")
    component = models.CharField(max_length=2048, blank=True)
    waited_ms = models.BigIntegerField(db_comment="From the start until a worker began")
    searchable_ms = models.BigIntegerField(
        null=True, db_comment="From the start until what was planted could be found; NULL: nothing was planted"
    )
    list_ms = models.IntegerField(null=True, db_comment="From the beginning of the work to the whole answer")
    notify_ms = models.IntegerField(null=True, db_comment="The same until every channel marked for drills was told")
    block_ms = models.IntegerField(null=True, db_comment="The same until the gate would refuse all of it")
    count_ms = models.IntegerField(null=True, db_comment="How long the count by hand took; nobody waits for it")
    listed_count = models.IntegerField(default=0, db_comment="Running artifacts in the answer")
    expected_count = models.IntegerField(default=0, db_comment="Running artifacts by the count by hand")
    found_count = models.IntegerField(default=0, db_comment="Of the expected, those in the answer")
    blocked_count = models.IntegerField(default=0, db_comment="Of those listed, what a block would hit")
    channel_count = models.IntegerField(default=0, db_default=0, db_comment="Channels that are marked for drills")
    told_count = models.IntegerField(default=0, db_default=0, db_comment="Of these, those that took the message")
    missing = models.JSONField(default=list, db_comment="Digests that were expected and not listed, at most 100")
    document_count = models.IntegerField(default=0, db_comment="Documents that the count by hand read")
    unread_count = models.IntegerField(default=0, db_comment="Documents that it could not read or bind")
    answer_hash = models.CharField(max_length=71, blank=True)
    problem = models.CharField(max_length=500, blank=True, db_comment="Why it could not be done, or was not passed")
    is_passed = models.BooleanField()
    finished_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_passed=False) | Q(problem="", found_count=F("expected_count"), expected_count__gt=0),
                name="drill_passed_found_all",
            ),
            models.CheckConstraint(condition=Q(is_passed=True) | ~Q(problem=""), name="drill_failed_says_why"),
            models.CheckConstraint(condition=Q(found_count__lte=F("expected_count")), name="drill_found_of_expected"),
            models.CheckConstraint(condition=Q(told_count__lte=F("channel_count")), name="drill_told_of_channels"),
        ]

    @property
    def recall(self) -> float | None:
        """Return how much of what was there the answer had; None where nothing was there."""
        return self.found_count / self.expected_count if self.expected_count else None

    @property
    def took(self) -> timedelta:
        return self.finished_at - self.drill.started_at
