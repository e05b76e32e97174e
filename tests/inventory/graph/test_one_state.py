"""Questions that see one state of the database, however many round trips they take."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from inventory.graph.one_state import GENERIC_PLANS, Statement, one_state, prepared
from inventory.graph.packed import sql_array
from inventory.models import Environment
from supplychain.exchange import Query
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db(transaction=True)

SLUGS = Statement(str, "SELECT slug FROM inventory_environment ORDER BY slug", {})
BEGINNING = "SELECT slug, 5 %% 2 = 1 FROM inventory_environment WHERE starts_with(slug, %(start)s)"


def test_what_is_committed_meanwhile_is_not_seen():
    Environment.objects.create(slug="production")

    with one_state(using="default") as state:
        before = state.fetch(SLUGS)
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("INSERT INTO inventory_environment (slug, is_production) VALUES ('staging', false)")
        other.close()
        after = state.fetch(SLUGS)

    assert before == after == ["production"]
    assert Environment.objects.count() == 2


def test_statements_sent_together_cost_one_round_trip_with_begin_and_commit():
    Environment.objects.create(slug="production")

    with round_trips() as counted, one_state(using="default") as state:
        slugs, typed = state.fetch_together(SLUGS, Statement(lambda *row: row, BEGINNING, {"start": "pro"}), last=True)

    assert (slugs, typed) == (["production"], [("production", True)])
    assert counted.count == 1


def test_what_is_found_out_meanwhile_is_asked_behind_and_costs_no_round_trip_of_its_own():
    Environment.objects.create(slug="production")
    numbers = Statement(int, "SELECT generate_series(1, %(most)s::int)", {"most": 2})

    with round_trips() as counted, one_state(using="default") as state:
        along = state.along(numbers)
        asked = Statement(lambda *row: row, BEGINNING, {"start": "pro"})
        slugs, found = state.fetch_then(SLUGS, then=lambda: [asked])
        assert counted.count == 1

        assert (slugs, found, along.rows) == (["production"], [("production", True)], [1, 2])
        assert state.fetch_then(SLUGS, then=list) == [["production"]]


def test_what_fails_while_the_server_works_ends_the_state_and_the_next_is_another():
    with pytest.raises(ZeroDivisionError), one_state(using="default") as state:
        state.fetch_then(SLUGS, then=lambda: [SLUGS] * (1 // 0))

    with one_state(using="default") as state:
        assert state.fetch(SLUGS) == []


def test_plans_of_a_state_can_be_kept_from_a_statement_on_and_not_beyond_it():
    mode = Statement(str, "SELECT current_setting('plan_cache_mode')", {})

    with one_state(using="default", plans="custom") as state:
        before, _, after = state.fetch_together(mode, GENERIC_PLANS, mode, last=True)

    assert (before, after) == (["force_custom_plan"], ["force_generic_plan"])
    with connection.cursor() as cursor:
        cursor.execute(mode.sql)
        assert cursor.fetchone() == ("auto",)


@pytest.mark.parametrize("numbers", [[], [7], [1, 70_000, 2_147_483_647]])
def test_an_array_in_the_servers_own_form_is_read_as_it_was_given(numbers: list[int]):
    asked = Statement(
        lambda *row: row, "SELECT %(ids)s::int[], cardinality(%(ids)s::int[])", {"ids": sql_array(numbers)}
    )

    with one_state(using="default") as state:
        assert state.fetch(asked, last=True) == [(numbers, len(numbers))]


def test_a_value_is_never_read_as_sql():
    hostile = "'; DROP TABLE inventory_environment; -- %s \\"
    Environment.objects.create(slug=hostile)

    with one_state(using="default") as state:
        assert state.fetch(Statement(lambda slug, _: slug, BEGINNING, {"start": hostile})) == [hostile]
    assert Environment.objects.get().slug == hostile


def test_nothing_can_be_written():
    with pytest.raises(DatabaseError, match="read-only"), one_state(using="default") as state:
        state.fetch(Statement(str, "DELETE FROM inventory_environment RETURNING slug", {}))

    assert connection.connection.info.transaction_status.name == "IDLE"


def test_an_error_ends_the_transaction():
    def fail(slug: str) -> str:
        raise ZeroDivisionError(slug)

    Environment.objects.create(slug="production")
    with pytest.raises(ZeroDivisionError), one_state(using="default") as state:
        state.fetch(Statement(fail, SLUGS.sql, {}))

    assert connection.connection.info.transaction_status.name == "IDLE"


def test_it_is_refused_inside_a_transaction_whose_state_it_could_not_choose():
    with transaction.atomic(), pytest.raises(RuntimeError), one_state(using="default"):
        pytest.fail("it began inside a transaction")


def plans() -> dict[str, tuple[int, int]]:
    """Return how often each statement ran by the plan that is kept, and by one made for its values."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements")
        return {statement: (kept, made) for statement, kept, made in cursor.fetchall()}


def test_a_statement_is_planned_once_for_a_connection():
    for start in ("pro", "sta", "dev"):
        with one_state(using="default") as state:
            state.fetch(Statement(lambda *row: row, BEGINNING, {"start": start}))

    assert plans()[prepared(BEGINNING).text.decode()] == (3, 0)


def test_or_each_time_for_its_values_when_they_are_many():
    for start in ("pro", "sta", "dev"):
        with one_state(using="default", plans="custom") as state:
            state.fetch(Statement(lambda *row: row, f"{BEGINNING} AND true", {"start": start}))

    assert plans()[prepared(f"{BEGINNING} AND true").text.decode()] == (0, 3)


ADD = Query(prepared("INSERT INTO inventory_environment (slug, is_production) VALUES (%(slug)s, false)"))


def added(*slugs: str) -> list[Query]:
    return [ADD._replace(values={"slug": slug}) for slug in slugs]


def read_and_add(*slugs: str, failing: bool = False) -> None:
    def work() -> list[Query]:
        if failing:
            raise ZeroDivisionError
        return added(*slugs)

    with one_state(using="default") as state:
        state.fetch_together(SLUGS, last=True, meanwhile=work)


def test_what_is_written_afterwards_travels_with_the_end():
    assert not Environment.objects.exists()
    with round_trips() as counted, one_state(using="default") as state:
        assert state.fetch_together(SLUGS, last=True, meanwhile=lambda: added("staging")) == [[]]
    assert counted.count == 1

    with one_state(using="default") as state:
        assert state.fetch(SLUGS) == ["staging"]
        assert state.fetch_together(last=True, meanwhile=lambda: added("test")) == []
    assert list(Environment.objects.order_by("slug").values_list("slug", flat=True)) == ["staging", "test"]


def test_what_is_written_afterwards_is_written_whole_or_not_at_all():
    with pytest.raises(DatabaseError):
        read_and_add("staging", "staging")

    assert not Environment.objects.exists()


def test_after_a_failure_nothing_is_written():
    with pytest.raises(ZeroDivisionError):
        read_and_add("staging", failing=True)
    assert connection.connection is None  # broken off between question and answer: nobody may read the rest

    assert not Environment.objects.exists()


def test_rows_of_the_last_are_there_before_what_is_written_with_them_is():
    Environment.objects.create(slug="production")
    seen: list[list[str]] = []

    with round_trips() as counted, one_state(using="default") as state:
        state.fetch_last(SLUGS, SLUGS, meanwhile=lambda: added("staging"), early=seen.extend)

    assert seen == [["production"], ["production"]]
    assert counted.count == 1
    assert Environment.objects.count() == 2


def test_rows_are_given_to_nobody_where_one_of_the_statements_fails():
    seen: list[object] = []
    failing = Statement(int, "SELECT 1 / %(zero)s::int", {"zero": 0})

    with pytest.raises(DatabaseError, match="division by zero"), one_state(using="default") as state:
        state.fetch_last(SLUGS, failing, meanwhile=lambda: added("staging"), early=seen.extend)

    assert seen == []
    assert not Environment.objects.exists()


def test_what_cannot_be_written_fails_whatever_was_done_with_the_rows():
    Environment.objects.create(slug="staging")
    seen: list[object] = []

    with pytest.raises(DatabaseError, match="unique"), one_state(using="default") as state:
        state.fetch_last(SLUGS, meanwhile=lambda: added("staging"), early=seen.extend)

    assert seen == [["staging"]]
    with one_state(using="default") as state:
        assert state.fetch(SLUGS) == ["staging"]


def test_what_fails_on_the_rows_writes_nothing_and_the_next_state_is_another():
    def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), one_state(using="default") as state:
        state.fetch_last(SLUGS, meanwhile=None, early=fail)

    with one_state(using="default") as state:
        assert state.fetch(SLUGS) == []
