"""Watches: questions that are kept, and what they found since."""

from __future__ import annotations

import enum

from django.db import models
from django.db.models import Q

from supplychain.access.querysets import TeamScopedQuerySet
from supplychain.ids import uuid7


class Sight(enum.StrEnum):
    """How an artifact was seen to hold what a watch looks for."""

    FOUND = "found"
    RUNNING = "running"


class Watch(models.Model):
    """A question that tells when later evidence matches. It asks the same for good; who wants another makes another."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    team = models.ForeignKey(
        "access.Team",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="Through whose eyes it looks; NULL: through those of who sees all",
    )
    name = models.CharField(max_length=200)
    question = models.JSONField(db_comment="As it was given (docs/api.md, The incident question)")
    is_paused = models.BooleanField(default=False)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="watch_has_a_name"),
        ]
        indexes = [
            # the watches of a team
            models.Index(fields=["team", "-public_id"], name="watch_of_team"),
        ]


class WatchHit(models.Model):
    """An artifact that a watch found, once for each thing it looks for; once more when it begins to run. Insert-only.

    What matched before the watch was there is kept too (`is_before`): it never fires, and shows what it would have.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    watch = models.ForeignKey(Watch, on_delete=models.PROTECT, related_name="hits", db_index=False)
    artifact = models.CharField(max_length=1024, db_comment="Its digest; its name where it has none")
    name = models.CharField(max_length=1024, blank=True)
    indicator = models.CharField(max_length=1024, db_comment="What of the question matched, as it was given")
    sight = models.CharField(max_length=16, choices=[(sight.value, sight.value) for sight in Sight])
    status = models.CharField(max_length=16)
    reason = models.CharField(max_length=500, blank=True)
    evidence = models.UUIDField(null=True, db_comment="Public id of a document that says so")
    places = models.JSONField(default=list, db_comment="Where it runs, the first few; shown, never filtered by")
    is_before = models.BooleanField(default=False)
    happened_at = models.DateTimeField(db_comment="When the document came, or it began to run")
    seen_at = models.DateTimeField(db_comment="When the watch saw it")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["watch", "artifact", "indicator", "sight"], name="watch_hit_once"),
            models.CheckConstraint(condition=Q(sight__in=[sight.value for sight in Sight]), name="watch_hit_sight"),
        ]
        indexes = [
            # the hits of a watch, newest first
            models.Index(fields=["watch", "-public_id"], name="watch_hit_of"),
        ]
