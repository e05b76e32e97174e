"""The web process' connections: which is taken, and whether it lives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from supplychain.database.engine import pool as pooling
from supplychain.database.engine.base import DatabaseWrapper
from supplychain.database.engine.pool import LatestFirstPool
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pool() -> Iterator[LatestFirstPool]:
    given = {**connections["default"].get_connection_params(), "autocommit": True}
    with LatestFirstPool(kwargs=given, min_size=1, max_size=3, check=pooling.check, open=False) as opened:
        yield opened


def pid(taken: psycopg.Connection[Any]) -> int:
    return taken.info.backend_pid


def take(pool: LatestFirstPool) -> int:
    """Take a connection, put it back, and return whose it is."""
    with pool.connection() as taken:
        return pid(taken)


def test_the_connection_used_last_is_used_next(pool: LatestFirstPool):
    first, second, third = (pool.getconn() for _ in range(3))
    for taken in (second, first, third):
        pool.putconn(taken)

    assert [take(pool), take(pool)] == [pid(third)] * 2
    assert [pid(pool.getconn()) for _ in range(3)] == [pid(third), pid(first), pid(second)]


def test_a_living_connection_is_not_asked_each_time(pool: LatestFirstPool):
    take(pool)

    with round_trips() as counted:
        pool.putconn(pool.getconn())
    assert counted.count == 0


def test_a_connection_that_nobody_asked_for_a_while_is_asked(pool: LatestFirstPool, monkeypatch: pytest.MonkeyPatch):
    take(pool)
    monkeypatch.setattr(pooling, "ASKED_EVERY_SECONDS", 0.0)

    with round_trips() as counted:
        pool.putconn(pool.getconn())
    assert counted.count == 1


def test_a_connection_that_the_server_ended_is_replaced_before_anybody_uses_it(pool: LatestFirstPool):
    take(pool)
    ended = take(pool)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
        assert cursor.fetchone() == (True,)

    with pool.connection() as taken:
        assert taken.execute("SELECT pg_backend_pid()").fetchone() == (pid(taken),)
        assert pid(taken) != ended


def test_the_web_process_has_this_pool():
    settings = connection.settings_dict
    options = {**settings["OPTIONS"], "pool": {"min_size": 1, "max_size": 3}}
    wrapper = DatabaseWrapper({**settings, "OPTIONS": options, "CONN_MAX_AGE": 0}, alias="pooled")
    try:
        assert isinstance(wrapper.pool, LatestFirstPool)
        assert DatabaseWrapper(wrapper.settings_dict, alias="pooled").pool is wrapper.pool
    finally:
        wrapper.close_pool()
