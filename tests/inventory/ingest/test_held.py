"""To claim and to hold in one exchange: the claim is committed before, whatever becomes of what follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from inventory.ingest import process, queue_sql
from inventory.ingest.held import MAX_ATTEMPTS, claim_and_hold, claim_next
from inventory.models import EvidenceState, State
from tests.factories import cyclonedx, digest, store

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "interning"])


def test_the_claim_outlives_the_transaction_that_holds() -> None:
    evidence = store("a", b"{}")

    with transaction.atomic():
        claim, held = claim_and_hold(now=datetime.now(UTC))
        transaction.set_rollback(True)

    assert claim is not None
    assert held is not None
    assert (claim.evidence_id, held.evidence.pk) == (evidence.pk, evidence.pk)
    state = EvidenceState.objects.get(pk=evidence.pk)
    assert (state.state, state.attempts) == (State.PROCESSING, 1)


def test_what_is_held_is_locked() -> None:
    store("a", b"{}")
    other = connection.copy()

    with transaction.atomic():
        claim_and_hold(now=datetime.now(UTC))
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM (SELECT FROM inventory_evidencestate FOR UPDATE SKIP LOCKED) free")
            assert cursor.fetchone()[0] == 0
    other.close()


def test_where_nothing_waits_what_was_claimed_before_is_not_held_again() -> None:
    store("a", b"{}")
    with transaction.atomic():
        claim_and_hold(now=datetime.now(UTC))

    with transaction.atomic():
        assert claim_and_hold(now=datetime.now(UTC)) == (None, None)


def test_where_nothing_waits_a_claim_of_the_session_that_was_rolled_back_stands_in_nobodys_way() -> None:
    store("a", b"{}")
    connection.close()
    with transaction.atomic():
        assert claim_next(now=datetime.now(UTC))
        transaction.set_rollback(True)
    EvidenceState.objects.update(queued_at=datetime.now(UTC) + timedelta(hours=1))

    with transaction.atomic():
        assert claim_and_hold(now=datetime.now(UTC)) == (None, None)


def test_a_session_that_does_not_know_the_claim_holds_it_all_the_same() -> None:
    evidence = store("a", b"{}")
    forgetful = queue_sql.HOLD_CLAIMED.sql.replace("supplychain.claimed", "supplychain.other")

    with patch.object(queue_sql, "HOLD_CLAIMED", type(queue_sql.HOLD_CLAIMED)(forgetful)), transaction.atomic():
        _, held = claim_and_hold(now=datetime.now(UTC))

    assert held is not None
    assert held.evidence.pk == evidence.pk


def test_the_bytes_over_which_three_workers_died_are_not_read_again() -> None:
    evidence = store("a", b"{}")
    EvidenceState.objects.filter(pk=evidence.pk).update(
        state=State.PROCESSING, attempts=MAX_ATTEMPTS, claimed_at=datetime.now(UTC) - timedelta(minutes=1)
    )

    with transaction.atomic():
        _, held = claim_and_hold(now=datetime.now(UTC))

    assert held is not None
    assert held.claim.attempt == MAX_ATTEMPTS + 1
    assert held.evidence.blob.data is None


def test_a_connection_that_broke_while_the_worker_slept_is_replaced() -> None:
    evidence = store("a", cyclonedx("pkg:npm/a@1", subject=digest("a")))
    connection.ensure_connection()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [connection.connection.info.backend_pid])
    other.close()

    assert process.process_next()

    state = EvidenceState.objects.get(pk=evidence.pk)
    assert (state.state, state.attempts) == (State.APPLIED, 1)
