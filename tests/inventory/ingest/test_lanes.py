"""Large documents take turns, and so does a small file that turns out to hold a large one."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import override_settings

from inventory.formats import envelope
from inventory.ingest import held, process, queue_sql
from inventory.models import Evidence, EvidenceState, State
from tests.factories import store

MIB = 1 << 20
BOMB = gzip.compress(b" " * (24 * MIB) + b"{}")


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of bytes of each piece that came out of a compressed file."""
    sizes: list[int] = []
    inflate = envelope.inflate

    def count(chunks: tuple[bytes, ...], *, encoding: str, limit: int) -> Iterator[bytes]:
        for piece in inflate(chunks, encoding=encoding, limit=limit):
            sizes.append(len(piece))
            yield piece

    monkeypatch.setattr(envelope, "inflate", count)
    return sizes


@contextmanager
def another_has_the_lane() -> Iterator[None]:
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 1)", [queue_sql.LARGE_LANE])
            yield
            other.rollback()
    finally:
        other.close()


@pytest.mark.django_db(transaction=True)
@override_settings(LARGE_DOCUMENTS_AT_ONCE=1, LARGE_DOCUMENT_BYTES=4 * MIB)
def test_a_bomb_gives_way_as_soon_as_it_shows_while_the_lane_is_taken(unpacked: list[int]) -> None:
    bomb = store("a", BOMB)
    with another_has_the_lane():
        process.process_next()

        state = EvidenceState.objects.get(pk=bomb.pk)
        assert (state.state, state.attempts, state.is_large) == (State.RECEIVED, 0, True)
        assert sum(unpacked) < 6 * MIB
        small = store("a", b"{0}")
        EvidenceState.objects.update(queued_at=datetime.now(UTC))
        assert _claimed() == small.pk
        assert _claimed() is None


@pytest.mark.django_db(transaction=True)
@override_settings(LARGE_DOCUMENTS_AT_ONCE=1, LARGE_DOCUMENT_BYTES=4 * MIB)
def test_a_file_that_unpacks_to_a_large_document_is_read_with_a_lane(unpacked: list[int]) -> None:
    bomb = store("a", BOMB)

    process.process_next()

    assert _code(bomb) == "unknown_format"
    assert sum(unpacked) == 24 * MIB + 2


@pytest.mark.django_db(transaction=True)
@override_settings(LARGE_DOCUMENTS_AT_ONCE=1, LARGE_DOCUMENT_BYTES=4 * MIB)
def test_a_file_that_unpacks_to_a_small_document_needs_no_lane() -> None:
    small = store("a", gzip.compress(b" " * MIB + b"{}"))
    with another_has_the_lane():
        process.process_next()

    assert _code(small) == "unknown_format"


def _claimed() -> int | None:
    claimed = held.claim_next(now=datetime.now(UTC))
    return claimed.evidence_id if claimed else None


def _code(evidence: Evidence) -> object:
    state = EvidenceState.objects.get(pk=evidence.pk)
    return (state.error or {}).get("code", state.state)
