from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supplychain.access import audit
from supplychain.access.actors import Actor, actor_for_key, system_actor
from supplychain.access.models import AuditEvent
from tests.supplychain.actors import AT, new_key

pytestmark = pytest.mark.django_db

ACTOR = system_actor("test")
ROWS = 6


def record_some(count: int = ROWS) -> None:
    for number in range(count):
        audit.record(ACTOR, "thing.done", subject=f"thing:{number}", details={"number": number}, at=AT)


def head_now() -> audit.AuditHead:
    head = audit.read_head()
    assert head is not None
    return head


@contextmanager
def as_superuser() -> Iterator[Any]:
    """Change rows as somebody would who owns the server: with the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_rows_are_numbered_without_a_gap_and_chained():
    sequences = [audit.record(ACTOR, "thing.done", subject="x", details={}) for _ in range(3)]

    rows = list(AuditEvent.objects.order_by("sequence"))
    assert sequences == [1, 2, 3]
    assert bytes(rows[0].previous_hash) == audit.FIRST_PREVIOUS_HASH
    assert [bytes(row.previous_hash) for row in rows[1:]] == [bytes(row.hash) for row in rows[:-1]]


def test_a_row_costs_one_statement():
    with CaptureQueriesContext(connection) as queries:
        audit.record(ACTOR, "thing.done", subject="x", details={})

    assert len(queries) == 1


def test_a_row_is_rolled_back_with_the_work_it_tells_of():
    record_some(2)
    with transaction.atomic():
        audit.record(ACTOR, "thing.done", subject="x", details={})
        transaction.set_rollback(True)

    assert audit.record(ACTOR, "thing.done", subject="x", details={}) == 3
    assert audit.verify().is_intact


def test_a_row_belongs_to_the_team_of_the_key():
    key = new_key(team="payments")
    actor = actor_for_key(key.row)

    sequence = audit.record(actor, "thing.done", subject="x", details={})

    event = AuditEvent.objects.get(sequence=sequence)
    assert event.team == key.row.team
    assert event.actor == f"key:{key.row.lookup}"


def test_an_intact_chain_verifies_and_tells_its_head():
    record_some()

    verdict = audit.verify()

    assert verdict.is_intact
    assert verdict.checked_count == ROWS
    assert verdict.head == audit.read_head()


def test_an_empty_chain_is_intact_and_has_no_head():
    assert audit.verify() == audit.AuditVerdict(checked_count=0, head=None)
    assert audit.read_head() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_auditevent SET subject = 'y'",
        "UPDATE access_auditevent SET subject = 'y' WHERE false",
        "DELETE FROM access_auditevent",
    ],
)
def test_the_database_refuses_to_change_or_delete_rows(statement: str):
    record_some(1)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_refuses_to_truncate():
    # The suite switches this one trigger off (tests/conftest.py); within the transaction it is as shipped.
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE access_auditevent ENABLE TRIGGER audit_event_no_truncate")

        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute("TRUNCATE access_auditevent")


def test_the_database_numbers_rows_itself_whatever_is_inserted():
    record_some(1)
    AuditEvent.objects.create(
        sequence=99,
        previous_hash=b"x" * 32,
        hash=b"y" * 32,
        body="{}",
        at=AT,
        actor="x",
        action="thing.done",
        subject="x",
    )

    assert list(AuditEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]


@pytest.mark.parametrize("action", ["", "Thing.Done", "thing", "thing.done\nfaked.line"])
def test_the_database_refuses_an_action_that_is_no_word(action: str):
    with pytest.raises(IntegrityError, match="audit_event_action_pattern"), transaction.atomic():
        audit.record(ACTOR, action, subject="x", details={})


COLUMNS = {
    "sequence": st.integers(ROWS + 1, 2**40),
    "previous_hash": st.binary(min_size=0, max_size=40),
    "hash": st.binary(min_size=0, max_size=40),
    "body": st.one_of(st.just("{}"), st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=60)),
    "at": st.datetimes().map(lambda at: at.isoformat() + "+00:00"),
    "team_id": st.integers(1, 10),
    "actor": st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=20),
    "action": st.just("other.deed"),
    "subject": st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=20),
}


@given(data=st.data(), sequence=st.integers(1, ROWS), column=st.sampled_from(sorted(COLUMNS)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_of_any_column_of_any_row_is_found_and_named(data: Any, sequence: int, column: str):
    value = data.draw(COLUMNS[column])
    with transaction.atomic():
        record_some()
        first = audit.read_head().sequence - ROWS  # type: ignore[union-attr]  # rows were recorded above
        with as_superuser() as cursor:
            cursor.execute(f"SELECT {column} FROM access_auditevent WHERE sequence = %s", [first + sequence])
            [before] = cursor.fetchone()
            cursor.execute(
                f"UPDATE access_auditevent SET {column} = %s WHERE sequence = %s RETURNING {column}",
                [value, first + sequence],
            )
            [after] = cursor.fetchone()

        verdict = audit.verify()

        assert verdict.is_intact == (before == after)
        assert verdict.broken_sequence in {first + sequence, None}
        transaction.set_rollback(True)


@pytest.mark.parametrize("sequence", range(1, ROWS))
def test_a_deleted_row_is_found_and_named(sequence: int):
    record_some()
    with as_superuser() as cursor:
        cursor.execute("DELETE FROM access_auditevent WHERE sequence = %s", [sequence])

    assert audit.verify().broken_sequence == sequence


def test_a_row_rewritten_with_a_right_hash_breaks_the_next():
    record_some()
    row = AuditEvent.objects.get(sequence=3)
    body = row.body.replace("thing:2", "other:2")
    forged = audit.chain_hash(body, sequence=3, previous_hash=bytes(row.previous_hash))
    with as_superuser() as cursor:
        cursor.execute(
            "UPDATE access_auditevent SET body = %s, hash = %s, subject = 'other:2' WHERE sequence = 3", [body, forged]
        )

    assert audit.verify().broken_sequence == 4


def test_a_cut_tail_is_found_with_the_exported_head_and_only_with_it():
    record_some()
    head = head_now()
    with as_superuser() as cursor:
        cursor.execute("DELETE FROM access_auditevent WHERE sequence >= 5")

    assert audit.verify().is_intact
    assert audit.verify(heads=[head]).broken_sequence == 5


def test_a_rewritten_tail_is_found_with_the_exported_head():
    record_some()
    head = head_now()
    with as_superuser() as cursor:
        cursor.execute("DELETE FROM access_auditevent WHERE sequence >= 5")
    record_some(4)

    assert audit.verify().is_intact
    assert audit.verify(heads=[head]).broken_sequence == ROWS


def test_line_ends_and_hidden_characters_cannot_forge_a_line():
    audit.record(
        Actor(team_ids=frozenset(), label="user:a\nb\u202e", kind="user"),
        "thing.done",
        subject="x\x00\r\n\ud800",
        details={"text": "a\nb\x00\ud800"},
    )

    event = AuditEvent.objects.get()
    assert event.body.isprintable()
    assert event.body.isascii()
    assert (event.actor, event.subject) == (r"user:a\nb\u202e", r"x\x00\r\n\ud800")
    assert audit.verify().is_intact


def test_huge_details_are_cut_and_say_so():
    audit.record(ACTOR, "thing.done", subject="s" * 9999, details={"long": "x" * 5000})
    audit.record(ACTOR, "thing.done", subject="x", details={str(n): "x" * 900 for n in range(1000)})

    first, second = AuditEvent.objects.order_by("sequence")
    assert "[cut]" in first.body
    assert len(first.subject) == 500
    assert "omitted_bytes" in second.body
    assert audit.verify().is_intact
