"""Keep and read the bytes of evidence: in the database with their row, or in object storage, written first.

The rule for both: a committed row means that its bytes are durable. In object storage the bytes are written before the
row's transaction begins, read back and compared before it adds the row. So a crash in between leaves an object that no
row names, never a row without bytes; `orphans.py` removes such objects after a day.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from inventory.models import BlobPlace, EvidenceBlob
from inventory.store import frames, locks
from inventory.store.errors import (
    EvidenceCorruptError,
    EvidenceMissingError,
    EvidenceRemovedError,
    EvidenceStoreUnavailableError,
)
from supplychain.exchange import Query, Statement, exchange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from supplychain.exchange import Value

logger = logging.getLogger(__name__)

_ADD = Statement("""
INSERT INTO inventory_evidenceblob (digest, size_bytes, data, place, stored_at)
VALUES (%(digest)s, %(size_bytes)s, %(data)s, %(place)s, %(at)s) ON CONFLICT DO NOTHING
""")
SLICE_BYTES = 8 * 1024 * 1024
"""A larger frame is fetched in parts: a connection keeps a buffer as large as the largest answer that it ever had."""
_SLICE = Statement("""
SELECT substring(data FROM %(place)s::int FOR %(count)s::int) FROM inventory_evidenceblob WHERE digest = %(digest)s
""")


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that are durable, or will be once `add` is committed."""

    digest: str
    size_bytes: int
    place: BlobPlace
    data: bytes | None


def keep(digest: str, *, size_bytes: int, frame: bytes) -> Kept:
    """Write a frame to object storage if it belongs there; call it before the transaction that adds the row.

    Asks the database nothing, and does the same for bytes that are there already: how long it takes tells nobody
    whether another team sent them. Raises EvidenceStoreUnavailableError; then nothing was accepted.
    """
    if settings.EVIDENCE_STORAGE == "database" or len(frame) < settings.EVIDENCE_S3_MIN_BYTES:
        return Kept(digest, size_bytes, BlobPlace.DATABASE, frame)
    from inventory.store import objects  # noqa: PLC0415  its packages are an extra, installed where it is used

    try:
        objects.put(digest, frame)
    except EvidenceStoreUnavailableError as error:
        logger.warning("The object storage did not take a document.", extra={"reason": error.reason})
        raise
    return Kept(digest, size_bytes, BlobPlace.S3, None)


def confirm(kept: Kept) -> None:
    """Read back what was written, at the beginning of the transaction that adds the row; nothing for the database.

    Until the transaction ends nobody removes the object. Raises EvidenceStoreUnavailableError.
    """
    if kept.place == BlobPlace.DATABASE:
        return
    from inventory.store import objects  # noqa: PLC0415  as above

    locks.share(kept.digest)
    try:
        frames.check(objects.get(kept.digest), digest=kept.digest, size_bytes=kept.size_bytes)
    except EvidenceStoreUnavailableError as error:
        logger.warning("The object storage did not give a document back.", extra={"reason": error.reason})
        raise
    except (EvidenceCorruptError, EvidenceMissingError) as error:
        logger.exception("What the object storage gives back is not what was written.", extra={"digest": kept.digest})
        raise EvidenceStoreUnavailableError(error.code) from error


def adding(kept: Kept, *, at: datetime) -> Query:
    """Make the query that adds the row of confirmed bytes in the caller's transaction; one that is there stays."""
    values: dict[str, Value] = {
        "digest": kept.digest,
        "size_bytes": kept.size_bytes,
        "data": kept.data,
        "place": kept.place.value,
        "at": at,
    }
    return Query(_ADD, values)


def read(blob: EvidenceBlob) -> bytes:
    """Return a whole document, compared with its digest.

    A row whose data was not fetched has it fetched part by part, and no more of the frame in memory than that. Raises
    EvidenceCorruptError, EvidenceMissingError, EvidenceRemovedError, EvidenceStoreUnavailableError.
    """
    if blob.place == BlobPlace.DATABASE and blob.data is None:
        return frames.unpack_parts(_parts(blob.digest), digest=blob.digest, size_bytes=blob.size_bytes)
    return frames.unpack(_frame(blob), digest=blob.digest, size_bytes=blob.size_bytes)


def open_stream(blob: EvidenceBlob) -> Iterator[bytes]:
    """Compare a document with its digest, then give it in chunks: a wrong byte never leaves. Raises as `read` does."""
    frame = _frame(blob)
    frames.check(frame, digest=blob.digest, size_bytes=blob.size_bytes)
    return frames.stream(frame)


def verify(blob: EvidenceBlob) -> None:
    """Compare a document with its digest without holding it. Raises as `read` does."""
    frames.check(_frame(blob), digest=blob.digest, size_bytes=blob.size_bytes)


def read_rows(digests: Iterable[str]) -> Mapping[str, EvidenceBlob]:
    """Return the rows of several digests in one statement; each is read with `read`."""
    return EvidenceBlob.objects.in_bulk(sorted(set(digests)))


def _parts(digest: str) -> Iterator[bytes]:
    place = 1
    while True:
        values: dict[str, Value] = {"digest": digest, "place": place, "count": SLICE_BYTES}
        [rows] = exchange([Query(_SLICE, values)])
        part = rows[0][0] if rows else None
        if not part:
            return
        yield part
        place += len(part)


def _frame(blob: EvidenceBlob) -> bytes:
    if blob.place == BlobPlace.S3:
        from inventory.store import objects  # noqa: PLC0415  its packages are an extra, installed where it is used

        return objects.get(blob.digest)
    if blob.place == BlobPlace.REMOVED:
        raise EvidenceRemovedError(blob.digest)
    if blob.data is None:
        raise EvidenceCorruptError(blob.digest)
    return bytes(blob.data)
