"""What points of tracks hold is read once, and answers whether any of it is wanted."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from incidents.impact import contents, matching
from incidents.impact.assess import assess
from incidents.impact.contents import CONTENTS, Contents, KeptContents, contents_statement
from incidents.impact.question import Question
from incidents.pasted import parse_text
from inventory.graph.one_state import one_state
from inventory.models import Presence, Running
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, later, report, submit
from tests.remembered import forget_everything
from tests.round_trips import round_trips

Rows = list[tuple[int, int, bytes | None]]


def rows_of(held: dict[int, list[int]]) -> Rows:
    return [
        (point >> 32, point & 0x7FFFFFFF, b"".join(number.to_bytes(4) for number in numbers) or None)
        for point, numbers in held.items()
    ]


def longs(numbers: Any) -> Any:
    return np.array(sorted(numbers), dtype=np.int64)


def flags(*numbers: int) -> Any:
    wanted = np.zeros(max(numbers, default=0) + 1, np.bool_)
    wanted[list(numbers)] = True
    return wanted


def test_a_point_holds_what_was_read_of_it_whatever_else_is_kept():
    pick = random.Random(3)
    kept = KeptContents()
    held: dict[int, list[int]] = {}
    for _ in range(100):
        new = {pick.randint(1, 9) << 32 | pick.randint(1, 40) for _ in range(pick.randint(0, 6))} - held.keys()
        read = {point: [pick.randint(1, 50) for _ in range(pick.randint(0, 4))] for point in new}
        held |= read
        found = kept.keep(rows_of(read), among=longs(held))
        asked = longs(pick.sample(sorted(held), pick.randint(0, len(held))))
        wanted = {pick.randint(1, 80) for _ in range(pick.randint(0, 5))}

        assert found.missing(longs({*held, 5})).tolist() == [5]
        assert found.holding(asked, wanted=flags(*wanted)).tolist() == [
            not wanted.isdisjoint(held[point]) for point in asked.tolist()
        ]


def test_nothing_is_known_at_first():
    found = KeptContents().contents

    assert found.missing(longs([7, 8])).tolist() == [7, 8]
    assert found.holding(longs([]), wanted=flags(1)).tolist() == []


def test_what_is_too_much_is_not_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(contents, "_MOST_KEPT", 3)
    kept = KeptContents()

    kept.keep(rows_of({1: [1, 2], 2: [3]}), among=longs([1, 2]))
    assert kept.may_hold(longs([1, 2, 3]))
    found = kept.keep(rows_of({3: [4, 5]}), among=longs([2, 3]))  # the first is not asked for now

    assert found.at.tolist() == [2, 3]
    kept.keep(rows_of({4: [4, 5]}), among=longs([2, 3, 4]))
    assert kept.contents.at.tolist() == []
    assert not kept.may_hold(longs([2, 3, 4]))
    assert kept.may_hold(longs([2, 3]))


@pytest.fixture
def estate(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three services, each of one image; every question is a long list."""
    forget_everything()
    monkeypatch.setattr(matching, "MANY_CANDIDATES", -1)
    for number in range(3):
        submit("shop", cyclonedx(f"pkg:npm/left@1.{number}.0", subject=digest(str(number)), name=f"app-{number}"))
        run(number)


def run(number: int) -> None:
    report("shop", deployment(digest=digest(str(number)), workload=f"Deployment/w{number}"), at=later(number))


def cleared_count() -> int:
    question = Question(parse_text("pkg:npm/left@1.0.0\npkg:npm/right@1.0.0"))
    return assess(question, actor=SEES_ALL, at=later(60)).header.summary.cleared.artifact_count


def test_each_point_that_runs_is_read_once(estate: None):
    assert cleared_count() == 2
    with round_trips() as first:
        assert cleared_count() == 2

    submit("shop", cyclonedx("pkg:npm/left@1.3.0", subject=digest("3"), name="app-0"))
    run(3)
    with round_trips() as changed:
        assert cleared_count() == 3
    with round_trips() as again:
        assert cleared_count() == 3

    assert changed.count == first.count + 1
    assert again.count == first.count


def test_a_process_reads_before_anybody_asks_what_runs(estate: None):
    CONTENTS.read_all(using="default")

    known = {(point >> 32, point & 0x7FFFFFFF) for point in CONTENTS.contents.at.tolist()}
    assert known == set(Running.objects.values_list("track_id", "seq"))
    assert len(CONTENTS.contents.components) == 3


def test_what_a_point_holds_is_what_presence_says(estate: None):
    submit("shop", cyclonedx("pkg:npm/left@1.0.0", "pkg:npm/other@2", subject=digest("9"), name="app-0"))
    tracks = sorted(set(Presence.objects.values_list("track_id", flat=True)))
    points = longs([track << 32 | seq for track in tracks for seq in (1, 2)])

    with one_state(using="default") as state:
        rows = state.fetch(contents_statement(points))

    for track, seq, held in rows:
        expected = Presence.objects.filter(track=track, from_seq__lte=seq, to_seq__gt=seq)
        numbers = {int.from_bytes((held or b"")[place : place + 4]) for place in range(0, len(held or b""), 4)}
        assert numbers == set(expected.values_list("component_id", flat=True))
    assert Contents(longs([]), longs([]), np.zeros(0, np.int32)).with_rows(rows).at.tolist() == points.tolist()
