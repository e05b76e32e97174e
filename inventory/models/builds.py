"""Runs of builds, as documents tell of them: what was exposed when an action or a tool was bad, and what came out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Collate, Lower

from inventory.models.attestations import Attestation
from inventory.models.evidence import Evidence
from supplychain.access.querysets import TeamScopedQuerySet


class BuildRun(models.Model):
    """One attempt of one run, as one document tells: a provenance, or a list of workflow runs. Never changed.

    Rows of one repository, number and attempt are one run: what came out of it are the subjects of all its provenances.
    Everything is a claim, '' and NULL where the document does not say.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+", db_index=False)
    attestation = models.OneToOneField(Attestation, on_delete=models.PROTECT, null=True, related_name="build_run")
    position = models.IntegerField(db_comment="Among the runs of the document, from 0")
    pointer = models.CharField(max_length=4000, blank=True)
    repository = models.CharField(max_length=1024, blank=True, db_collation="C", db_comment="host/owner/name")
    run_id = models.CharField(max_length=64, blank=True, db_collation="C")
    attempt = models.IntegerField(null=True, db_comment="From 1")
    workflow_path = models.CharField(max_length=1024, blank=True, db_collation="C")
    commit = models.CharField(max_length=64, blank=True, db_collation="C")
    ref = models.CharField(max_length=1024, blank=True)
    event = models.CharField(max_length=255, blank=True)
    runner_environment = models.CharField(max_length=255, blank=True)
    actor = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["evidence", "position"], condition=Q(attestation__isnull=True), name="build_run_once"
            ),
            models.CheckConstraint(condition=Q(attempt__isnull=True) | Q(attempt__gte=1), name="build_run_attempt"),
        ]
        indexes = [
            # the runs of a workflow, and of one commit of it
            models.Index(fields=["repository", "workflow_path", "started_at"], name="build_run_workflow"),
            # the documents of one run
            models.Index(fields=["repository", "run_id", "attempt"], name="build_run_number"),
            # what ran in a window
            models.Index(fields=["started_at"], name="build_run_started"),
            # what an account started
            models.Index(Collate(Lower("actor"), "C"), condition=~Q(actor=""), name="build_run_actor"),
        ]


class ResolvedAction(models.Model):
    """An action or reusable workflow that a run used, as its document observed. Never changed.

    No list of them is known to be complete: what is not here may have been used all the same.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(BuildRun, on_delete=models.PROTECT, related_name="actions")
    owner_repository = models.CharField(max_length=255, db_collation="C", db_comment="Lower case")
    path = models.CharField(max_length=1024, blank=True)
    ref = models.CharField(max_length=255, blank=True)
    commit = models.CharField(max_length=64, blank=True, db_collation="C", db_comment="Empty: nobody saw which")

    class Meta:
        indexes = [
            # the runs that used an action
            models.Index(fields=["owner_repository", "commit"], name="resolved_action_of"),
        ]
