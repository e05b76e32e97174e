"""Blocks: what must not run, and where nothing new may. One person sets one and it binds; two people lift it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from supplychain.ids import uuid7

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self


class BlockKind(enum.StrEnum):
    """By what a block knows what it hits (docs/policy.md has the selector of each)."""

    ARTIFACT = "artifact"
    PACKAGE = "package"
    BUILDER = "builder"
    SIGNER = "signer"
    REPOSITORY = "repository"
    SERVICE = "service"
    ENVIRONMENT = "environment"
    CLUSTER = "cluster"


FREEZES = frozenset({BlockKind.SERVICE, BlockKind.ENVIRONMENT, BlockKind.CLUSTER})
"""Kinds that name a place, not what is put there: nothing new may start in it."""

_IS_PERSONLESS = Q(lift_asked_by__isnull=True, lift_asked_at__isnull=True)
_IS_ENDED_BY_TWO = (
    Q(lifted_at__isnull=False, ends_at__gte=F("lifted_at"), lift_asked_by__isnull=False)
    & Q(lifted_by__isnull=False)
    & ~Q(lifted_by=F("lift_asked_by"))
)


class BlockQuerySet(models.QuerySet["Block"]):
    """Blocks are the organisation's: they hit what any team has."""

    def in_force(self, at: datetime) -> Self:
        """Keep those that bind at an instant."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))

    def ended(self, at: datetime) -> Self:
        """Keep those that bind no more."""
        return self.filter(ends_at__lte=at)


class Block(models.Model):
    """One block or freeze. What it says never changes, and the row stays: with who lifted it, when and why.

    It binds until `ends_at`, which is empty until a second person agreed to the end that the first one asked for.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in BlockKind])
    selector = models.JSONField(db_comment="What it names, as it is shown; compared by the columns that follow")
    selector_hash = models.CharField(max_length=64, db_collation="C", db_comment="SHA-256 of kind and selector")
    value = models.CharField(
        max_length=2048,
        blank=True,
        db_collation="C",
        db_comment="Digest, builder id, identity or key fingerprint, host/path, service, environment, cluster",
    )
    issuer = models.CharField(max_length=1024, blank=True, db_collation="C", db_comment="Of an identity")
    namespace = models.CharField(
        max_length=255, blank=True, db_collation="C", db_comment="Of a cluster; empty: the whole of it"
    )
    package_type = models.CharField(max_length=32, blank=True, db_collation="C")
    package_namespace = models.CharField(  # noqa: DJ001  # NULL and '' are two things
        max_length=1024, null=True, db_collation="C", db_comment="Match key; NULL: of any distribution"
    )
    package_name = models.CharField(max_length=1024, blank=True, db_collation="C", db_comment="Match key")
    reason = models.CharField(max_length=2000)
    incident = models.UUIDField(null=True, db_comment="Public id")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="NULL: the product itself",
    )
    created_at = models.DateTimeField()
    lift_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    lift_asked_at = models.DateTimeField(null=True)
    lift_reason = models.CharField(max_length=2000, blank=True)
    expires_at = models.DateTimeField(null=True, db_comment="The end that was asked for; NULL: at once")
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    lifted_at = models.DateTimeField(null=True, db_comment="When the second person agreed")
    ends_at = models.DateTimeField(null=True, db_comment="Binds until then; NULL: nobody agreed to an end")

    objects = BlockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[kind.value for kind in BlockKind]), name="block_kind"),
            models.CheckConstraint(
                condition=Q(kind=BlockKind.PACKAGE.value, value="") & ~Q(package_type="") & ~Q(package_name="")
                | ~Q(kind=BlockKind.PACKAGE.value) & Q(package_type="", package_name="") & ~Q(value=""),
                name="block_names_something",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="block_has_a_reason"),
            models.CheckConstraint(
                condition=_IS_PERSONLESS & Q(lift_reason="", expires_at__isnull=True)
                | Q(lift_asked_by__isnull=False, lift_asked_at__isnull=False) & ~Q(lift_reason=""),
                name="block_lift_asked",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True, lifted_at__isnull=True, ends_at__isnull=True) | _IS_ENDED_BY_TWO,
                name="block_lifted_by_two",
            ),
            models.UniqueConstraint(
                fields=["selector_hash", "incident"],
                condition=Q(ends_at__isnull=True),
                nulls_distinct=False,
                name="block_once",
            ),
        ]
        indexes = [
            # what binds now, by what it names: every decision
            models.Index(fields=["kind", "value"], condition=Q(ends_at__isnull=True), name="block_endless"),
            # what binds until a time that was agreed
            models.Index(fields=["ends_at"], condition=Q(ends_at__isnull=False), name="block_ends"),
            models.Index(fields=["incident"], condition=Q(incident__isnull=False), name="block_incident"),
        ]

    def binds(self, at: datetime) -> bool:
        """Tell whether it is in force at an instant."""
        return self.ends_at is None or self.ends_at > at
