"""Artifacts by digest, what their digests have to do with each other, and the names they go by."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from supplychain.access.querysets import TeamScopedQuerySet

DIGEST_PATTERN = r"^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$"


class Artifact(models.Model):
    """Bytes with a digest. Interned by ingest, never changed.

    A row without digest stands for what an SBOM that names none is about (a label), and never runs. Carries no team and
    no fact: a team sees an artifact, and what kind of artifact it is, only through edges of its own
    (graph/families.py).
    """

    id = models.AutoField(primary_key=True)
    digest = models.CharField(max_length=140, unique=True, null=True, db_collation="C")  # noqa: DJ001  # NULL: a label
    label_name = models.CharField(max_length=1024, blank=True, db_collation="C")
    label_version = models.CharField(max_length=255, blank=True, db_collation="C")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(digest__regex=DIGEST_PATTERN, label_name="", label_version="")
                | Q(digest__isnull=True) & ~Q(label_name=""),
                name="artifact_digest_or_label",
            ),
            models.UniqueConstraint(
                fields=["label_name", "label_version"], condition=Q(digest__isnull=True), name="artifact_label_once"
            ),
        ]


class ArtifactName(models.Model):
    """A team's evidence or cluster calls an artifact by this name (`registry/repository:tag`, a package name)."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="names", db_index=False)
    name = models.CharField(
        max_length=1024, db_collation="C", db_comment="Normalised image name without tag, or the name as given"
    )
    tag = models.CharField(
        max_length=255, blank=True, db_collation="C", db_comment="Tag of an image, version of anything else"
    )
    first_seen_at = models.DateTimeField()

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["artifact", "team", "name", "tag"], name="artifact_name_once"),
        ]
        indexes = [
            # an indicator that is an image reference; search by name
            models.Index(fields=["name", "tag"], name="artifact_name_lookup"),
            # substring search
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="artifact_name_trigram"),
            # the artifacts of a team
            models.Index(fields=["team", "artifact"], name="artifact_name_team"),
        ]


class IndexMember(models.Model):
    """An image index lists this manifest for this platform, as a team's document states.

    Changed once at most: when the bytes of the index itself are read, what they say of the member takes the place of
    what another document claimed.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    index = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="+", db_index=False)
    member = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="+")
    os = models.CharField(max_length=64, blank=True)
    architecture = models.CharField(max_length=64, blank=True)
    variant = models.CharField(max_length=64, blank=True)
    is_proven = models.BooleanField(
        default=False,
        db_default=False,
        db_comment="The bytes of the index itself were read, and list the member; else a document claims it",
    )
    evidence = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index", "member", "team"], name="index_member_once"),
            models.CheckConstraint(condition=~Q(index=models.F("member")), name="index_member_not_itself"),
        ]
        indexes = [
            # the artifacts of a team
            models.Index(fields=["team"], name="index_member_team"),
        ]


class ArtifactAlias(models.Model):
    """Two digests of one image or file, as a team's document states: a manifest's config, another algorithm's digest.

    `alias` is the config (image id) or second digest, `artifact` the manifest or first. Changed once at most: when the
    manifest's own bytes turn a claim into a proof.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    alias = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="+", db_index=False)
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="+")
    is_proven = models.BooleanField(
        default=False,
        db_default=False,
        db_comment="The bytes of the manifest itself were read, and name the config; else a document claims it",
    )
    evidence = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alias", "artifact", "team"], name="artifact_alias_once"),
            models.CheckConstraint(condition=~Q(alias=models.F("artifact")), name="artifact_alias_not_itself"),
        ]
        indexes = [
            # the artifacts of a team
            models.Index(fields=["team"], name="artifact_alias_team"),
        ]
