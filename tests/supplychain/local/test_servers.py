"""The embedded servers: started once for all who need them, adopted, recovered after a kill, stopped by the last."""

import contextlib
import os
import signal

import psycopg
import pytest
import redis
from broker import Valkey
from places import Home
from postgres import Postgres
from programs import children as children_of
from servers import servers


@pytest.fixture
def postgres(home):
    server = Postgres(home, durable=False)
    yield server
    server.stop()


def answers(postgres):
    with psycopg.connect(postgres.url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def test_starting_twice_gives_the_same_server(postgres, home):
    postgres.start()
    Postgres(home, durable=False).start()

    assert len({postgres._recorded_pid(), Postgres(home)._recorded_pid()}) == 1
    assert answers(postgres)


def test_data_survive_a_killed_server_whose_lock_files_were_left(postgres):
    postgres.start()
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        connection.execute("CHECKPOINT")

    for pid in postgres._living():
        with contextlib.suppress(ProcessLookupError):  # it ended with the one before it
            os.kill(pid, signal.SIGKILL)
    postgres.start()

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_an_interrupted_initialisation_is_done_again(postgres):
    draft = postgres._data.with_name(f"{postgres._data.name}.new")
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("half")

    postgres.start()

    assert answers(postgres)


def test_stop_ends_every_process(postgres):
    postgres.start()

    postgres.stop()

    assert postgres._living() == set()


def test_a_long_state_folder_gets_a_short_socket_folder(tmp_path):
    home = Home(tmp_path / ("long-" * 20))

    folder = home.sockets

    assert len(str(folder)) < 80
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.rmdir()


def test_the_last_user_stops_the_servers(home):
    with servers(home, durable=False) as first:
        with servers(home, durable=False) as second:
            assert (first.first, second.first) == (True, False)
        assert answers(Postgres(home))

    assert Postgres(home)._living() == set()


def test_named_servers_are_used_and_none_is_started(home, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")

    with servers(home) as given:
        environment = given.environment

    assert environment["DATABASE_URL"] == "postgresql://elsewhere/db"
    assert not (home.path / "postgres").exists()


def test_each_process_knows_its_own_address_of_the_database_alone(home):
    given = {"DATABASE_URL": "owner", "DATABASE_WEB_URL": "web", "DATABASE_WORKER_URL": "worker"}

    children = children_of(home, port=8000, environment=given)

    addresses = {child.name: {name: child.extra[name] for name in given} for child in children}
    assert addresses == {
        "web": {"DATABASE_URL": "web", "DATABASE_WEB_URL": "", "DATABASE_WORKER_URL": ""},
        "worker": {"DATABASE_URL": "worker", "DATABASE_WEB_URL": "", "DATABASE_WORKER_URL": ""},
        "beat": {"DATABASE_URL": "worker", "DATABASE_WEB_URL": "", "DATABASE_WORKER_URL": ""},
    }


def test_with_one_address_alone_every_process_uses_it(home):
    children = children_of(home, port=8000, environment={"DATABASE_URL": "owner"})

    assert {child.extra["DATABASE_URL"] for child in children} == {"owner"}


def test_the_broker_starts_once_and_stops(home):
    broker = Valkey(home, durable=False)
    broker.start()
    broker.start()
    client = redis.Redis(unix_socket_path=str(broker._socket))

    assert client.ping()
    broker.stop()
    with pytest.raises(redis.ConnectionError):
        client.ping()
