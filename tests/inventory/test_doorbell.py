"""A worker that listens is woken without a message; whatever goes wrong with that, no document is lost."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from celery import current_app
from redis.exceptions import ConnectionError as NoBrokerError

from inventory import doorbell, tasks
from inventory.ingest import upsert
from inventory.models import Evidence, EvidenceState
from tests.factories import cyclonedx, digest, store

LONG, SHORT = 20.0, 0.05
_KEYS = (doorbell.LISTENING, doorbell.RUNG, "celery", "live", "notify")


@pytest.fixture
def broker() -> Iterator[Any]:
    """The broker, in which nobody rang and nobody listens."""
    if "REDIS_URL" not in os.environ:
        pytest.skip("needs a broker: ./run test")
    with current_app.producer_or_acquire() as producer:
        client = producer.channel.client
        client.delete(*_KEYS)
        yield client
        client.delete(*_KEYS)


@pytest.fixture
def ears() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def listens(broker: Any, ears: ThreadPoolExecutor, *, count: int = 1) -> list[Future[bool]]:
    """Have so many listen for long, and wait until they do."""
    found = [ears.submit(doorbell.is_rung, LONG) for _ in range(count)]
    deadline = time.monotonic() + LONG / 2
    while broker.llen(doorbell.LISTENING) < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


def test_where_nobody_listens_a_message_must_be_sent(broker: Any) -> None:
    assert not doorbell.is_heard()


def test_who_listens_is_woken_by_a_ring_without_a_message(broker: Any, ears: ThreadPoolExecutor) -> None:
    [ear] = listens(broker, ears)

    assert doorbell.is_heard()

    assert ear.result(timeout=LONG / 2)
    assert broker.llen("celery") == 0


def test_each_ring_wakes_another_and_the_third_finds_nobody(broker: Any, ears: ThreadPoolExecutor) -> None:
    listening = listens(broker, ears, count=2)

    assert [doorbell.is_heard() for _ in range(3)] == [True, True, False]

    assert all(ear.result(timeout=LONG / 2) for ear in listening)


def test_who_has_stopped_listening_is_rung_for_by_a_message(broker: Any) -> None:
    assert not doorbell.is_rung(SHORT)

    assert not doorbell.is_heard()


def test_a_ring_in_the_last_moment_of_listening_counts(broker: Any) -> None:
    broker.rpush(doorbell.LISTENING, b"1")
    assert doorbell.is_heard()

    assert doorbell._taken_back(broker)

    assert broker.llen(doorbell.RUNG) == 0


@pytest.mark.parametrize("queue", ["celery", "live", "notify"])
def test_nobody_listens_while_a_message_waits_for_a_worker(broker: Any, queue: str) -> None:
    broker.rpush(queue, b"{}")
    begun = time.monotonic()

    assert not doorbell.is_rung(LONG)

    assert time.monotonic() - begun < LONG / 2
    assert broker.llen(doorbell.LISTENING) == 0


def test_who_died_listening_is_taken_to_be_awake_for_a_second_at_most(broker: Any, ears: ThreadPoolExecutor) -> None:
    [ear] = listens(broker, ears)

    assert 0 < broker.pttl(doorbell.LISTENING) <= 1_000

    doorbell.is_heard()
    assert ear.result(timeout=LONG / 2)


def test_messages_that_wait_already_are_enough(broker: Any) -> None:
    broker.rpush("celery", *[b"{}"] * (doorbell.RINGS_ENOUGH - 1))
    assert not doorbell.is_heard()
    broker.rpush("celery", b"{}")

    assert doorbell.is_heard()


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_what_comes_while_a_task_listens_is_applied_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    upsert.forget_all()
    late = list[Evidence]()

    def rung() -> bool:
        if late:
            return False
        late.append(store("a", cyclonedx("pkg:npm/left@1", subject=digest("late"))))
        return True

    monkeypatch.setattr(doorbell, "is_rung", rung)
    monkeypatch.setattr(tasks.process_evidence, "delay", lambda: pytest.fail("it rang for a task"))

    tasks.process_evidence()

    assert EvidenceState.objects.get(evidence=late[0]).state == "applied"


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_a_task_ends_with_its_turn_and_rings_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    rung = list[None]()
    monkeypatch.setattr(doorbell, "is_rung", lambda: True)
    monkeypatch.setattr(tasks, "TURN_SECONDS", SHORT)
    monkeypatch.setattr(tasks.process_evidence, "delay", lambda: rung.append(None))

    tasks.process_evidence()

    assert rung == [None]


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_a_task_ends_where_the_broker_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> bool:
        raise NoBrokerError

    monkeypatch.setattr(doorbell, "is_rung", away)

    tasks.process_evidence()

    assert "nobody listens" in caplog.text
