"""What rows written by the ten thousand point to exists and stays, though no foreign key says so."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from inventory.models import (
    Advisory,
    AdvisoryAlias,
    AdvisorySighting,
    AdvisoryVersion,
    AffectedPackage,
    Component,
    ComponentCpe,
    ComponentHash,
    ComponentSource,
    Package,
    PackageReach,
    Presence,
    Track,
)
from supplychain.access.models import Team
from tests.factories import apply_waiting, cyclonedx, digest, store
from tests.inventory.formats.advisory_files import osv

pytestmark = pytest.mark.django_db

NOWHERE = 2_000_000_000
POINTING: list[tuple[type[Model], str]] = [
    (Presence, "component_id"),
    (Presence, "track_id"),
    (ComponentHash, "component_id"),
    (ComponentHash, "team_id"),
    (ComponentSource, "component_id"),
    (ComponentSource, "team_id"),
    (ComponentCpe, "component_id"),
    (ComponentCpe, "team_id"),
    (PackageReach, "package_id"),
    (PackageReach, "team_id"),
    (Component, "package_id"),
    (AdvisoryVersion, "advisory_id"),
    (AdvisoryAlias, "version_id"),
    (AffectedPackage, "version_id"),
    (AdvisorySighting, "team_id"),
    (AdvisorySighting, "advisory_id"),
    (AdvisorySighting, "version_id"),
    (AdvisorySighting, "evidence_id"),
]
NAMES = [f"{model.__name__}.{column}" for model, column in POINTING]


@pytest.fixture(autouse=True)
def _one_document() -> None:
    listed = {
        "bom-ref": "p",
        "type": "library",
        "name": "p",
        "version": "1",
        "purl": "pkg:npm/p@1",
        "cpe": "cpe:2.3:a:p:p:1:*:*:*:*:*:*:*",
        "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
        "externalReferences": [{"type": "vcs", "url": "https://github.com/acme/p"}],
    }
    store("a", cyclonedx(listed, subject=digest("first")))
    store("a", json.dumps(osv(aliases=["CVE-2026-1"])).encode(), declared_kind="advisory")
    apply_waiting()


def copied(model: type[Model], **changed: int | str | None) -> Callable[[], None]:
    """Add a row like one that is there, but for these columns, as any program with the right to insert could."""
    table = model._meta.db_table
    columns = [str(field.column) for field in model._meta.concrete_fields if field.column != "id"]
    given = ", ".join("%s" if column in changed else column for column in columns)
    sql = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {given} FROM {table} LIMIT 1"

    def insert() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [changed[column] for column in columns if column in changed])

    return insert


@pytest.mark.parametrize(("model", "column"), POINTING, ids=NAMES)
def test_a_row_that_points_nowhere_is_refused(model: type[Model], column: str) -> None:
    before = model._default_manager.count()
    changed: dict[str, int | str | None] = {column: NOWHERE} | ({"identity": "another"} if model is Component else {})
    if column == "evidence_id":
        changed["team_id"] = Team.objects.create(slug="b", name="b").pk

    with pytest.raises(IntegrityError, match="is not in"):
        copied(model, **changed)()

    assert model._default_manager.count() == before > 0


@pytest.mark.parametrize("model", [ComponentHash, ComponentCpe, ComponentSource])
def test_what_a_team_states_of_a_component_is_kept_once(model: type[Model]) -> None:
    with pytest.raises(IntegrityError, match=f"{model._meta.db_table}_pkey"):
        copied(model)()

    assert model._default_manager.count() == 1


def test_one_bad_row_among_many_good_ones_is_found() -> None:
    good, track = Component.objects.get(), Track.objects.get()
    rows = [
        Presence(component_id=component, track=track, from_seq=seq, to_seq=seq + 1, flags=0)
        for seq, component in enumerate([*[good.pk] * 500, NOWHERE], start=10)
    ]

    with pytest.raises(IntegrityError, match=f"component_id {NOWHERE} of inventory_presence"), transaction.atomic():
        Presence.objects.bulk_create(rows)
    Presence.objects.bulk_create(rows[:-1])

    assert Presence.objects.count() == 501


def test_reach_over_all_teams_points_to_no_team_and_is_taken() -> None:
    package = Package.objects.create(type="npm", namespace_key="", name_key="q", namespace="", name="q")

    copied(PackageReach, package_id=package.pk, team_id=None)()

    assert PackageReach.objects.filter(team=None).count() == 2


@pytest.mark.parametrize(("model", "column"), POINTING, ids=NAMES)
def test_what_a_row_points_to_never_changes(model: type[Model], column: str) -> None:
    with pytest.raises(IntegrityError, match="for good"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = %s", [NOWHERE])


@pytest.mark.parametrize("model", [Component, Package, Track, Team, Advisory, AdvisoryVersion])
def test_what_is_pointed_to_cannot_be_deleted(model: type[Model]) -> None:
    table = model._meta.db_table

    with pytest.raises(IntegrityError, match="still"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")

    assert model._default_manager.exists()


def test_what_nothing_points_to_can_be_deleted() -> None:
    package = Package.objects.create(type="npm", namespace_key="", name_key="q", namespace="", name="q")

    package.delete()

    assert Package.objects.count() == 1
