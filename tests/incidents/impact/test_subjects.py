"""What a process keeps of all snapshots' subjects is what the reader's state of the database holds, whoever writes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection, connections

from incidents.impact.assess import assess
from incidents.impact.columns import points_of
from incidents.impact.question import Question
from incidents.impact.remembered import marks_statement
from incidents.impact.subjects import NO_SUBJECTS, SUBJECTS, Changed, KeptSubjects, Snapshot, Subjects
from incidents.pasted import parse_text
from inventory.graph.one_state import OneState, one_state
from inventory.models import Snapshot as StoredSnapshot
from inventory.models import SnapshotSubject, SubjectBlock
from tests.factories import SEES_ALL, cyclonedx, digest, later, submit

Pairs = list[tuple[int, int, int]]
"""(track, seq, artifact)"""


def pairs(subjects: Subjects) -> Pairs:
    at = subjects.at.tolist()
    return [(point >> 32, point & 0x7FFFFFFF, one) for point, one in zip(at, subjects.artifacts.tolist(), strict=True)]


def stored() -> Pairs:
    return sorted(SnapshotSubject.objects.values_list("track_id", "seq", "artifact_id"))


def read(state: OneState, kept: KeptSubjects) -> tuple[Subjects, int]:
    """Read the subjects of a state as an answer does; and how many blocks the statement brought."""
    asked = kept.ask(using="default")
    marks, changed = state.along(marks_statement()), state.along(asked.statement)
    state.fetch_together()
    reader = asked.reader(changed.rows, generation=marks.rows[0].generation, state=state)
    state.fetch_together()
    return reader(), len(changed.rows[0].tracks)


def now(kept: KeptSubjects) -> tuple[Pairs, int]:
    with one_state(using="default") as state:
        subjects, blocks = read(state, kept)
    return pairs(subjects), blocks


def column(numbers: list[int]) -> Any:
    return np.array(numbers, dtype=np.int32)


def test_blocks_take_the_place_of_what_there_was_of_them():
    pick = random.Random(4)
    blocks: dict[tuple[int, int], Pairs] = {}
    subjects = NO_SUBJECTS
    for _ in range(200):
        changed = sorted({(pick.randint(1, 5), pick.randint(0, 3)) for _ in range(pick.randint(0, 4))})
        for track, block in changed:
            seqs = sorted(pick.choices(range(block << 8, (block + 1) << 8), k=pick.randint(0, 3)))
            blocks[track, block] = [(track, seq, pick.randint(1, 9)) for seq in seqs]
        added = [pair for key in changed for pair in blocks[key]]
        subjects = subjects.with_blocks(
            Changed(
                "",
                Snapshot(1, 1, 0),
                column([track for track, _ in changed]),
                column([block for _, block in changed]),
                points_of(column([track for track, _, _ in added]), column([seq for _, seq, _ in added])),
                column([artifact for _, _, artifact in added]),
            )
        )
        assert pairs(subjects) == [pair for key in sorted(blocks) for pair in blocks[key]]


@pytest.mark.parametrize(
    ("one", "other", "may_be_after"),
    [
        ((5, 9, 2), (5, 9, 2), False),
        ((5, 9, 1), (5, 9, 2), True),
        ((5, 9, 3), (5, 9, 2), False),
        ((9, 9, 0), (5, 10, 2), False),
        ((5, 11, 4), (9, 10, 1), True),
        ((9, 9, -1), (9, 9, -1), False),
        ((9, 9, -1), (5, 9, -1), True),
        ((5, 9, -1), (5, 9, -1), True),
    ],
    ids=[
        "the same", "one more has come", "one less had come", "earlier", "later",
        "standby, all have come", "standby, more may have come", "standby, nobody can tell",
    ],
)  # fmt: skip
def test_which_of_two_states_may_be_the_later_one(
    one: tuple[int, int, int], other: tuple[int, int, int], may_be_after: bool
):
    assert Snapshot(*one).may_be_after(Snapshot(*other)) is may_be_after


@pytest.fixture
def kept(transactional_db: None) -> KeptSubjects:
    for name in ("a", "b"):
        submit("shop", cyclonedx("pkg:npm/left@1", subject=digest(name), name=name))
    return KeptSubjects()


def test_only_what_changed_since_is_read(kept: KeptSubjects):
    assert now(kept) == (stored(), SubjectBlock.objects.count())
    assert now(kept) == (stored(), 0)

    submit("bank", cyclonedx("pkg:npm/right@1", subject=digest("c"), name="c"))

    assert now(kept) == (stored(), 1)
    assert now(kept) == (stored(), 0)


def test_what_goes_and_what_moves_goes_from_what_is_kept(kept: KeptSubjects):
    now(kept)
    first = SnapshotSubject.objects.order_by("pk")[0]

    SnapshotSubject.objects.filter(pk=first.pk).update(seq=1000)
    assert now(kept)[0] == stored()
    SnapshotSubject.objects.filter(pk=first.pk).delete()
    assert now(kept)[0] == stored()


@contextmanager
def another_connection() -> Iterator[Any]:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            yield cursor
    finally:
        other.close()


def elsewhere(work: Callable[[], Pairs]) -> Pairs:
    """Do it on another thread, which has a connection of its own."""

    def done() -> Pairs:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done).result()


def add_row(cursor: Any, *, seq: int) -> None:
    snapshot = StoredSnapshot.objects.order_by("pk")[0]
    cursor.execute(
        "INSERT INTO inventory_snapshotsubject (snapshot_id, artifact_id, track_id, seq, kind, source, confidence) "
        "SELECT snapshot_id, artifact_id, track_id, %s, kind, source, confidence FROM inventory_snapshotsubject "
        "WHERE snapshot_id = %s LIMIT 1",
        [seq, snapshot.pk],
    )


def test_who_began_early_and_ended_late_is_not_missed(kept: KeptSubjects):
    """Numbers of transactions are given at their beginning: later ones are there before an earlier one."""
    with another_connection() as cursor:
        cursor.execute("BEGIN")
        add_row(cursor, seq=700)
        submit("bank", cyclonedx("pkg:npm/right@1", subject=digest("c"), name="c"))
        assert now(kept)[0] == stored()
        submit("bank", cyclonedx("pkg:npm/right@2", subject=digest("c"), name="c"))
        assert now(kept)[0] == stored()
        cursor.execute("COMMIT")

    assert any(seq == 700 for _, seq, _ in stored())
    assert now(kept)[0] == stored()
    assert now(kept) == (stored(), 0)


def test_a_state_that_began_earlier_does_not_see_what_a_later_one_read(kept: KeptSubjects):
    before = stored()
    with one_state(using="default") as early:
        early.fetch(marks_statement())  # from here on it is what it is

        def read_later() -> Pairs:
            submit("bank", cyclonedx("pkg:npm/right@1", subject=digest("c"), name="c"))
            return now(kept)[0]

        assert elsewhere(read_later) == elsewhere(stored) != before

        assert pairs(read(early, kept)[0]) == before
    assert now(kept) == (stored(), 0)


def test_numbers_of_another_count_of_transactions_are_read_once(kept: KeptSubjects):
    """A restored database brings them: none of this server's transactions had them yet."""
    SubjectBlock.objects.update(changed_in=2**60)

    assert now(kept) == (stored(), SubjectBlock.objects.count())
    assert now(kept) == (stored(), 0)
    submit("shop", cyclonedx("pkg:npm/left@2", subject=digest("a"), name="a"))
    assert now(kept) == (stored(), 1)


def test_a_repair_reaches_what_is_kept(kept: KeptSubjects):
    SubjectBlock.objects.update(artifacts=b"", seqs=b"")
    assert now(kept)[0] == []

    call_command("verify_running", "--repair")

    assert now(kept)[0] == stored()


def test_a_table_that_was_emptied_is_read_anew(kept: KeptSubjects):
    now(kept)
    call_command("flush", interactive=False, verbosity=0)

    assert now(kept)[0] == []


def test_a_server_that_was_started_again_is_asked_for_all_of_it(kept: KeptSubjects, monkeypatch: pytest.MonkeyPatch):
    """After a crash it gives numbers again that it had given before to what never ended."""
    now(kept)
    monkeypatch.setattr(
        kept, "_states", {name: state._replace(generation="another start") for name, state in kept._states.items()}
    )
    SubjectBlock.objects.update(changed_in=0)

    assert now(kept)[0] == stored()
    assert now(kept) == (stored(), 0)


def test_an_answer_finds_what_came_a_moment_ago(transactional_db: None):
    question = Question(parse_text("pkg:npm/left@1"))
    SUBJECTS.forget()
    for count in range(1, 4):
        submit("shop", cyclonedx("pkg:npm/left@1", subject=digest(str(count)), name="app"))
        found = assess(question, actor=SEES_ALL, at=later(1))
        assert found.header.summary.affected.artifact_count == count
