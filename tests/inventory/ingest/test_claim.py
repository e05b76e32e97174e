"""Whose turn it is: teams in turn, at a cost that neither teams nor documents raise, and a lane for small documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from inventory.ingest import held, process, queue_sql
from inventory.models import Evidence, EvidenceState, State
from supplychain.access.models import Team
from supplychain.exchange import Query, exchange
from tests.factories import START, store

_FILL = """
WITH team AS (
    INSERT INTO access_team (slug, name, created_at)
    SELECT 'team-' || n, 'team', now() FROM generate_series(1, %(teams)s) AS n RETURNING id
), evidence AS (
    INSERT INTO inventory_evidence (public_id, team_id, blob_id, size_bytes, media_type, declared_kind, is_observation,
        artifacts, name, version, repository, commit, cluster, environment, confirm_empty, filename, audit_sequence,
        received_at)
    SELECT gen_random_uuid(), team.id, %(blob)s, 2, '', '', false, '{}', '', '', '', '', '', '', false, '', 1, now()
    FROM team, generate_series(1, %(each)s) RETURNING id, team_id
)
INSERT INTO inventory_evidencestate (evidence_id, team_id, state, attempts, queued_at, kind, format, format_version,
    subjects, counts, warnings, warning_count)
SELECT id, team_id, 'received', 0, %(at)s, '', '', '', '{}', '{}', '[]', 0 FROM evidence
"""


@pytest.fixture(autouse=True)
def _new_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held._Turn, "team_id", 0)


def claim() -> int | None:
    """Claim as a worker does, and say whose document it was."""
    claimed = held.claim_next(now=datetime.now(UTC))
    return None if claimed is None else EvidenceState.objects.get(pk=claimed.evidence_id).team_id


def finish_all() -> None:
    EvidenceState.objects.filter(state=State.PROCESSING).update(
        state=State.REJECTED, error={"code": "x", "pointer": "", "message": ""}
    )


@pytest.mark.django_db
def test_with_one_worker_every_team_has_its_turn() -> None:
    teams = [store(slug, f"{{{slug}{number}}}".encode()).team_id for slug in "abc" for number in range(3)]
    served = []
    for _ in teams:
        served.append(claim())
        finish_all()

    assert served == sorted(set(teams)) * 3
    assert claim() is None


@pytest.mark.django_db
def test_of_teams_with_nothing_in_work_one_comes_before_all_that_have() -> None:
    busy = [store("a", b"{%d}" % number).team_id for number in range(5)]
    late = store("b", b"{9}").team_id

    assert [claim() for _ in range(6)] == [busy[0], late, *busy[1:]]


@pytest.mark.django_db
def test_when_all_that_wait_are_in_work_the_one_with_the_fewest_is_next() -> None:
    a, b = (store(slug, f"{{{slug}}}".encode()).team_id for slug in "ab")
    assert [claim(), claim()] == [a, b]
    store("a", b"{1}")
    assert claim() == a
    store("a", b"{2}")
    store("b", b"{3}")

    assert [claim(), claim()] == [b, a]


@pytest.mark.django_db
def test_an_abandoned_document_is_taken_over_first() -> None:
    store("a", b"{0}")
    abandoned = store("b", b"{1}")
    EvidenceState.objects.filter(pk=abandoned.pk).update(
        state=State.PROCESSING, attempts=1, claimed_at=datetime.now(UTC) - timedelta(seconds=11)
    )

    assert claim() == abandoned.team_id
    assert EvidenceState.objects.get(pk=abandoned.pk).attempts == 2


@pytest.mark.django_db
@pytest.mark.parametrize(("teams", "each"), [(3, 1), (1_000, 1), (1_000, 5), (1, 5_000)])
def test_a_claim_reads_no_more_however_many_teams_and_documents_wait(teams: int, each: int) -> None:
    blob = store("z", b"{}").blob_id
    EvidenceState.objects.update(state=State.REJECTED, error={"code": "x", "pointer": "", "message": ""})
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"teams": teams, "each": each, "blob": blob, "at": START})
        cursor.execute("ANALYZE inventory_evidencestate")

    blocks = [_blocks_of_a_claim(after=Team.objects.order_by("pk")[teams // 2].pk) for _ in range(4)]

    assert min(blocks) <= 120, blocks  # the first ones also pass over rows that earlier tests rolled back


def _blocks_of_a_claim(*, after: int) -> int:
    now = datetime.now(UTC)
    values: dict[str, datetime | int] = {"now": now, "overdue": now - held.OVERDUE_AFTER, "after": after, "lanes": 1}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {queue_sql.CLAIM.sql}", values)
        plan: Any = cursor.fetchone()[0]
    found = plan if isinstance(plan, list) else json.loads(plan)
    return int(found[0]["Plan"]["Shared Hit Blocks"] + found[0]["Plan"]["Shared Read Blocks"])


def store_large(team: str, data: bytes) -> Evidence:
    evidence = store(team, data)
    EvidenceState.objects.filter(pk=evidence.pk).update(is_large=True)
    return evidence


def _held(evidence: Evidence) -> Query:
    return Query(queue_sql.HOLD, {"evidence": evidence.pk, "attempt": 1, "lanes": 1, "most": 3, "whole": 1000})


@pytest.mark.django_db(transaction=True)
@override_settings(LARGE_DOCUMENTS_AT_ONCE=1)
def test_while_a_large_document_is_in_work_only_small_ones_are_claimed() -> None:
    other = connection.copy()
    first = store_large("a", b"{0}")
    claim()
    second, small = store_large("a", b"{1}"), store("a", b"{2}")
    try:
        with other.cursor() as cursor:  # the worker that has the large one
            other.set_autocommit(False)
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 1)", [queue_sql.LARGE_LANE])
            claimed = held.claim_next(now=datetime.now(UTC))
            assert claimed is not None
            assert claimed.evidence_id == small.pk
            assert held.claim_next(now=datetime.now(UTC)) is None
            other.rollback()
    finally:
        other.close()

    claimed = held.claim_next(now=datetime.now(UTC))
    assert claimed is not None
    assert claimed.evidence_id == second.pk
    assert EvidenceState.objects.get(pk=first.pk).state == State.PROCESSING


@pytest.mark.django_db(transaction=True)
@override_settings(LARGE_DOCUMENTS_AT_ONCE=1)
def test_a_large_document_that_finds_no_lane_waits_and_has_used_up_no_try() -> None:
    large = store_large("a", b"{0}")
    claimed = held.claim_next(now=datetime.now(UTC))
    assert claimed is not None
    other, before = connection.copy(), datetime.now(UTC)
    try:
        with other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 1)", [queue_sql.LARGE_LANE])
            assert process._process(claimed, goes_on=lambda: False) is process._NoEnd.SET_BACK
            other.rollback()
    finally:
        other.close()

    state = EvidenceState.objects.get(pk=large.pk)
    assert (state.state, state.attempts) == (State.RECEIVED, 0)
    assert timedelta(0) < state.queued_at - before <= datetime.now(UTC) - before + process.LANE_AFTER


@pytest.mark.django_db(transaction=True)
@override_settings(LARGE_DOCUMENTS_AT_ONCE=1)
def test_a_small_document_takes_no_lane() -> None:
    small = store("a", b"{0}")
    claim()
    with transaction.atomic():
        exchange([_held(small)])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
                "WHERE locktype = 'advisory' AND classid = %s AND datname = current_database()",
                [0x5C70],
            )
            assert cursor.fetchone()[0] == 0
