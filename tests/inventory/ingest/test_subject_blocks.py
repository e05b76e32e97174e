"""Packed subjects are those of the rows, whoever writes them; an answer is read from them."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from inventory.ingest.running import find_wrong_blocks
from inventory.models import SnapshotSubject, SubjectBlock
from tests.factories import cyclonedx, digest, submit

pytestmark = pytest.mark.django_db(transaction=True)

A, B = digest("a"), digest("b")


def numbers(packed: bytes | memoryview) -> list[int]:
    data = bytes(packed)
    return [int.from_bytes(data[place : place + 4]) for place in range(0, len(data), 4)]


def test_every_document_adds_its_subjects_to_its_tracks_block():
    for version in range(3):
        others = [f"pkg:npm/b{number}@1" for number in range(20)]
        submit("shop", cyclonedx(f"pkg:npm/a@{version}", *others, subject=A))

    (block,) = SubjectBlock.objects.all()
    (artifact,) = set(SnapshotSubject.objects.values_list("artifact_id", flat=True))

    assert (numbers(block.seqs), numbers(block.artifacts)) == ([1, 2, 3], [artifact] * 3)
    assert find_wrong_blocks() == []


def test_rows_that_move_or_go_leave_no_trace():
    submit("shop", cyclonedx("pkg:npm/a@1", subject=A))
    submit("shop", cyclonedx("pkg:npm/a@1", subject=B))
    row = SnapshotSubject.objects.order_by("pk")[0]

    SnapshotSubject.objects.filter(pk=row.pk).update(seq=1000)
    assert find_wrong_blocks() == []
    assert SubjectBlock.objects.filter(block=1000 >> 8).exists()

    SnapshotSubject.objects.all().delete()
    assert find_wrong_blocks() == []
    assert {bytes(block.artifacts) for block in SubjectBlock.objects.all()} == {b""}


def test_two_writers_of_one_block_both_count():
    submit("shop", cyclonedx("pkg:npm/a@1", subject=A))
    submit("shop", cyclonedx("pkg:npm/a@1", subject=B))
    first, second = SnapshotSubject.objects.order_by("seq")
    other = connection.copy()
    try:
        with transaction.atomic():
            first.delete()
            with other.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
                with pytest.raises(Exception, match="lock timeout"):
                    cursor.execute("DELETE FROM inventory_snapshotsubject WHERE id = %s", [second.pk])
    finally:
        other.close()

    assert find_wrong_blocks() == []


def test_a_wrong_block_is_named_and_repaired():
    submit("shop", cyclonedx("pkg:npm/a@1", subject=A))
    SubjectBlock.objects.update(artifacts=b"")

    with pytest.raises(CommandError, match="1 joins differ"):
        call_command("verify_running")
    call_command("verify_running", "--repair")

    assert find_wrong_blocks() == []
