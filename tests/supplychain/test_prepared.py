"""What a new connection learns of the statements that the process has asked before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import ProgrammingError, connection

from supplychain import prepared
from supplychain.access.models import Team
from supplychain.database.engine.base import DatabaseWrapper
from supplychain.exchange import Query, Statement, exchange

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = Statement("SELECT count(*) FROM access_team WHERE slug = %(slug)s")
ADD = Statement("INSERT INTO access_team (slug, name, created_at) VALUES (%(slug)s, %(slug)s, now())")
LATER = Statement("SELECT %(slug)s::text || '!'")
ASKED = {"slug": "shop"}


@pytest.fixture
def pooled(monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseWrapper]:
    """The connection of a web process that has asked nothing yet."""
    monkeypatch.setattr(prepared, "_asked", {})
    settings = connection.settings_dict
    options = {**settings["OPTIONS"], "pool": {"min_size": 1, "max_size": 3}}
    wrapper = DatabaseWrapper({**settings, "OPTIONS": options, "CONN_MAX_AGE": 0}, alias="default")
    try:
        yield wrapper
    finally:
        wrapper.close()
        wrapper.close_pool()


def plans(wrapper: DatabaseWrapper) -> dict[str, int]:
    """Return the statements that a connection has prepared, and how many plans for any values each has."""
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT name, generic_plans FROM pg_prepared_statements")
        return dict(cursor.fetchall())


def name(statement: Statement) -> str:
    return statement.name.decode()


def test_a_new_connection_has_planned_what_the_process_has_asked_and_done_none_of_it(pooled: DatabaseWrapper):
    exchange([Query(COUNT, ASKED), Query(ADD, ASKED)])

    assert plans(pooled) == {name(COUNT): 1, name(ADD): 1}
    assert Team.objects.filter(slug="shop").count() == 1


def test_what_is_learnt_is_not_prepared_again(pooled: DatabaseWrapper):
    exchange([Query(COUNT, ASKED)])
    pooled.ensure_connection()
    raw = pooled.connection

    assert prepared.known_to(raw) == {COUNT.name}
    with pytest.raises(ProgrammingError, match="already exists"), pooled.wrap_database_errors:
        raw.execute(f'PREPARE "{name(COUNT)}" AS SELECT 1')


def test_a_statement_that_no_longer_fits_the_tables_spoils_no_connection(pooled: DatabaseWrapper):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE gone_soon (id int)")
        gone = Statement("SELECT id FROM gone_soon")
        exchange([Query(COUNT, ASKED), Query(gone), Query(LATER, ASKED)])
        cursor.execute("DROP TABLE gone_soon")

    assert plans(pooled).keys() == {name(COUNT)}
    assert prepared.known_to(pooled.connection) == {COUNT.name}


def test_a_process_that_has_asked_nothing_teaches_nothing(pooled: DatabaseWrapper):
    assert plans(pooled) == {}


def test_as_many_are_learnt_as_there_is_room_for(pooled: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prepared, "MOST", 1)
    exchange([Query(COUNT, ASKED), Query(LATER, ASKED)])

    assert plans(pooled).keys() == {name(COUNT)}
