"""What is asked again by itself: how far evidence was followed, and what waits to be asked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class FollowedEvidence(models.Model):
    """How far evidence was followed: one row. Its lock says who follows; written by workers alone."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(db_comment="Everything applied up to here was looked at, but what is missing")
    missing = models.JSONField(
        default=dict, db_comment="{applied_sequence: since when}: drawn by transactions that had not committed"
    )
    marks = models.CharField(max_length=32, blank=True, db_comment="Of what ran when it was looked at last")
    verdict = models.BigIntegerField(default=0, db_comment="The newest evaluation of a signature that was looked at")
    rests_until = models.DateTimeField(db_comment="Nobody asks before: asking has a share of one worker, not all")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="followed_evidence_one_row"),
        ]


class LiveQuestion(models.Model):
    """A question that is asked again when evidence comes: of an open incident, or of a watch.

    Written by workers alone, and gone when the incident is closed or the watch paused: all of it can be made anew.
    """

    id = models.BigAutoField(primary_key=True)
    incident = models.OneToOneField(
        "incidents.Incident", on_delete=models.CASCADE, null=True, related_name="live", db_comment="NULL: of a watch"
    )
    watch = models.OneToOneField(
        "incidents.Watch", on_delete=models.CASCADE, null=True, related_name="live", db_comment="NULL: of an incident"
    )
    touched_at = models.DateTimeField(null=True, db_comment="Evidence came that can change rows; NULL: none since")
    unsettled_at = models.DateTimeField(null=True, db_comment="Evidence came that can change counts; NULL: none since")
    asked_at = models.DateTimeField(null=True, db_comment="When it was asked by itself last")
    took_ms = models.IntegerField(default=0)
    ran = models.CharField(max_length=32, blank=True, db_comment="Of what ran of its rows when it was looked at last")
    stamped = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        db_comment="Of all that proofs rest on, when it was stamped",
    )
    stamped_at = models.DateTimeField(null=True, db_comment="When its recovery was looked at last; NULL: never")
    stamp_ms = models.IntegerField(default=0, db_default=0, db_comment="How long that took")
    proofs = models.CharField(
        max_length=32, blank=True, default="", db_default="", db_comment="Of how its proofs stood then"
    )
    problem = models.CharField(max_length=500, blank=True, db_comment="Why it could not be asked; empty: it could")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(took_ms__gte=0), name="live_question_took"),
            models.CheckConstraint(condition=Q(stamp_ms__gte=0), name="live_question_stamp"),
            models.CheckConstraint(
                condition=Q(incident__isnull=False, watch__isnull=True) | Q(incident__isnull=True, watch__isnull=False),
                name="live_question_of_one",
            ),
        ]
