"""Bytes move between the database and object storage without ever being nowhere; old orphans alone are removed."""

from __future__ import annotations

import threading
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone

from inventory.models import BlobPlace, EvidenceBlob
from inventory.store import blobs, locks
from inventory.store.orphans import FOLDERS, folders_of_hour, sweep_orphans
from inventory.tasks import sweep_orphans as sweep_orphans_task
from tests.factories import store
from tests.object_storage import ObjectStorage

A, B, C = b'{"a": 1}', b'{"b": 2}', b'{"c": 3}'
LATER = timedelta(hours=25)


def key_of(digest: str) -> str:
    return f"evidence/sha256/{digest[7:9]}/{digest[7:]}"


def move(to: str) -> str:
    out = StringIO()
    call_command("move_evidence", to=to, stdout=out, stderr=out)
    return out.getvalue()


@pytest.mark.django_db
def test_documents_move_out_and_back_and_read_the_same(bucket: ObjectStorage) -> None:
    digests = [store("a", data).blob_id for data in (A, B)]

    out = move("s3")

    assert out == "2 documents, 16 bytes of evidence moved to s3\n"
    assert sorted(bucket.keys()) == sorted(key_of(digest) for digest in digests)
    assert [(blob.place, blob.data) for blob in EvidenceBlob.objects.all()] == [(BlobPlace.S3, None)] * 2
    assert blobs.read(EvidenceBlob.objects.get(pk=digests[0])) == A

    assert move("database") == "2 documents, 16 bytes of evidence moved to database\n"
    assert move("database") == "0 documents, 0 bytes of evidence moved to database\n"
    bucket.clear()
    assert blobs.read(EvidenceBlob.objects.get(pk=digests[1])) == B


@pytest.mark.django_db
def test_a_move_that_was_cut_off_goes_on_when_it_is_run_again(bucket: ObjectStorage) -> None:
    for data in (A, B, C):
        store("a", data)
    bucket.fails_after = bucket.request_count + 4  # each takes a write and a read

    with pytest.raises(CommandError, match=r"2 documents moved, then the object storage was away \(SlowDown\)"):
        move("s3")
    assert EvidenceBlob.objects.filter(place=BlobPlace.S3).count() == 2
    bucket.fails_after = None

    assert move("s3").startswith("1 documents")


@pytest.mark.django_db
def test_a_document_whose_object_is_wrong_stays_where_it_is_and_is_named(bucket: ObjectStorage) -> None:
    wrong, right = store("a", A).blob_id, store("a", B).blob_id
    bucket.overwrite(key_of(wrong), b"something else")
    out = StringIO()

    with pytest.raises(CommandError, match="1 documents could not be moved"):
        call_command("move_evidence", to="s3", stdout=out, stderr=out)

    assert f"{wrong} evidence_corrupt" in out.getvalue()
    assert EvidenceBlob.objects.get(pk=wrong).place == BlobPlace.DATABASE
    assert EvidenceBlob.objects.get(pk=right).place == BlobPlace.S3


@pytest.mark.django_db
def test_only_old_objects_that_no_row_names_are_removed(bucket: ObjectStorage) -> None:
    named = store("a", A).blob_id
    move("s3")
    moved_back = store("a", B).blob_id
    for digest in (moved_back, "sha256:" + "0" * 64):
        bucket.overwrite(key_of(digest), b"x")
    bucket.overwrite("evidence/sha256/00/readme.txt", b"not ours")
    at = timezone.now()

    assert sweep_orphans(at=at) == 0  # an upload may be on its way
    assert sweep_orphans(at=at + LATER) == 2
    assert sorted(bucket.keys()) == sorted([key_of(named), "evidence/sha256/00/readme.txt"])


def test_the_hours_of_a_day_share_out_every_folder() -> None:
    day = [timezone.now().replace(hour=hour) for hour in range(24)]

    assert sorted(folder for at in day for folder in folders_of_hour(at)) == sorted(FOLDERS)


@pytest.mark.django_db
def test_without_object_storage_there_is_nothing_to_sweep(settings: Any) -> None:
    settings.EVIDENCE_S3_BUCKET = ""

    sweep_orphans_task()


@pytest.mark.django_db(transaction=True)
def test_an_object_that_a_row_comes_to_name_while_it_is_swept_is_kept(bucket: ObjectStorage) -> None:
    digest = store("a", A).blob_id
    bucket.overwrite(key_of(digest), b"x")
    removed: list[int] = []

    def sweep() -> None:
        removed.append(sweep_orphans(at=timezone.now() + LATER, folders=[digest[7:9]]))
        connections.close_all()

    sweeping = threading.Thread(target=sweep)
    with transaction.atomic():
        locks.share(digest)
        sweeping.start()
        sweeping.join(timeout=1)
        assert sweeping.is_alive()  # it waits for us
        EvidenceBlob.objects.filter(pk=digest).update(place=BlobPlace.S3, data=None)
    sweeping.join()

    assert removed == [0]
    assert bucket.keys() == [key_of(digest)]
