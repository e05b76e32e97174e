"""What registries, and documents that lie in them, say of images: claims, referrers, and where tags pointed."""

from __future__ import annotations

import enum

from django.db import models
from django.db.models import Q

from supplychain.access.querysets import TeamScopedQuerySet


class Claim(enum.StrEnum):
    """What an image says of itself, in labels of its config or annotations of its manifest. Its author wrote it."""

    SOURCE = "source"
    REVISION = "revision"
    VERSION = "version"
    BASE_NAME = "base_name"
    BASE_DIGEST = "base_digest"


class ArtifactClaim(models.Model):
    """An image says this of itself, as a team's document shows. Never changed."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    artifact = models.ForeignKey("inventory.Artifact", on_delete=models.PROTECT, related_name="+", db_index=False)
    claim = models.CharField(max_length=16, choices=[(claim.value, claim.value) for claim in Claim])
    value = models.CharField(max_length=1024, db_collation="C")
    evidence = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["artifact", "team", "claim", "value"], name="artifact_claim_once"),
            models.CheckConstraint(condition=~Q(value=""), name="artifact_claim_not_empty"),
        ]
        indexes = [
            # images that name a base image, a repository or a commit
            models.Index(fields=["claim", "value"], name="artifact_claim_value"),
            # the artifacts of a team
            models.Index(fields=["team", "artifact"], name="artifact_claim_team"),
        ]


class Referrer(models.Model):
    """A manifest refers to another one (`subject`), or an index marks it as that one's attestations. Never changed."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    subject = models.ForeignKey("inventory.Artifact", on_delete=models.PROTECT, related_name="+", db_index=False)
    referrer = models.ForeignKey("inventory.Artifact", on_delete=models.PROTECT, related_name="+", db_index=False)
    artifact_type = models.CharField(max_length=255, blank=True)
    evidence = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "referrer", "team"], name="referrer_once"),
            models.CheckConstraint(condition=~Q(subject=models.F("referrer")), name="referrer_not_itself"),
        ]
        indexes = [
            # whether an artifact may be seen
            models.Index(fields=["referrer"], name="referrer_referrer"),
            # the artifacts of a team
            models.Index(fields=["team"], name="referrer_team"),
        ]


class TagAction(models.TextChoices):
    """What happened to a tag, or was seen of it."""

    PUSH = "push"
    PULL = "pull"
    DELETE = "delete"
    MOUNT = "mount"


class TagEvent(models.Model):
    """At this time a tag of a repository pointed at this digest, as a registry told. Append only.

    Only a push says that it began to; a pull saw it so. A deletion names the digest, or the tag, or both.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    repository = models.CharField(max_length=1024, db_collation="C", db_comment="registry/path, normalised")
    tag = models.CharField(max_length=255, blank=True, db_collation="C", db_comment="Empty: by digest alone")
    artifact = models.ForeignKey(
        "inventory.Artifact", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    action = models.CharField(max_length=8, choices=TagAction.choices)
    observed_at = models.DateTimeField(db_comment="As the registry says; later than received: when it was received")
    event_id = models.CharField(max_length=255, blank=True, db_collation="C")
    actor = models.CharField(max_length=255, blank=True, db_comment="Whom the registry names")
    evidence = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)
    pointer = models.CharField(max_length=255, blank=True)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "repository", "tag", "observed_at", "action", "artifact", "event_id"],
                name="tag_event_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(action__in=TagAction.values), name="tag_event_action"),
            models.CheckConstraint(
                condition=Q(artifact__isnull=False) | Q(action=TagAction.DELETE.value), name="tag_event_digest"
            ),
        ]
        indexes = [
            # GET /tags: newest first
            models.Index(fields=["repository", "-observed_at", "-id"], name="tag_event_newest"),
            # where an artifact was tagged
            models.Index(fields=["artifact"], name="tag_event_artifact"),
        ]
