"""Which component is in which SBOM, stored as ranges along chains of SBOMs (docs/adr/0001-presence-ranges.md)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from inventory.formats.records import ArtifactKind
from supplychain.access.querysets import TeamScopedQuerySet

DIRECT = 1
SCOPE_SHIFT = 1
NO_EDGES = 1 << 4
UNSURE = 1 << 5
"""The parts of Presence.flags."""
OPEN_END = 2_147_483_647
"""Presence.to_seq of a component that the newest snapshot of the track still has."""


class Track(models.Model):
    """A chain of similar component sets of one team, name, producer and architecture. Extended by ingest.

    Which chain a document joins decides only how much is stored, never what is answered.
    """

    id = models.AutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(
        max_length=1024, blank=True, db_collation="C", db_comment="Repository or subject name, without tag"
    )
    producer = models.CharField(max_length=255, blank=True, db_collation="C")
    architecture = models.CharField(max_length=64, blank=True, db_collation="C")
    last_seq = models.IntegerField(default=0)
    set_hash = models.BinaryField(db_comment="BLAKE2b-128 over the newest set")
    head = models.BinaryField(db_comment="Newest set: sorted little-endian uint64, component id << 8 | flags")
    head_count = models.IntegerField(default=0)
    stated = models.BinaryField(
        db_default=b"",
        db_comment="What the newest document stated of its components: sorted little-endian uint64, one for each "
        "component with hashes or a CPE (ingest/identifiers.py)",
    )
    updated_at = models.DateTimeField()

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            # candidates for a new document: the newest heads under one key
            models.Index(fields=["team", "name", "producer", "architecture", "-updated_at"], name="track_candidates"),
        ]


class Snapshot(models.Model):
    """One accepted SBOM: a point (`seq`) on a track. Written by ingest, never changed.

    A document is one SBOM (`part` 0), or holds attestations of which several may be SBOMs.
    """

    id = models.AutoField(primary_key=True)
    evidence = models.ForeignKey(
        "inventory.Evidence", on_delete=models.PROTECT, related_name="snapshots", db_index=False
    )
    part = models.SmallIntegerField(db_default=0, db_comment="Which SBOM of the document, from 0")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="snapshots", db_index=False)
    seq = models.IntegerField()
    component_count = models.IntegerField(db_comment="Components stored, repeated ones counted each time")
    distinct_count = models.IntegerField(db_comment="Distinct components: the size of the set")
    is_complete = models.BooleanField(db_comment="Quality of the document: enough to count as coverage")
    producer_version = models.CharField(max_length=255, blank=True)
    set_hash = models.BinaryField()
    outline = models.BinaryField(
        db_comment="zstd; where each component stands and its parent on a shortest path (graph/outline.py)"
    )
    ecosystems = models.JSONField(default=dict, db_comment="{purl type: component count}; summed for coverage")
    made_count = models.IntegerField(
        null=True, db_comment="Components of which it says who made or published them; NULL: not counted"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["track", "seq"], name="snapshot_point"),
            models.UniqueConstraint(fields=["evidence", "part"], name="snapshot_part_once"),
            models.CheckConstraint(condition=Q(seq__gt=0), name="snapshot_seq_positive"),
        ]


class SnapshotSubject(models.Model):
    """An SBOM is about this artifact.

    `track` and `seq` repeat the snapshot's, so that an answer joins one table less.
    """

    id = models.AutoField(primary_key=True)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="subjects")
    artifact = models.ForeignKey("inventory.Artifact", on_delete=models.PROTECT, related_name="+")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.IntegerField()
    kind = models.CharField(
        max_length=16, default=ArtifactKind.UNKNOWN.value, db_comment="What the document shows the digest to be"
    )
    source = models.CharField(max_length=16, db_comment="parameter, document or signed")
    confidence = models.SmallIntegerField(db_comment="Of the binding, in percent")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["track", "seq", "artifact"], include=["snapshot"], name="snapshot_subject_once"
            ),
        ]


class Presence(models.Model):
    """A component is in every snapshot of a track from `from_seq` up to, not including, `to_seq`.

    Written by ingest: opened by the snapshot that adds the component (or changes its flags), closed by the one that
    drops it. Bit 0 of `flags`: a direct dependency; bits 1-3: Scope; bit 4: the document records no dependencies at
    all; bit 5: the document is not sure of the component, or it is an ancestor of what is there.
    """

    pk = models.CompositePrimaryKey("component_id", "track_id", "from_seq")
    component = models.ForeignKey(
        "inventory.Component", on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    track = models.ForeignKey(Track, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False)
    from_seq = models.IntegerField()
    to_seq = models.IntegerField(default=OPEN_END)
    flags = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(from_seq__gt=0, to_seq__gt=F("from_seq")), name="presence_range"),
        ]
        # The primary key INCLUDEs to_seq and flags (migration 0002): an incident is answered from that index alone.
        indexes = [
            # the set of one snapshot, read from the index alone but for flags; and closing a range
            models.Index(fields=["track", "component"], include=["from_seq", "to_seq"], name="presence_in_track"),
        ]


BLOCK_SHIFT = 8
"""A block of subjects holds 256 points of a track."""


class SubjectBlock(models.Model):
    """Which artifacts the snapshots of a stretch of one track are about, packed: a projection of SnapshotSubject.

    Written by a trigger on SnapshotSubject (migrations 0013, 0057); `verify_running` compares it with a recount. A
    process keeps all of it, and reads again what was changed since (incidents/impact/subjects.py).
    """

    pk = models.CompositePrimaryKey("track_id", "block")
    track = models.ForeignKey(Track, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    block = models.IntegerField(db_comment="seq >> 8")
    seqs = models.BinaryField(db_comment="int32 big-endian, one a subject, ascending")
    artifacts = models.BinaryField(db_comment="int32 big-endian, the artifact of each, ascending within a seq")
    changed_in = models.BigIntegerField(
        default=0, db_default=0, db_index=True, db_comment="Transaction that changed it last; 0: before that was kept"
    )
