"""Which state the estate is in: what may be remembered of it, and when it must be counted anew."""

from __future__ import annotations

from django.db import models


class ChangeKind(models.TextChoices):
    """What changed. Questions about the past depend on all that PRESENT covers as well."""

    PRESENT = "present"
    """What runs now, which SBOM points tell its content, to which service and environment it belongs."""
    PAST = "past"
    """Which SBOMs are about something that has run, and which digests belong together."""
    LABELS = "labels"
    """SBOMs about something without digest."""
    BASES = "bases"
    """What images were built on: their layers, what they or their builds say, and which digests belong together."""


class EstateChange(models.Model):
    """The marks of the latest changes. As long as the marks of a kind are the same, so is what they stand for.

    Written by triggers alone (migrations 0010, 0059), in the transaction of the change: each writer adds a mark of its
    own, a random one that never comes back, and takes away those of earlier ones that nobody else holds. So nobody
    waits, and a change cannot be committed without its mark.
    """

    token = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=16, choices=ChangeKind.choices)
    writer = models.BigIntegerField(db_comment="Transaction that wrote it: one mark of a kind is enough for it")
