"""Move the bytes of documents between the database and object storage, one at a time: written, compared, switched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from inventory.models import BlobPlace, EvidenceBlob
from inventory.store import frames, locks, objects
from inventory.store.errors import EvidenceCorruptError, EvidenceMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH = 500
_FROM = {BlobPlace.S3: BlobPlace.DATABASE, BlobPlace.DATABASE: BlobPlace.S3}


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one document: `problem` is empty when its bytes now lie in the new place."""

    digest: str
    size_bytes: int
    problem: str = ""


def move(to: BlobPlace) -> Iterator[Moved]:
    """Move every document that lies in the other place; begun again, it goes on where it was cut off.

    A document whose bytes are not what they should be stays where it is, and is told. Its object is left to the sweep
    of orphans when it goes back to the database. Raises EvidenceStoreUnavailableError.
    """
    last = ""
    while digests := _after(last, place=_FROM[to]):
        for digest in digests:
            yield _move_one(digest, to=to)
        last = digests[-1]


def _after(last: str, *, place: BlobPlace) -> list[str]:
    rows = EvidenceBlob.objects.filter(place=place, digest__gt=last).order_by("digest")
    return list(rows.values_list("digest", flat=True)[:_BATCH])


def _move_one(digest: str, *, to: BlobPlace) -> Moved:
    with transaction.atomic():
        locks.share(digest)
        blob = EvidenceBlob.objects.select_for_update(no_key=True).get(pk=digest)
        try:
            data = _write(blob) if to == BlobPlace.S3 else _fetch(blob)
        except (EvidenceCorruptError, EvidenceMissingError) as error:
            return Moved(digest, blob.size_bytes, problem=error.code)
        EvidenceBlob.objects.filter(pk=digest, place=_FROM[to]).update(place=to, data=data)
    return Moved(digest, blob.size_bytes)


def _write(blob: EvidenceBlob) -> bytes | None:
    """Write an object and compare what can be read of it; return what the row holds from then on, which is nothing."""
    frame = bytes(blob.data or b"")
    frames.check(frame, digest=blob.digest, size_bytes=blob.size_bytes)
    objects.put(blob.digest, frame)
    frames.check(objects.get(blob.digest), digest=blob.digest, size_bytes=blob.size_bytes)
    return None


def _fetch(blob: EvidenceBlob) -> bytes | None:
    frame = objects.get(blob.digest)
    frames.check(frame, digest=blob.digest, size_bytes=blob.size_bytes)
    return frame
