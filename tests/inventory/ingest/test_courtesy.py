"""Questions go first: what a worker waits for while somebody is answered, and that it never waits for long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

import supplychain.exchange
from incidents.asking import read_incident_question
from incidents.impact import assess
from inventory.ingest import courtesy, process, queue_sql, upsert
from inventory.ingest.courtesy import (
    BEHIND_SECONDS,
    CALM_SECONDS,
    COURTESY,
    LOOK_SECONDS,
    RECENT_SECONDS,
    WAIT_SECONDS,
    Courtesy,
    give_way,
)
from inventory.models import Evidence, EvidenceState, State
from supplychain.database.asked import IS_MARKED, MARK
from supplychain.exchange import Query, exchange, to_int
from tests.factories import SEES_ALL, START, cyclonedx, digest, store

ASKED_BESIDE_WORK, ASKED_ALONE, NOT_ASKED = (True, False), (True, True), (False, False)
TAKE_THE_PLACE = f"SELECT pg_advisory_lock({queue_sql.BESIDE}, 1)"


class Clock:
    """A clock that only pauses move, and what is seen at each look."""

    def __init__(self, seen: Callable[[float], tuple[bool, bool]]) -> None:
        self.now, self.looks, self._seen = 0.0, 0, seen

    def look(self) -> tuple[bool, bool]:
        self.looks += 1
        return self._seen(self.now)

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def waited(self, *, seen_before: float = 0.0) -> float:
        """Give way, and return for how long; a question was seen so many seconds ago."""
        begun, known = self.now, Courtesy()
        known.note(is_asked=True, at=begun - seen_before)
        give_way(self.look, courtesy=known, clock=lambda: self.now, pause=self.pause)
        return self.now - begun


def test_one_document_goes_on_beside_questions_however_many_are_asked() -> None:
    assert Clock(lambda _at: ASKED_ALONE).waited() == 0.0


def test_a_second_one_waits_until_the_question_is_answered() -> None:
    clock = Clock(lambda at: ASKED_BESIDE_WORK if at < 0.3 else NOT_ASKED)

    assert 0.3 <= clock.waited() <= 0.3 + CALM_SECONDS + 2 * LOOK_SECONDS


def test_a_second_one_begins_when_the_first_has_ended() -> None:
    clock = Clock(lambda at: ASKED_BESIDE_WORK if at < 0.3 else ASKED_ALONE)

    assert clock.waited() <= 0.3 + LOOK_SECONDS


def test_between_two_questions_of_one_asker_it_goes_on_waiting() -> None:
    clock = Clock(lambda at: ASKED_BESIDE_WORK if at % (CALM_SECONDS / 2) < LOOK_SECONDS else NOT_ASKED)

    assert clock.waited() >= WAIT_SECONDS


def test_who_saw_a_question_lately_looks_for_a_moment_and_who_saw_none_does_not_look() -> None:
    lately, long_ago = Clock(lambda _at: NOT_ASKED), Clock(lambda _at: ASKED_BESIDE_WORK)

    assert CALM_SECONDS <= lately.waited(seen_before=RECENT_SECONDS / 2) <= CALM_SECONDS + 2 * LOOK_SECONDS
    assert long_ago.waited(seen_before=RECENT_SECONDS) == 0.0
    assert long_ago.looks == 0


def test_a_mark_that_stays_holds_no_document_longer_than_the_bound() -> None:
    clock = Clock(lambda _at: ASKED_BESIDE_WORK)

    waits = [clock.waited() for _ in range(10)]

    assert max(waits) <= WAIT_SECONDS + LOOK_SECONDS


def test_where_the_queue_is_behind_nobody_gives_way_until_it_has_caught_up() -> None:
    known = Courtesy()
    known.note_document(is_crowded=True, waited=timedelta(), at=1.0)
    assert known.is_called_for(at=1.0)

    known.note_document(is_crowded=True, waited=timedelta(seconds=BEHIND_SECONDS * 1.1), at=1.1)
    assert not known.is_called_for(at=1.1)

    known.note_document(is_crowded=True, waited=timedelta(seconds=BEHIND_SECONDS * 0.9), at=1.2)
    assert known.is_called_for(at=1.2)


@contextmanager
def beside_us() -> Iterator[Any]:
    """Yield the cursor of another connection."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            yield cursor
    finally:
        other.close()


@contextmanager
def another(*statements: str) -> Iterator[int]:
    """Let another connection begin a transaction with these statements, and yield its server process."""
    with beside_us() as cursor:
        cursor.execute("BEGIN")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SELECT pg_backend_pid()")
        yield cursor.fetchone()[0]
        with suppress(OperationalError):  # the server ended it
            cursor.execute("ROLLBACK")


def is_asked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {IS_MARKED}")
        return bool(cursor.fetchone()[0])


def documents(count: int, *, is_behind: bool = False) -> list[Evidence]:
    """Store documents that came in just now, however slow the machine, or long ago."""
    upsert.forget_all()
    at = START if is_behind else timezone.now() + timedelta(minutes=20)
    sent = [
        store("a", cyclonedx(f"pkg:npm/p{number}@1", subject=digest(f"{number}")), at=at) for number in range(count)
    ]
    EvidenceState.objects.update(queued_at=START)
    return sent


def states_of(evidence: list[Evidence]) -> set[str]:
    return set(EvidenceState.objects.filter(pk__in=[one.pk for one in evidence]).values_list("state", flat=True))


@pytest.mark.django_db(transaction=True)
def test_two_questions_at_once_do_not_wait_for_each_other_and_both_must_end() -> None:
    with another(MARK):
        with another(MARK):
            assert is_asked()
        assert is_asked()
    assert not is_asked()


@pytest.mark.django_db(transaction=True)
def test_to_look_leaves_nothing_that_a_question_could_wait_for() -> None:
    assert not is_asked()

    with another("SET lock_timeout = '1ms'", MARK):
        assert is_asked()


@pytest.mark.django_db(transaction=True)
def test_a_question_that_dies_leaves_no_mark() -> None:
    with another(MARK) as server_process:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [server_process])

        assert not is_asked()


@pytest.mark.django_db(transaction=True)
def test_a_look_tells_of_a_question_and_of_a_document_in_work() -> None:
    def look() -> tuple[int, int]:
        [[row]] = exchange([Query(queue_sql.LOOK, {"beside": 1})])
        asked, is_free = map(to_int, row)
        return asked, is_free

    assert look() == (0, 1)
    with another(MARK):
        assert look() == (1, 1)
        with another(TAKE_THE_PLACE):
            assert look() == (1, 0)


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_a_worker_that_is_alone_works_through_its_queue_in_one_go_while_questions_are_asked() -> None:
    sent = documents(3)

    with another(MARK):
        assert process.work_for(600.0) is False

    assert states_of(sent) == {State.APPLIED}


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Query]:
    """The looks of a worker that has just started, and that waits for nobody longer than for one look."""
    seen = list[Query]()

    def look(queries: list[Query]) -> Any:
        seen.extend(queries)
        return exchange(queries)

    monkeypatch.setattr(courtesy, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(courtesy, "exchange", look)
    monkeypatch.setattr(COURTESY, "_seen_at", float("-inf"))
    return seen


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_a_worker_beside_another_works_through_its_queue_too_though_the_question_never_ends(looks: list[Query]) -> None:
    sent = documents(3)

    with another(MARK), another(TAKE_THE_PLACE):
        assert process.work_for(600.0) is False

    assert states_of(sent) == {State.APPLIED}
    assert len(looks) == len(sent), "behind each document; before the first it knew of no question"


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_without_questions_a_worker_beside_another_does_not_look(looks: list[Query]) -> None:
    sent = documents(3)

    with another(TAKE_THE_PLACE):
        process.work_for(600.0)

    assert states_of(sent) == {State.APPLIED}
    assert looks == []


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_what_waited_long_is_worked_through_in_one_go_whatever_is_asked(looks: list[Query]) -> None:
    sent = documents(3, is_behind=True)

    with another(MARK), another(TAKE_THE_PLACE):
        process.work_for(600.0)

    assert states_of(sent) == {State.APPLIED}
    assert looks == []


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_where_documents_are_not_bounded_no_worker_gives_way(looks: list[Query], settings: Any) -> None:
    settings.DOCUMENTS_BESIDE_QUESTIONS = 0
    sent = documents(3)

    with another(MARK), another(TAKE_THE_PLACE):
        process.work_for(600.0)

    assert states_of(sent) == {State.APPLIED}
    assert looks == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_audited", [True, False])
def test_who_is_answered_is_marked_and_what_a_worker_asks_by_itself_is_not(
    is_audited: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = read_incident_question({"text": "pkg:npm/left@1"}).question
    seen = list[bool]()
    with beside_us() as beside:

        def look(_sql: Iterable[str], _seconds: float) -> None:
            beside.execute(f"SELECT {IS_MARKED}")
            seen.append(bool(beside.fetchone()[0]))

        monkeypatch.setattr(supplychain.exchange, "_listeners", [look])
        assess(question, actor=SEES_ALL, at=timezone.now(), audited=is_audited)

    assert any(seen) is is_audited
    assert not is_asked()
