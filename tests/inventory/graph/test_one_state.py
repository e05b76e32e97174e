"""Questions that see one state of the database, however many round trips they take."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from inventory.graph.one_state import Statement, one_state, write_together
from inventory.models import Environment
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


def test_a_value_is_never_read_as_sql():
    hostile = "'; DROP TABLE inventory_environment; -- %s \\"
    Environment.objects.create(slug=hostile)

    with one_state(using="default") as state:
        assert state.fetch(Statement(lambda slug, _: slug, BEGINNING, {"start": hostile})) == [hostile]

    write_together(("UPDATE inventory_environment SET slug = %s", [hostile * 2]))
    assert Environment.objects.get().slug == hostile * 2


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


def test_what_is_written_together_is_written_whole_or_not_at_all():
    add = "INSERT INTO inventory_environment (slug, is_production) VALUES (%s, false)"

    with pytest.raises(DatabaseError):
        write_together((add, ["production"]), (add, ["production"]))
    assert not Environment.objects.exists()

    write_together((add, ["production"]), (add, ["staging"]))
    assert Environment.objects.count() == 2
