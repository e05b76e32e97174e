"""Packages and their versions: shared by all teams, carrying no team's facts."""

from __future__ import annotations

import enum
from typing import Final

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Upper

from supplychain.access.querysets import TeamScopedQuerySet


class VersionKind(enum.IntEnum):
    """What comparing texts can tell of a version.

    Three numbers without leading zeros: in every order two of these are equal only when they are the same text. The
    same with a `v` before them, as Go writes it. Anything else.
    """

    PLAIN = 0
    PLAIN_WITH_V = 1
    OTHER = 2


_NUMBERS = r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}"
VERSION_KIND: Final = (
    "(CASE WHEN length({0}) > 256 THEN 2 "
    f"WHEN {{0}} ~ '^{_NUMBERS.replace('{2}', '{{2}}')}$' THEN 0 "
    f"WHEN {{0}} ~ '^v{_NUMBERS.replace('{2}', '{{2}}')}$' THEN 1 ELSE 2 END)::smallint"
)
"""The kind of a version as SQL: written like this, it is read from the index of components.

What is longer than 256 characters nobody can compare (identity.versions.sort_key).
"""


class Package(models.Model):
    """A name in an ecosystem. Interned by ingest, never changed.

    Unique by its match key; `namespace` and `name` are the spelling of the first sight. A component without purl has a
    package of type '' so that it can be found by name.
    """

    id = models.AutoField(primary_key=True)
    type = models.CharField(max_length=32, blank=True, db_collation="C", db_comment="purl type; '' without purl")
    namespace_key = models.CharField(max_length=1024, blank=True, db_collation="C")
    name_key = models.CharField(max_length=1024, db_collation="C")
    namespace = models.CharField(max_length=1024, blank=True, db_collation="C")
    name = models.CharField(max_length=1024, db_collation="C")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["type", "namespace_key", "name_key"], name="package_match_key"),
        ]
        indexes = [
            # names of a list, and a bare `name@version`, which matches in every ecosystem; the name comes first because
            # it tells most: in the order of type and namespace a dozen others are alike before it is compared
            models.Index(fields=["name_key", "namespace_key", "type"], include=["id"], name="package_by_name"),
            # substring and typo-tolerant search; by key, since the spelling is that of whoever came first
            GinIndex(OpClass(Upper("name_key"), name="gin_trgm_ops"), name="package_name_trigram"),
            GinIndex(OpClass(Upper("namespace_key"), name="gin_trgm_ops"), name="package_namespace_trigram"),
        ]


class Component(models.Model):
    """A version of a package, told apart by what changes its bytes (architecture, distribution, classifier).

    Interned by ingest. Only `source_package` is ever filled in later, when a second document names it.
    """

    id = models.AutoField(primary_key=True)
    package = models.ForeignKey(
        Package, on_delete=models.PROTECT, related_name="components", db_constraint=False, db_index=False
    )
    version = models.CharField(
        max_length=1024, blank=True, db_collation="C", db_comment="As the ecosystem orders it: epoch folded in"
    )
    identity = models.CharField(
        max_length=2300,
        unique=True,
        db_collation="C",
        db_comment="Identity purl, or a name: text for a component without purl",
    )
    has_purl = models.BooleanField()
    source_package = models.ForeignKey(
        Package,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="The distribution's source package",
    )

    class Meta:
        indexes = [
            # the versions of a package, and of which kind each is, read from the index alone
            models.Index(
                models.F("package"),
                models.Func(
                    models.F("version"),
                    template=VERSION_KIND.format("%(expressions)s"),
                    output_field=models.SmallIntegerField(),
                ),
                include=["version", "id"],
                name="component_by_kind",
            ),
            # the same of a source package: most components have none, and are not in it
            models.Index(
                fields=["source_package"],
                include=["id", "package", "version"],
                condition=Q(source_package__isnull=False),
                name="component_of_source",
            ),
        ]


class ComponentHash(models.Model):
    """A team's document states this hash for this component. Interned by ingest, never changed."""

    pk = models.CompositePrimaryKey("value", "algorithm", "component_id", "team_id")
    team = models.ForeignKey(
        "access.Team", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    algorithm = models.CharField(max_length=16)
    value = models.BinaryField(db_comment="The hash itself, not its hex")

    objects = TeamScopedQuerySet.as_manager()


class ComponentCpe(models.Model):
    """A team's document states this CPE, here in lower case, for this component. Interned by ingest, never changed."""

    pk = models.CompositePrimaryKey("cpe", "component_id", "team_id")
    team = models.ForeignKey(
        "access.Team", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    cpe = models.CharField(max_length=1024, db_collation="C")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cpe=Lower("cpe")), name="component_cpe_lower"),
        ]


class ComponentSource(models.Model):
    """A team's document says which repository, commit or account a component comes from.

    Written by ingest, never changed. A claim, which nobody verified: what it matches is possible.
    """

    pk = models.CompositePrimaryKey("value", "kind", "component_id", "team_id")
    team = models.ForeignKey(
        "access.Team", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=16, choices=[(kind, kind) for kind in ("repository", "commit", "account")])
    value = models.CharField(
        max_length=1024,
        db_collation="C",
        db_comment="host/owner/name, the whole id of a commit, or an account in lower case",
    )

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["repository", "commit", "account"]), name="component_source_kind"
            ),
        ]


class PackageReach(models.Model):
    """On how many tracks a package has been seen, by team and (team NULL) in all: "most widespread first".

    Written in the transaction of the document that adds a package to a track.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(
        "access.Team", on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    package = models.ForeignKey(
        Package, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    track_count = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["package", "team"], nulls_distinct=False, name="package_reach_once"),
            models.CheckConstraint(condition=Q(track_count__gt=0), name="package_reach_positive"),
        ]
        indexes = [
            models.Index(fields=["team", "-track_count", "package"], name="package_reach_widest"),
        ]
