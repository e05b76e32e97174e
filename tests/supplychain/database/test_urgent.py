"""Connections for what a cluster waits for: there at once, or refused at once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from supplychain.database import urgent
from supplychain.database.urgent import DatabaseAwayError, UrgentConnections
from supplychain.exchange import Query, Statement

pytestmark = pytest.mark.django_db(transaction=True)

PID = Query(Statement("SELECT pg_backend_pid()"))
SLEEP = Query(Statement("SELECT pg_sleep(30)"))
NAP = Query(Statement("SELECT pg_sleep(0.5)"))
PREPARED = Query(Statement("SELECT statement FROM pg_prepared_statements"))
SETTING = Query(Statement("SELECT current_setting('plan_cache_mode'), current_setting('statement_timeout')"))


class Switch:
    """The way to the database, which can be cut."""

    def __init__(self) -> None:
        self.is_cut = False
        self.tried = 0

    def __call__(self) -> psycopg.Connection[Any]:
        self.tried += 1
        if self.is_cut:
            raise psycopg.OperationalError("connection refused")
        return urgent.connect()


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
def urgently(switch: Switch) -> Iterator[UrgentConnections]:
    opened = UrgentConnections(switch, size=2)
    yield opened
    switch.is_cut = False
    deadline = time.monotonic() + 20
    while opened._wanted and time.monotonic() < deadline:  # else one is opened behind the end
        time.sleep(0.02)
    opened.close()


def pid(urgently: UrgentConnections) -> int:
    [[row]] = urgently.ask([PID])
    return int(row[0])


def end(backend: int) -> None:
    """End a connection as a server does that goes down."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


def seconds_until_refused(urgently: UrgentConnections) -> float:
    begun = time.monotonic()
    with pytest.raises(DatabaseAwayError):
        urgently.ask([PID])
    return time.monotonic() - begun


def wait_until_back(urgently: UrgentConnections) -> None:
    deadline = time.monotonic() + 20
    while urgently.is_away:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_connection_serves_who_asks_in_turn_with_plans_that_are_kept(urgently, switch):
    assert len({pid(urgently) for _ in range(5)}) == 1
    assert switch.tried == 1
    assert urgently.ask([SETTING]) == [[("force_generic_plan", "900ms")]]


def test_a_connection_that_the_server_ended_is_replaced_without_a_word(urgently):
    ended = pid(urgently)
    end(ended)

    assert pid(urgently) != ended
    assert not urgently.is_away


def test_who_comes_while_the_database_is_away_waits_for_nothing(urgently, switch):
    ended = pid(urgently)
    switch.is_cut = True
    end(ended)

    seconds_until_refused(urgently)  # finds out
    tried = switch.tried

    assert urgently.is_away
    assert sum(seconds_until_refused(urgently) for _ in range(100)) < 1
    assert switch.tried - tried < 20  # one thread looks for it, not who asks


def test_as_soon_as_the_database_is_back_it_is_asked(urgently, switch):
    switch.is_cut = True
    seconds_until_refused(urgently)
    switch.is_cut = False

    wait_until_back(urgently)
    assert pid(urgently)


def test_a_statement_that_takes_too_long_is_refused_and_says_nothing_of_the_database(urgently):
    with pytest.raises(DatabaseAwayError):
        urgently.ask([SLEEP])

    assert not urgently.is_away
    assert pid(urgently)


def test_a_server_that_says_nothing_is_given_up_and_looked_for(urgently, monkeypatch):
    pid(urgently)
    monkeypatch.setattr(urgent, "ANSWER_SECONDS", 0.2)  # sooner than the server ends the statement

    with pytest.raises(DatabaseAwayError):
        urgently.ask([SLEEP])
    monkeypatch.undo()

    wait_until_back(urgently)
    assert pid(urgently)


def test_a_host_that_takes_connections_and_never_answers_is_away():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        given = dict(connections["default"].get_connection_params())
        given |= {"host": "127.0.0.1", "port": silent.getsockname()[1], "connect_timeout": 2}
        urgently = UrgentConnections(lambda: psycopg.Connection.connect(**given), size=2)

        assert seconds_until_refused(urgently) < 2
        assert urgently.is_away


def test_our_own_mistake_is_no_absence_and_costs_no_connection(urgently):
    backend = pid(urgently)

    with pytest.raises(psycopg.errors.UndefinedTable):
        urgently.ask([Query(Statement("SELECT * FROM nowhere"))])

    assert pid(urgently) == backend


def test_a_connection_opened_beside_another_knows_what_that_one_was_asked(urgently, switch):
    urgently.ask([SETTING])
    busy = threading.Thread(target=urgently.ask, args=([NAP],))
    busy.start()
    while urgently._idle:  # until it has taken the only one
        time.sleep(0.001)

    [prepared] = urgently.ask([PREPARED])
    busy.join()

    assert switch.tried == 2
    assert any("plan_cache_mode" in str(statement) for (statement,) in prepared)
