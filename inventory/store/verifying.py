"""Hold all evidence to its digests: every blob is what its key says, every row has its bytes and its state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from inventory.models import BlobPlace, Evidence, EvidenceBlob
from inventory.store import blobs
from inventory.store.errors import EvidenceCorruptError, EvidenceMissingError

_PAGE = 100
_ROWS_A_FETCH = 2_000


@dataclass(frozen=True, slots=True)
class Verified:
    """One blob or evidence row that was looked at; `problem` is empty when it is right."""

    name: str
    size_bytes: int
    problem: str = ""


def verify_blobs(*, since: datetime | None = None) -> Iterator[Verified]:
    """Read every stored document and compare its SHA-256 and size with its key; one document's frame at a time.

    Raises EvidenceStoreUnavailableError: what cannot be read is not known to be right.
    """
    rows = EvidenceBlob.objects.order_by("digest").exclude(place=BlobPlace.REMOVED)
    if since is not None:
        rows = rows.filter(stored_at__gte=since)
    for digest in _keys(rows):
        blob = EvidenceBlob.objects.get(pk=digest)
        try:
            blobs.verify(blob)
        except (EvidenceCorruptError, EvidenceMissingError) as error:
            yield Verified(digest, blob.size_bytes, error.code)
        else:
            yield Verified(digest, blob.size_bytes)


def verify_rows(*, since: datetime | None = None) -> Iterator[Verified]:
    """Look at every evidence row: its bytes have a row of that size, and it has a state."""
    rows = Evidence.objects.order_by("pk")
    if since is not None:
        rows = rows.filter(received_at__gte=since)
    # A join would leave out the row whose bytes are gone.
    stored = EvidenceBlob.objects.filter(pk=OuterRef("blob_id")).values("size_bytes")
    columns = rows.annotate(stored_bytes=Subquery(stored)).values_list(
        "public_id", "size_bytes", "stored_bytes", "state__pk"
    )
    for public_id, size_bytes, stored_bytes, state in columns.iterator(chunk_size=_ROWS_A_FETCH):
        yield Verified(str(public_id), size_bytes, _row_problem(size_bytes, stored_bytes=stored_bytes, state=state))


def _keys(rows: QuerySet[EvidenceBlob]) -> Iterator[str]:
    """Page by key: a cursor over hours would keep one transaction open, and with it everything that was updated."""
    last = ""
    while page := list(rows.filter(digest__gt=last).values_list("digest", flat=True)[:_PAGE]):
        yield from page
        last = page[-1]


def _row_problem(size_bytes: int, *, stored_bytes: int | None, state: int | None) -> str:
    if stored_bytes is None:
        return "no_blob"
    if stored_bytes != size_bytes:
        return "other_size"
    return "" if state is not None else "no_state"
