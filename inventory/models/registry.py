"""What registries, and documents that lie in them, say of images: claims, referrers, and where tags pointed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Collate, Lower

from inventory.formats.claims import Claim
from inventory.formats.image_records import TagAction
from supplychain.access.querysets import TeamScopedQuerySet

_ACTIONS = [(action.value, action.value) for action in TagAction]
_ACTION_VALUES = [action.value for action in TagAction]


class TagSource(models.TextChoices):
    """Who saw where the tag pointed."""

    REGISTRY = "registry"


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
            # indicators: a repository or commit however its letters are written
            models.Index("claim", Lower("value"), name="artifact_claim_lower"),
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


class ImageLayer(models.Model):
    """A layer of an image, as its manifest (stored) or its config (unpacked, a diff id) lists it. Never changed."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    artifact = models.ForeignKey("inventory.Artifact", on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.SmallIntegerField(db_comment="From the bottom, from 0")
    digest = models.CharField(max_length=140, db_collation="C")
    is_diff_id = models.BooleanField(db_comment="Of the unpacked layer: the artifact is a config")
    chain = models.BinaryField(
        db_default=b"", db_comment="SHA-256 of the layer's digest behind the chain below it, 16 bytes"
    )
    is_last = models.BooleanField(db_default=False, db_comment="No layer above it")
    evidence = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["artifact", "team", "position"], name="image_layer_once"),
        ]
        indexes = [
            # images that begin with all layers of another
            models.Index(
                fields=["chain"],
                include=["artifact", "team", "evidence"],
                condition=Q(is_last=False),
                name="image_layer_above",
            ),
            # images that one image begins with: those whose whole stack is the beginning of its own
            models.Index(fields=["chain"], condition=Q(is_last=True), name="image_layer_stack"),
            # the artifacts of a team: every list of layers has a first one
            models.Index(fields=["team", "artifact"], condition=Q(position=0), name="image_layer_team"),
        ]


class LayerStack(models.Model):
    """Some layers from the bottom on, in their order: whether they are all of an image, and whether more lie above.

    Where both are true, one image is the beginning of another: few of all stacks, and a question looks no further into
    those that are not. Of all teams; what a team may see is asked of `ImageLayer`. Written by a trigger on it
    (migration 0048): two documents that arrive at once, the image and what was built on it, write the same row, so the
    second waits and adds to it. Never taken back.
    """

    chain = models.BinaryField(primary_key=True, db_comment="As in ImageLayer")
    is_whole = models.BooleanField(db_comment="They are all layers of an image")
    has_above = models.BooleanField(db_comment="They are the beginning of an image with more layers")

    class Meta:
        indexes = [
            # what may be a base image
            models.Index(fields=["chain"], condition=Q(is_whole=True) & Q(has_above=True), name="layer_stack_base"),
        ]


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
    action = models.CharField(max_length=8, choices=_ACTIONS)
    source = models.CharField(max_length=16, choices=TagSource.choices, db_default=TagSource.REGISTRY)
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
            models.CheckConstraint(condition=Q(action__in=_ACTION_VALUES), name="tag_event_action"),
            models.CheckConstraint(
                condition=Q(artifact__isnull=False) | Q(action=TagAction.DELETE.value), name="tag_event_digest"
            ),
        ]
        indexes = [
            # GET /tags: newest first
            models.Index(fields=["repository", "-observed_at", "-id"], name="tag_event_newest"),
            # where an artifact was tagged
            models.Index(fields=["artifact"], name="tag_event_artifact"),
            # an indicator that is an account
            models.Index(Collate("actor", "C"), condition=~Q(actor=""), name="tag_event_actor"),
        ]
