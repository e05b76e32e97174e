"""What an answer needs to remember between its pages."""

from __future__ import annotations

from django.db import models

from supplychain.ids import uuid7


class ImpactPage(models.Model):
    """One answer's rows, kept for an hour so that later pages slice them and nothing shifts between them.

    Written by the first page of an answer; the second puts them in order (`artifacts`, `classes`), which never changes;
    removed when it has expired. Holds ids, no facts: what a page shows is read when it is asked for, through the
    asker's own eyes.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    asker = models.CharField(
        max_length=64, db_comment="Who may continue: SHA-256 of the key or user and the teams they see"
    )
    question_hash = models.CharField(max_length=71, db_comment="sha256 of the question; a cursor answers no other")
    answer_hash = models.CharField(max_length=71)
    data_as_of = models.DateTimeField()
    statuses = models.BinaryField(db_comment="zlib; a byte for each artifact id: its class plus one, 0 for no row")
    runs = models.BinaryField(db_comment="zlib; ids of the rows that run, then how many workloads, int32 big-endian")
    artifacts = models.BinaryField(
        default=b"", db_comment="Artifact ids in the order of the rows, int32 big-endian; empty: not in order yet"
    )
    classes = models.BinaryField(default=b"", db_comment="One byte a row: its class (incidents/impact/statements.py)")
    header = models.JSONField(
        db_comment="asked, coverage, summary, clusters as the first page gave them; shown, never filtered by"
    )
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            # removal of what has expired
            models.Index(fields=["expires_at"], name="impact_page_expiry"),
        ]
