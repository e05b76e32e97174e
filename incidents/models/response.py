"""What is done about an incident: each action with who does it, by when, and what it rests on."""

from __future__ import annotations

import enum

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident


class ActionKind(enum.StrEnum):
    """What is to be done (domain.md, (b), containment catalogue)."""

    BLOCK = "block"
    FREEZE = "freeze"
    ROTATE = "rotate"
    REVOKE = "revoke"
    REBUILD = "rebuild"
    REDEPLOY = "redeploy"
    NOTIFY = "notify"


class ActionState(enum.StrEnum):
    """Where an action stands; incidents/response/moves.py has the moves. What is proposed is stored nowhere."""

    PROPOSED = "proposed"
    OPEN = "open"
    DONE = "done"
    REVERTED = "reverted"
    WITHDRAWN = "withdrawn"


STORED = (ActionState.OPEN, ActionState.DONE, ActionState.REVERTED, ActionState.WITHDRAWN)
IN_FORCE = (ActionState.OPEN, ActionState.DONE)


class ContainmentAction(models.Model):
    """One thing to be done about an incident. Every change is told on the timeline, and raises `version`."""

    id = models.BigAutoField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="actions", db_index=False)
    number = models.IntegerField(db_comment="From 1")
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ActionKind])
    target = models.JSONField(db_comment="What it is done to (docs/api.md, Actions); shown, never filtered by")
    target_hash = models.CharField(max_length=71, db_comment="SHA-256 of kind and target: the same is not done twice")
    title = models.CharField(max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    due_at = models.DateTimeField(null=True)
    run_number = models.IntegerField(db_comment="The answer it rests on")
    evidence_before = models.JSONField(default=dict, db_comment="What the answer said of the target when it was made")
    evidence_after = models.JSONField(null=True, db_comment="What came in once it was done; NULL: not done")
    block = models.UUIDField(null=True, db_comment="Public id of the block or freeze that it put in force")
    is_basis_withdrawn = models.BooleanField(default=False, db_comment="The newest answer no longer says so")
    state = models.CharField(max_length=16, choices=[(state.value, state.value) for state in STORED])
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    done_by = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True)
    reopened_by = models.CharField(
        max_length=200,
        blank=True,
        db_default="",
        default="",
        db_comment="Who said last that it is not done after all: evidence does not close it then",
    )
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="containment_action_number"),
            models.UniqueConstraint(
                fields=["incident", "target_hash"],
                condition=Q(state__in=[state.value for state in IN_FORCE]),
                name="containment_action_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in STORED]), name="containment_action_state"
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(team__isnull=True), name="containment_action_one_owner"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ActionState.DONE.value, ActionState.REVERTED.value], done_at__isnull=False)
                | Q(state__in=[ActionState.OPEN.value, ActionState.WITHDRAWN.value], done_at__isnull=True),
                name="containment_action_done_when",
            ),
        ]


class LegalReport(models.Model):
    """A report that was sent to the authorities: noted once, never changed (incidents/response/clocks.py)."""

    id = models.BigAutoField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="reports", db_index=False)
    duty = models.CharField(max_length=32)
    report = models.CharField(max_length=32)
    sent_at = models.DateTimeField()
    reference = models.CharField(max_length=300, blank=True, db_comment="As the authority gave it")
    told_by = models.CharField(max_length=200)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "duty", "report"], name="legal_report_once"),
            models.CheckConstraint(condition=Q(told_at__gte=models.F("sent_at")), name="legal_report_was_sent"),
        ]
