"""Decisions: what was asked at a gate, what was answered, and why. A decision is no deployment."""

from __future__ import annotations

import enum

from django.db import models
from django.db.models import Q

from supplychain.access.querysets import TeamScopedQuerySet
from supplychain.database.choices import choices_of
from supplychain.ids import uuid7


class Mode(enum.StrEnum):
    """What comes of what cannot be judged. A block binds in every mode."""

    OBSERVE = "observe"
    WARN = "warn"
    ENFORCE = "enforce"


class Outcome(enum.StrEnum):
    """What one rule, or all of them together, came to. Unknown is an outcome, never a pass."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Gate(enum.StrEnum):
    """Who asked."""

    PIPELINE = "pipeline"
    KUBERNETES = "kubernetes"
    GATEKEEPER = "gatekeeper"
    KYVERNO = "kyverno"


class Decision(models.Model):
    """What was decided about one image or digest, as it was told. Insert-only.

    `hits` and `rules` are kept whole; who does not see all teams is shown no more of them than was answered.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    team = models.ForeignKey(
        "access.Team",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="Whose key or person asked; NULL: somebody of no one team",
    )
    at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    gate = models.CharField(max_length=16, choices=choices_of(Gate))
    request_uid = models.CharField(max_length=255, blank=True, db_comment="Of an AdmissionReview")
    digest = models.CharField(max_length=140, blank=True, db_collation="C", db_comment="Empty: no digest was named")
    image = models.CharField(max_length=2048, blank=True, db_comment="As it was written")
    environment = models.CharField(max_length=255, blank=True)
    cluster = models.CharField(max_length=255, blank=True, db_collation="C")
    namespace = models.CharField(max_length=255, blank=True, db_collation="C")
    service = models.CharField(max_length=255, blank=True)
    workload = models.CharField(max_length=512, blank=True, db_comment="kind/name of what was reviewed")
    mode = models.CharField(max_length=16, choices=choices_of(Mode))
    outcome = models.CharField(max_length=16, choices=choices_of(Outcome))
    allowed = models.BooleanField()
    rules = models.JSONField(db_comment="[{rule, result, reasons, evidence}]; shown, never filtered by")
    hits = models.JSONField(db_comment="[{block, kind, reason, …}]; shown, never filtered by")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(allowed=False, outcome__in=[Outcome.FAIL.value, Outcome.UNKNOWN.value])
                | Q(allowed=True, outcome=Outcome.PASS.value)
                | Q(allowed=True, outcome=Outcome.UNKNOWN.value) & Q(mode__in=[Mode.OBSERVE.value, Mode.WARN.value]),
                name="decision_follows",
            ),
        ]
        indexes = [
            # GET /decisions of a team, newest first; of one digest
            models.Index(fields=["team", "-public_id"], name="decision_team"),
            models.Index(fields=["digest", "-public_id"], name="decision_digest"),
            # what was refused
            models.Index(fields=["-public_id"], condition=Q(allowed=False), name="decision_refused"),
        ]
