"""A fresh database is made by the squashed migrations, and comes to what the long way comes to."""

from __future__ import annotations

from functools import cache

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ModelState
from django.db.migrations.writer import MigrationWriter

SQUASHED = {
    "inventory": "0001_squashed_0041_withdrawn_root_versions",
    "incidents": "0001_squashed_0014_planted_drills",
}


@cache
def migrations_on_disk() -> MigrationLoader:
    return MigrationLoader(None, ignore_no_migrations=True)


def replaced(app: str) -> list[str]:
    return [name for _, name in migrations_on_disk().disk_migrations[app, SQUASHED[app]].replaces]


def model_of(state: ModelState) -> tuple[object, ...]:
    """Return what a model is; the order of its fields is the tables', and differs."""
    fields = {name: MigrationWriter.serialize(field)[0] for name, field in state.fields.items()}
    options = {name: given for name, given in state.options.items() if given}
    for name in ("indexes", "constraints"):
        found = [one.deconstruct() for one in options.pop(name, [])]
        options[name] = sorted(found, key=lambda one: str(one[2]["name"]))
    return state.name, fields, options, state.bases


@pytest.mark.parametrize("app", SQUASHED)
def test_both_ways_end_in_the_same_models(app: str) -> None:
    loader = MigrationLoader(None, replace_migrations=False)
    old = loader.project_state((app, replaced(app)[-1])).models
    new = migrations_on_disk().project_state((app, SQUASHED[app])).models

    ours = {key for key in old if key[0] == app}
    assert ours
    assert ours == {key for key in new if key[0] == app}
    for key in ours:
        assert model_of(new[key]) == model_of(old[key]), key


@pytest.mark.parametrize("app", SQUASHED)
def test_every_migration_up_to_its_end_is_replaced(app: str) -> None:
    names = sorted(name for label, name in migrations_on_disk().disk_migrations if label == app)
    names.remove(SQUASHED[app])

    assert replaced(app) == names[: len(replaced(app))]


@pytest.mark.django_db
def test_a_database_that_went_the_long_way_has_nothing_to_do() -> None:
    forget_squashed()

    executor = MigrationExecutor(connection)

    assert not executor.migration_plan(executor.loader.graph.leaf_nodes())


@pytest.mark.django_db
@pytest.mark.parametrize("app", SQUASHED)
def test_a_database_on_the_long_way_goes_on_by_the_old_migrations(app: str) -> None:
    forget_squashed()
    last = replaced(app)[-1]
    MigrationRecorder(connection).record_unapplied(app, last)

    executor = MigrationExecutor(connection)
    plan = [(migration.app_label, migration.name) for migration, _ in executor.migration_plan([(app, last)])]

    assert plan == [(app, last)]


def forget_squashed() -> None:
    """Make the record that of a database made before there was a short way."""
    recorder = MigrationRecorder(connection)
    for app, name in SQUASHED.items():
        recorder.record_unapplied(app, name)
        assert (app, replaced(app)[-1]) in recorder.applied_migrations()
