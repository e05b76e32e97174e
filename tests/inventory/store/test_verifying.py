"""`verify_evidence` names what is not as it was received, wherever the bytes are kept."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import zstandard
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from inventory.models import EvidenceBlob
from tests.factories import START, store
from tests.object_storage import ObjectStorage

pytestmark = pytest.mark.django_db
A, B, C = b'{"a": 1}', b'{"b": 2}', b'{"c": 3}'


def verify(**options: Any) -> str:
    out = io.StringIO()
    call_command("verify_evidence", stdout=out, stderr=out, **options)
    return out.getvalue()


def verify_bad(**options: Any) -> tuple[str, CommandError]:
    out = io.StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("verify_evidence", stdout=out, stderr=out, **options)
    return out.getvalue(), failure.value


@contextmanager
def as_superuser() -> Iterator[Any]:
    """Change rows as somebody would who owns the server: with triggers and foreign keys off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_evidence_that_is_as_it_was_received_is_counted() -> None:
    store("a", A)
    store("b", A)
    store("a", B)

    assert verify() == "2 documents, 16 bytes, 3 receipts read\n"


@pytest.mark.parametrize("stored", [zstandard.compress(C), zstandard.compress(A + b" "), b"no frame", b""])
def test_a_blob_that_is_something_else_is_named(stored: bytes) -> None:
    bad = store("a", A).blob_id
    store("a", B)
    with as_superuser() as cursor:
        cursor.execute("UPDATE inventory_evidenceblob SET data = %s WHERE digest = %s", [stored, bad])

    out, error = verify_bad()

    assert f"document {bad}: evidence_corrupt\n" in out
    assert "2 documents" in out
    assert (error.returncode, str(error)) == (1, "1 documents and 0 receipts are bad; restore them from a backup.")


def test_a_receipt_without_bytes_state_or_the_right_size_is_named() -> None:
    no_blob, no_state, other_size = (store("a", data) for data in (A, B, C))
    with transaction.atomic():
        with as_superuser() as cursor:
            cursor.execute("DELETE FROM inventory_evidenceblob WHERE digest = %s", [no_blob.blob_id])
            cursor.execute("DELETE FROM inventory_evidencestate WHERE evidence_id = %s", [no_state.pk])
            cursor.execute("UPDATE inventory_evidence SET size_bytes = 9 WHERE id = %s", [other_size.pk])

        out, error = verify_bad()
        transaction.set_rollback(True)

    for evidence, problem in ((no_blob, "no_blob"), (no_state, "no_state"), (other_size, "other_size")):
        assert f"receipt {evidence.public_id}: {problem}\n" in out
    assert str(error).startswith("0 documents and 3 receipts are bad")


def test_an_object_that_is_gone_from_the_storage_is_named(bucket: ObjectStorage) -> None:
    digest = store("a", A).blob_id
    call_command("move_evidence", to="s3", stdout=io.StringIO())
    assert verify() == "1 documents, 8 bytes, 1 receipts read\n"
    bucket.clear()

    out, error = verify_bad()

    assert f"document {digest}: evidence_missing" in out
    assert error.returncode == 1


def test_only_what_was_stored_since_a_time_is_read() -> None:
    store("a", A)
    store("a", B, at=START + timedelta(hours=1))

    assert verify(since="2026-03-01T12:30:00Z") == "1 documents, 8 bytes, 1 receipts read\n"
    assert verify(since="2026-03-01T12:30:00") == "1 documents, 8 bytes, 1 receipts read\n"


@pytest.mark.parametrize("given", ["yesterday", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_ends_with_2(given: str) -> None:
    _, error = verify_bad(since=given)

    assert error.returncode == 2


def test_more_documents_than_a_page_are_all_read() -> None:
    for number in range(105):
        store("a", b"%05d" % number)

    assert verify().startswith("105 documents")
    assert EvidenceBlob.objects.count() == 105
