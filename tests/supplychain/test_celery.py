"""What a worker's tasks share: the connections to the database, as long as they hold."""

import pytest
from celery.fixups.django import DjangoFixup
from django.db import connection, connections

from inventory.tasks import sweep
from supplychain.celery import app, look_after_connections

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept():
    """The connection as a worker has it (supplychain/database/addresses.py), whatever the tests' own kind is."""
    connection.close()
    given = connection.settings_dict
    before = {name: given[name] for name in ("CONN_MAX_AGE", "CONN_HEALTH_CHECKS")}
    given.update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
    yield connection
    given.update(before)
    connection.close()


@pytest.fixture
def in_a_task():
    """Begin and end a task as a worker does, and return the server process that it talked to."""
    worker = DjangoFixup(app).worker_fixup

    def talk():
        worker.on_task_prerun(sender=sweep)
        look_after_connections(task=sweep)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        worker.on_task_postrun(sender=sweep)
        return pid

    return talk


def test_a_task_goes_on_with_the_connection_of_the_one_before(kept, in_a_task):
    assert in_a_task() == in_a_task()


def test_a_connection_that_the_server_ended_meanwhile_is_replaced_before_the_task(kept, in_a_task):
    first = in_a_task()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    other.close()

    assert in_a_task() != first


def test_a_connection_is_replaced_when_it_is_old(kept, in_a_task):
    first = in_a_task()
    kept.close_at = 0.0

    assert in_a_task() != first
