"""Several statements in one exchange: what they share, how they fail, and how often the server is waited for."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DataError, IntegrityError, connection, transaction

from supplychain.access.models import Team
from supplychain.exchange import COMMIT, Query, Statement, exchange, exchange_typed, is_outermost, to_int, to_text

ADD = Statement("INSERT INTO access_team (slug, name, created_at) VALUES (%(slug)s, %(slug)s, now()) RETURNING id")
COUNT = Statement("SELECT count(*) FROM access_team")
ECHO = Statement("SELECT v FROM unnest(%(values)s::text[]) AS v")
NUMBERS = Statement("SELECT v + %(more)s::int FROM unnest(%(values)s::int[]) AS v")


@pytest.mark.django_db
def test_a_parameter_may_stand_in_several_places_and_others_are_left_alone() -> None:
    statement = Statement("SELECT %(a)s::int + %(b)s::int + %(a)s::int, '50 %%'")

    [[row]] = exchange([Query(statement, {"b": 5, "a": 1, "c": "unused"})])

    assert (to_int(row[0]), to_text(row[1])) == (7, "50 %")


@pytest.mark.django_db
def test_values_of_every_kind_arrive_as_they_are() -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    statement = Statement("""
        SELECT %(bytes)s::bytea, %(flag)s::bool, %(nothing)s::int IS NULL,
               extract(epoch FROM %(at)s::timestamptz)::text, %(number)s::int""")
    values: dict[str, Any] = {"bytes": b"\x00\xff", "flag": True, "nothing": None, "at": at, "number": -3}

    [[row]] = exchange([Query(statement, values)])

    assert row[0] == b"\x00\xff"
    assert (to_int(row[1]), to_int(row[2]), to_int(row[4])) == (1, 1, -3)
    assert to_text(row[3]) == f"{int(at.timestamp())}.123456"


@pytest.mark.django_db
@pytest.mark.parametrize("value", ['say "no"', "back\\slash", "{brace,comma}", "NULL", "", " blank ", "Ω\n\t'"])
def test_a_text_in_an_array_is_neither_cut_nor_read_as_anything_else(value: str) -> None:
    [rows] = exchange([Query(ECHO, {"values": ["first", value, "last"]})])

    assert [to_text(row[0]) for row in rows] == ["first", value, "last"]


@pytest.mark.django_db
def test_an_array_may_hold_nothing_in_a_place_bytes_and_times() -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    statement = Statement("""
        SELECT * FROM unnest(%(texts)s::text[], %(numbers)s::int[], %(bytes)s::bytea[], %(times)s::timestamptz[])""")
    values: dict[str, Any] = {
        "texts": [None, "NULL"], "numbers": [7, None], "bytes": [b"\x00\\x", b""], "times": [at, None],
    }  # fmt: skip

    assert exchange_typed([Query(statement, values)]) == [[(None, 7, b"\x00\\x", at), ("NULL", None, b"", None)]]


@pytest.mark.django_db
def test_the_driver_reads_rows_of_many_types() -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    one = UUID("01a218ff-05f7-7643-8c20-d472b5496be8")
    sql = """SELECT 'a', 1::smallint, 2::bigint, true, %(at)s::timestamptz, %(one)s::uuid, ARRAY[1, 2],
                    '\\x00ff'::bytea, NULL::int"""

    [[row]] = exchange_typed([Query(Statement(sql), {"at": at, "one": str(one)})])

    assert row == ("a", 1, 2, True, at, one, [1, 2], b"\x00\xff", None)


@pytest.mark.django_db(transaction=True)
def test_a_transaction_may_begin_with_its_isolation_before_anything_is_prepared() -> None:
    begin = Query(Statement("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    isolation = Query(Statement("SELECT current_setting('transaction_isolation')"))

    [_, [row], _] = exchange_typed([begin, isolation, COMMIT])

    assert row == ("repeatable read",)


@pytest.mark.django_db
def test_an_empty_array_has_no_rows() -> None:
    assert exchange([Query(NUMBERS, {"values": [], "more": 1}), Query(ECHO, {"values": ()})]) == [[], []]


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["a\x00b", ["fine", "a\x00b"]])
def test_a_nul_is_refused_and_never_cuts_a_text_short(value: Any) -> None:
    with pytest.raises(DataError):
        exchange([Query(ADD if isinstance(value, str) else ECHO, {"slug": value, "values": value})])


@pytest.mark.django_db(transaction=True)
def test_queries_of_one_exchange_are_one_transaction() -> None:
    with pytest.raises(IntegrityError):
        exchange([Query(ADD, {"slug": "a"}), Query(ADD, {"slug": "a"}), Query(COUNT)])

    assert not Team.objects.exists()
    exchange([Query(ADD, {"slug": "a"}), Query(ADD, {"slug": "b"})])
    assert Team.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_they_are_part_of_it() -> None:
    with transaction.atomic():
        exchange([Query(ADD, {"slug": "a"})])
        assert Team.objects.count() == 1
        transaction.set_rollback(True)

    assert not Team.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_commit_may_travel_with_the_last_queries() -> None:
    done: list[str] = []
    with transaction.atomic():
        assert is_outermost()
        transaction.on_commit(lambda: done.append("committed"))
        exchange([Query(ADD, {"slug": "a"}), COMMIT])
        assert not done

    assert done == ["committed"]
    assert Team.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_block_inside_another_leaves_the_commit_to_it() -> None:
    assert not is_outermost()
    with transaction.atomic(), transaction.atomic():
        assert not is_outermost()


@pytest.mark.django_db(transaction=True)
def test_a_failure_spoils_neither_the_connection_nor_what_it_has_prepared() -> None:
    divided = Statement("SELECT 1 / %(by)s::int")
    for _ in range(2):
        with pytest.raises(DataError):
            exchange([Query(divided, {"by": 0})])

    assert to_int(exchange([Query(divided, {"by": 1})])[0][0][0]) == 1


@pytest.mark.django_db(transaction=True)
def test_an_exchange_waits_once_however_many_queries_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    waits: list[object] = []
    wait = psycopg.Connection.wait

    def counted(raw: psycopg.Connection[Any], *given: Any, **named: Any) -> Any:
        waits.append(raw)
        return wait(raw, *given, **named)

    monkeypatch.setattr(psycopg.Connection, "wait", counted)

    exchange([Query(NUMBERS, {"values": list(range(100_000)), "more": 1}), *[Query(COUNT)] * 20])

    assert len(waits) == 1


@pytest.mark.django_db(transaction=True)
def test_work_is_done_while_the_server_works_and_what_it_asks_is_answered_with_the_rest() -> None:
    slow = Query(Statement("SELECT pg_sleep(0.3)::text, clock_timestamp()"))
    begun: list[datetime] = []

    def work() -> list[Query]:
        begun.append(datetime.now(UTC))
        return [Query(NUMBERS, {"values": [1, 2], "more": 10})]

    [[(_, ended)], numbers] = exchange_typed([slow], meanwhile=work)

    assert begun[0] < ended
    assert numbers == [(11,), (12,)]


@pytest.mark.django_db(transaction=True)
def test_work_is_begun_once_all_is_sent_however_much_it_is() -> None:
    much = {"values": ["x" * 1_000] * 10_000}
    slow = Query(
        Statement("SELECT clock_timestamp(), pg_sleep(0.3)::text FROM unnest(%(values)s::text[]) LIMIT 1"), much
    )
    ended: list[datetime] = []

    def work() -> list[Query]:
        time.sleep(0.3)
        ended.append(datetime.now(UTC))
        return []

    [[(begun, _)]] = exchange_typed([slow], meanwhile=work)

    assert begun < ended[0]


@pytest.mark.django_db(transaction=True)
def test_work_that_fails_breaks_the_conversation_off_and_the_next_one_has_another_connection() -> None:
    def work() -> list[Query]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exchange_typed([Query(ADD, {"slug": "half"})], meanwhile=work)

    assert exchange([Query(COUNT)])
    assert not Team.objects.filter(slug="half").exists()


@pytest.mark.django_db(transaction=True)
def test_rows_that_are_given_early_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    read: list[Any] = []

    def spied(result: Any, reader: Any) -> Any:
        read.append(result)
        return typed(result, reader)

    module = sys.modules[exchange_typed.__module__]
    typed = module._typed  # what it costs to read is what is counted
    monkeypatch.setattr(module, "_typed", spied)

    rows = exchange_typed(
        [Query(ECHO, {"values": ["first"]})],
        meanwhile=lambda: [Query(ECHO, {"values": ["second"]})],
        early=given.extend,
    )

    assert given == [[("first",)]]
    assert rows == [[("first",)], [("second",)]]
    assert len(read) == len(rows)
