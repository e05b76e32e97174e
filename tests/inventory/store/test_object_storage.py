"""Documents in object storage: written and read back before their row, compared whenever they are read."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from inventory.models import BlobPlace, Evidence, EvidenceBlob, EvidenceState, State
from inventory.store import blobs
from inventory.store.errors import EvidenceCorruptError, EvidenceMissingError, EvidenceStoreUnavailableError
from inventory.store.health import probe_object_storage
from supplychain.access.models import AuditEvent
from tests.factories import apply_waiting, cyclonedx, digest, digest_of
from tests.object_storage import ObjectStorage
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

DOCUMENT = cyclonedx("pkg:npm/left@1", subject=digest("app"))
KEY = f"evidence/sha256/{digest_of(DOCUMENT)[7:9]}/{digest_of(DOCUMENT)[7:]}"


def client(team: str = "shop") -> Client:
    return client_of(new_key("evidence:write", "inventory:read", team=team))


def send(sender: Client, data: bytes = DOCUMENT, *, query: str = "") -> Any:
    return sender.post(f"/api/v1/evidence{query}", data, content_type="application/octet-stream")


def state_of(answer: Any) -> EvidenceState:
    return EvidenceState.objects.get(evidence__public_id=answer.json()["id"])


def make_due() -> None:
    EvidenceState.objects.update(queued_at=datetime.now(UTC) - timedelta(minutes=1))


def test_a_document_goes_through_object_storage_and_comes_back_byte_for_byte(bucket: ObjectStorage) -> None:
    sender = client()

    answer = send(sender)
    apply_waiting()

    assert answer.status_code == 202
    assert bucket.keys() == [KEY]
    blob = EvidenceBlob.objects.get()
    assert (blob.place, blob.data, blob.size_bytes) == (BlobPlace.S3, None, len(DOCUMENT))
    assert state_of(answer).state == State.APPLIED
    raw = sender.get(f"/api/v1/evidence/{answer.json()['id']}/raw")
    assert b"".join(raw) == DOCUMENT
    assert raw["Repr-Digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(DOCUMENT).digest()).decode()}:"


def test_a_repeat_writes_nothing_and_is_the_first_document(bucket: ObjectStorage) -> None:
    sender = client()
    first = send(sender)
    written_at = bucket.client.head_object(Bucket="evidence-of-tests", Key=KEY)["LastModified"]

    again = send(sender)

    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert bucket.client.head_object(Bucket="evidence-of-tests", Key=KEY)["LastModified"] == written_at


def test_a_stranger_sees_neither_the_document_nor_that_it_was_sent_before(bucket: ObjectStorage) -> None:
    owner, stranger = client("a"), client("b")
    sent = send(owner).json()["id"]
    asked_before = bucket.request_count

    refused = stranger.get(f"/api/v1/evidence/{sent}/raw")
    missing = stranger.get("/api/v1/evidence/01900000-0000-7000-8000-000000000000/raw")

    assert (refused.status_code, refused.content) == (missing.status_code, missing.content) == (404, refused.content)
    assert bucket.request_count == asked_before
    first_time, seen_before = send(stranger, b'{"other": 1}'), send(stranger)
    assert first_time.status_code == seen_before.status_code == 202
    assert bucket.request_count == asked_before + 4  # put and get, for both alike


def test_while_object_storage_is_down_an_upload_is_refused_and_nothing_is_kept(bucket: ObjectStorage) -> None:
    bucket.is_down = True

    answer = send(client())

    assert (answer.status_code, answer.json()["code"]) == (503, "evidence_store_unavailable")
    assert int(answer["Retry-After"]) > 0
    assert Evidence.objects.count() == EvidenceBlob.objects.count() == 0
    assert not AuditEvent.objects.filter(action="evidence.received").exists()


def test_nobody_listening_is_the_same_as_being_down(bucket: ObjectStorage, settings: Any) -> None:
    settings.EVIDENCE_S3_ENDPOINT_URL = "http://127.0.0.1:9"

    assert send(client()).json()["code"] == "evidence_store_unavailable"


def test_a_slow_object_storage_is_given_up_on_in_time(bucket: ObjectStorage, settings: Any) -> None:
    settings.EVIDENCE_S3_TIMEOUT_SECONDS = 1
    bucket.seconds = 60
    began = monotonic()

    answer = send(client())

    assert answer.json()["code"] == "evidence_store_unavailable"
    assert monotonic() - began < 50  # two tries of a second, and the pause between them


def test_a_document_waits_for_object_storage_without_losing_a_try(bucket: ObjectStorage) -> None:
    answer = send(client())
    bucket.is_down = True

    for _ in range(5):
        make_due()
        apply_waiting()
    waiting = state_of(answer)
    bucket.is_down = False
    make_due()
    apply_waiting()

    assert (waiting.state, waiting.attempts) == (State.RECEIVED, 0)
    assert (state_of(answer).state, state_of(answer).attempts) == (State.APPLIED, 1)


def test_an_object_changed_behind_our_back_is_never_given_out_nor_applied(bucket: ObjectStorage) -> None:
    sender = client()
    answer = send(sender)
    other = send(sender, b'{"other": "document"}')
    bucket.overwrite(KEY, bucket.client.get_object(Bucket="evidence-of-tests", Key=_key_of(other))["Body"].read())

    for _ in range(3):
        make_due()
        apply_waiting()
    raw = sender.get(f"/api/v1/evidence/{answer.json()['id']}/raw")

    assert (raw.status_code, raw.json()["code"]) == (500, "evidence_corrupt")
    state = state_of(answer)
    assert (state.state, (state.error or {})["code"]) == (State.QUARANTINED, "evidence_corrupt")
    with pytest.raises(EvidenceCorruptError):
        blobs.verify(EvidenceBlob.objects.get(digest=digest_of(DOCUMENT)))


def test_bytes_that_are_no_frame_are_corrupt_too(bucket: ObjectStorage) -> None:
    send(client())
    bucket.overwrite(KEY, b"rubbish")

    with pytest.raises(EvidenceCorruptError):
        blobs.read(EvidenceBlob.objects.get())
    with pytest.raises(EvidenceCorruptError):
        blobs.open_stream(EvidenceBlob.objects.get())


def test_an_object_that_is_gone_is_missing_and_not_an_outage(bucket: ObjectStorage) -> None:
    answer = send(client())
    bucket.delete(KEY)

    with pytest.raises(EvidenceMissingError):
        blobs.read(EvidenceBlob.objects.get())
    for _ in range(3):
        make_due()
        apply_waiting()
    assert (state_of(answer).error or {})["code"] == "evidence_missing"


def test_another_object_under_the_name_is_not_overwritten_and_the_upload_is_refused(bucket: ObjectStorage) -> None:
    bucket.overwrite(KEY, b"laid here by somebody else")

    answer = send(client())

    assert answer.json()["code"] == "evidence_store_unavailable"
    assert Evidence.objects.count() == 0
    assert bucket.client.get_object(Bucket="evidence-of-tests", Key=KEY)["Body"].read() == b"laid here by somebody else"


def test_a_missing_bucket_is_an_outage_and_never_a_missing_document(bucket: ObjectStorage, settings: Any) -> None:
    send(client())
    settings.EVIDENCE_S3_BUCKET = "another"

    with pytest.raises(EvidenceStoreUnavailableError) as raised:
        blobs.read(EvidenceBlob.objects.get())

    assert raised.value.reason == "NoSuchBucket"


def test_small_documents_may_stay_in_the_database(bucket: ObjectStorage, settings: Any) -> None:
    settings.EVIDENCE_S3_MIN_BYTES = 10_000

    send(client())

    assert bucket.keys() == []
    assert EvidenceBlob.objects.get().place == BlobPlace.DATABASE


def test_a_changed_document_in_the_database_is_found_as_well() -> None:
    send(client())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inventory_evidenceblob DISABLE TRIGGER evidence_blob_only_moves")
        cursor.execute("UPDATE inventory_evidenceblob SET data = set_byte(data, 12, get_byte(data, 12) # 1)")

    with pytest.raises(EvidenceCorruptError):
        blobs.read(EvidenceBlob.objects.get())


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inventory_evidenceblob SET data = NULL",
        "UPDATE inventory_evidenceblob SET place = 's3'",
        "UPDATE inventory_evidenceblob SET place = 'elsewhere', data = NULL",
    ],
)
def test_the_database_refuses_a_row_whose_bytes_are_not_in_their_place(sql: str) -> None:
    send(client())

    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute(sql)


def test_readiness_shows_an_object_storage_that_is_down_and_stays_ready(bucket: ObjectStorage, settings: Any) -> None:
    assert probe_object_storage().ok
    bucket.is_down = True

    answer = Client().get("/readyz")

    assert answer.status_code == 200
    assert {"name": "object_storage", "ok": False, "vital": False, "message": "503"} in answer.json()["probes"]
    settings.EVIDENCE_S3_BUCKET = ""
    assert probe_object_storage().message == "not used"


def _key_of(answer: Any) -> str:
    digits = Evidence.objects.get(public_id=answer.json()["id"]).blob_id[7:]
    return f"evidence/sha256/{digits[:2]}/{digits}"
