"""What feeds and people say is vulnerable or malicious: advisories, and statements about products (VEX).

What an advisory says is shared by all teams; that a team has it (AdvisorySighting) is that team's, and only through it
is the advisory seen. A VEX statement is its document's, and so its team's.

What rows of a feed point to is checked by triggers, a statement at a time (docs/adr/0007-references-in-sets.md).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from inventory.formats.vex_records import VexStatus
from inventory.identity.indicators import IndicatorKind
from supplychain.access.querysets import TeamScopedQuerySet


class Advisory(models.Model):
    """A record of one source: `GHSA-…` of GitHub's, `list:…` of its senders'. Interned by ingest, never changed."""

    id = models.AutoField(primary_key=True)
    source = models.CharField(max_length=255, db_collation="C", db_comment="Whose record it is: GHSA, PYSEC, MAL, list")
    identifier_key = models.CharField(
        max_length=255,
        db_collation="C",
        db_comment="Upper case: ids are compared so, and each version has its spelling",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identifier_key", "source"], name="advisory_once"),
            models.CheckConstraint(condition=~Q(identifier_key=""), name="advisory_has_identifier"),
        ]


class AdvisoryVersion(models.Model):
    """What an advisory said at one time. Every version is kept; written by ingest, never changed."""

    id = models.BigAutoField(primary_key=True)
    advisory = models.ForeignKey(
        Advisory, on_delete=models.PROTECT, related_name="versions", db_index=False, db_constraint=False
    )
    content_hash = models.BinaryField(db_comment="SHA-256 over all that was read of it")
    identifier = models.CharField(max_length=255, blank=True, db_collation="C", db_comment="As written")
    summary = models.CharField(max_length=500, blank=True)
    severity = models.CharField(max_length=255, blank=True, db_comment="CVSS vector or word, as written")
    aliases = ArrayField(
        models.CharField(max_length=255), default=list, db_comment="Other names of the same thing; not `upstream`"
    )
    upstream = ArrayField(
        models.CharField(max_length=255), default=list, db_comment="What it was made from: other advisories, no aliases"
    )
    affected_count = models.IntegerField(db_comment="Entries of the record, read or not; indicators of a list")
    feed_version = models.CharField(
        max_length=255, blank=True, db_default="", db_comment="Which version of a list it is, as its sender says"
    )
    modified_at = models.DateTimeField(null=True, db_comment="As the record says; NULL where it says none")
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["advisory", "content_hash"], name="advisory_version_once"),
        ]


class AdvisoryAlias(models.Model):
    """A version of an advisory gives this other name, or was made from it. Written with the version, never changed."""

    pk = models.CompositePrimaryKey("name_key", "version_id")
    version = models.ForeignKey(
        AdvisoryVersion, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    name_key = models.CharField(max_length=255, db_collation="C", db_comment="Upper case")
    is_upstream = models.BooleanField(
        db_default=False, db_comment="No other name: whoever asks by it asks by this record too, and not the other way"
    )


class AdvisorySighting(models.Model):
    """A team's document holds this version of an advisory: the edge by which that team sees it.

    Written by ingest, with the first document that held it; never changed.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(
        "access.Team", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    advisory = models.ForeignKey(
        Advisory, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    version = models.ForeignKey(AdvisoryVersion, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    evidence = models.ForeignKey(
        "inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    record_digest = models.BinaryField(db_comment="SHA-256 of the record's bytes: equal ones are not read again")
    pointer = models.CharField(max_length=1024, blank=True, db_comment="Where in the document; a zip's entry")
    seen_at = models.DateTimeField()

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["advisory", "team", "version"], name="advisory_sighting_once"),
        ]
        indexes = [
            # which of a feed's records a team has, byte for byte
            models.Index(fields=["team", "record_digest"], name="advisory_sighting_bytes"),
        ]


class AdvisoryPortion(models.Model):
    """What a part of a document came to that is not applied yet; gone when it is. Seen by workers alone.

    `advisories`, `versions`, `digests` and `pointers` are columns of the sightings to be, an entry for each record.
    """

    pk = models.CompositePrimaryKey("evidence_id", "position")
    evidence = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.IntegerField()
    records = models.IntegerField()
    rejected = models.IntegerField()
    withdrawn = models.IntegerField()
    until = models.CharField(max_length=1024, db_comment="Where its last record stands in the document")
    defects = models.JSONField(db_comment="What was noted of the document up to there")
    advisories = ArrayField(models.IntegerField())
    versions = ArrayField(models.BigIntegerField())
    digests = ArrayField(models.BinaryField())
    pointers = ArrayField(models.CharField(max_length=1024))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rejected__gte=0) & Q(records__gte=F("rejected")), name="advisory_portion_adds_up"
            ),
        ]


class AffectedPackage(models.Model):
    """A package that a version of an advisory names, by match key, with what it says of versions.

    Written with the version, never changed. The ranges stay as written: each ecosystem's order judges them when asked.
    """

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(
        AdvisoryVersion, on_delete=models.PROTECT, related_name="affected", db_index=False, db_constraint=False
    )
    position = models.IntegerField(db_comment="Place in the record's list")
    ecosystem = models.CharField(max_length=255, blank=True, db_comment="As written: `Debian:12`")
    name = models.CharField(max_length=1024, db_comment="As written")
    type = models.CharField(max_length=32, blank=True, db_collation="C", db_comment="purl type; '' for one unknown")
    namespace_key = models.CharField(max_length=1024, blank=True, db_collation="C")
    name_key = models.CharField(max_length=1024, db_collation="C")
    release = models.CharField(
        max_length=255, blank=True, db_comment="The distribution's release it is about, as `debian-12`; '' for all"
    )
    versions = ArrayField(models.CharField(max_length=1024), default=list)
    ranges = models.TextField(blank=True, db_comment="The record's `ranges` as JSON text, or a native range")
    imports = ArrayField(
        models.CharField(max_length=1024),
        default=list,
        db_default=[],
        db_comment="Go: which packages of the module are meant, by their paths; empty for all",
    )
    doubt = models.CharField(
        max_length=255, blank=True, db_default="", db_comment="Why what matches is possible at most"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="affected_package_place"),
        ]
        indexes = [
            # which advisories name a package
            models.Index(fields=["type", "namespace_key", "name_key"], name="affected_package_key"),
            models.Index(fields=["name_key"], name="affected_package_name"),
        ]


class ListedIndicator(models.Model):
    """What a line of a list was understood as. Written with the list's version, never changed.

    What nobody could read is a row too: whoever asks by the list is told. Ranges are judged when asked.
    """

    pk = models.CompositePrimaryKey("version_id", "position")
    version = models.ForeignKey(AdvisoryVersion, on_delete=models.PROTECT, related_name="listed", db_index=False)
    position = models.IntegerField()
    line = models.IntegerField()
    kind = models.CharField(max_length=32, db_comment="IndicatorKind: what it was taken for")
    given = models.CharField(max_length=2000, blank=True, db_comment="As written, cut")
    type = models.CharField(max_length=32, blank=True, db_collation="C", db_comment="purl type; '' for any")
    namespace_key = models.CharField(max_length=1024, blank=True, db_collation="C")
    any_namespace = models.BooleanField(db_default=False, db_comment="A bare name: looked for in every namespace")
    name_key = models.CharField(max_length=1024, blank=True, db_collation="C")
    versions = ArrayField(models.CharField(max_length=1024), default=list)
    version_range = models.TextField(blank=True, db_comment="A `vers:` text; of a bare name the range as written")
    value = models.CharField(
        max_length=2048, blank=True, db_comment="Package purl, digest, `algorithm:hash`, image name or advisory's id"
    )
    details = models.JSONField(default=dict, db_comment="What is left of the indicator, to show it as it was read")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(kind=""), name="listed_indicator_kind_told"),
            models.CheckConstraint(
                condition=~Q(kind=IndicatorKind.PACKAGE.value, name_key=""), name="listed_indicator_package_named"
            ),
        ]
        indexes = [
            # which lists name a package
            models.Index(fields=["name_key", "type"], condition=~Q(name_key=""), name="listed_indicator_name"),
        ]


class VexStatement(models.Model):
    """One statement of one document: a vulnerability's status in products. Written by ingest, never changed.

    A later statement of the same issuer about the same product is what is shown; the earlier one stays.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    evidence = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.IntegerField(db_comment="Place among the document's statements")
    pointer = models.CharField(max_length=1024, blank=True)
    vulnerability = models.CharField(max_length=255, db_comment="As written")
    names = ArrayField(models.CharField(max_length=255), db_comment="The vulnerability and its aliases, in upper case")
    status = models.CharField(max_length=32, choices=[(status.value, status.value) for status in VexStatus])
    status_given = models.CharField(max_length=64, blank=True)
    justification = models.CharField(max_length=64, blank=True)
    justification_given = models.CharField(max_length=255, blank=True)
    impact = models.TextField(blank=True)
    action = models.TextField(blank=True)
    issuer = models.CharField(max_length=1024, blank=True)
    document_id = models.CharField(max_length=1024, blank=True)
    stated_at = models.DateTimeField(db_comment="As the statement or document says, else when it was received")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evidence", "position"], name="vex_statement_place"),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in VexStatus]), name="vex_statement_status_known"
            ),
        ]
        indexes = [
            # what is said of a vulnerability, by any of its names
            GinIndex(fields=["names"], name="vex_statement_names"),
        ]


class VexProduct(models.Model):
    """A product of a statement, or a subcomponent of one (`parent` is the product's position). Written with it."""

    id = models.BigAutoField(primary_key=True)
    statement = models.ForeignKey(VexStatement, on_delete=models.PROTECT, related_name="products", db_index=False)
    position = models.IntegerField()
    parent = models.IntegerField(null=True, db_comment="Position of the product it is a subcomponent of")
    given = models.CharField(max_length=2048, db_comment="As the document names it")
    type = models.CharField(max_length=32, blank=True, db_collation="C")
    namespace_key = models.CharField(max_length=1024, blank=True, db_collation="C")
    name_key = models.CharField(max_length=1024, blank=True, db_collation="C")
    version = models.CharField(max_length=1024, blank=True, db_collation="C")
    version_range = models.TextField(blank=True)
    digest = models.CharField(max_length=140, blank=True, db_collation="C")
    cpe = models.CharField(max_length=1024, blank=True, db_collation="C")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "position"], name="vex_product_place"),
        ]
        indexes = [
            # what is said of a package, and of an artifact
            models.Index(fields=["type", "namespace_key", "name_key"], name="vex_product_key"),
            models.Index(fields=["digest"], condition=~Q(digest=""), name="vex_product_digest"),
        ]
