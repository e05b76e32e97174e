"""What a test committed is gone for the next one, whatever triggers say, and processes notice it."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from inventory.models import Artifact, ChangeKind, EstateChange
from supplychain.access import audit
from supplychain.access.models import AuditEvent
from tests.factories import SEES_ALL

pytestmark = pytest.mark.django_db(transaction=True)


def empty() -> None:
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


def fill() -> None:
    Artifact.objects.create(digest=f"sha256:{'a' * 64}")
    audit.record(SEES_ALL, "test.filled", subject="", details={})


def file_of_artifacts() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_filenode('inventory_artifact')")
        return int(cursor.fetchone()[0])


def test_rows_go_and_what_migrations_make_stays() -> None:
    fill()
    kind = ContentType.objects.create(app_label="tests", model="emptying")

    empty()

    assert not Artifact.objects.exists()
    assert not AuditEvent.objects.exists()
    assert kind.delete()[0] == 1


def test_emptied_artifacts_are_in_another_file_and_untouched_ones_are_not() -> None:
    empty()
    before = file_of_artifacts()
    empty()
    assert file_of_artifacts() == before

    fill()
    empty()

    assert file_of_artifacts() != before


def test_marks_that_a_test_took_away_are_there_for_the_next() -> None:
    EstateChange.objects.all().delete()

    empty()

    assert set(EstateChange.objects.values_list("kind", flat=True)) == set(ChangeKind.values)


def test_each_kind_of_change_has_a_mark_again_and_another_one() -> None:
    empty()
    before = set(EstateChange.objects.values_list("kind", "token"))
    empty()
    after = set(EstateChange.objects.values_list("kind", "token"))

    assert {kind for kind, _ in after} == set(ChangeKind.values)
    assert not before & after
