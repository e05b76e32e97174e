"""The interval algebra of one container: order of delivery must not matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.ingest.intervals import History, Interval, Reason, Run

DAY = datetime(2026, 11, 23, tzinfo=UTC)
A, B, C = 1, 2, 3


@dataclass(frozen=True)
class Seen:
    artifact: int
    at: int


@dataclass(frozen=True)
class Ended:
    artifact: int | None
    at: int


@dataclass(frozen=True)
class Row:
    artifact: int | None
    opened: int
    last_seen: int
    seen_count: int
    closed: int | None
    reason: str | None


Event = Seen | Ended


def minute(number: int) -> datetime:
    return DAY + timedelta(minutes=number)


def run(artifact: int | None, *, team: int = 1) -> Run:
    return Run(artifact, "docker.io/library/app", "1", team)


def deliver(events: list[Event] | tuple[Event, ...]) -> History:
    history = History()
    for event in events:
        if isinstance(event, Seen):
            history.observe(run(event.artifact), at=minute(event.at), by=event.at)
        else:
            history.end(run(event.artifact), at=minute(event.at), by=event.at)
    return history


def number(at: datetime) -> int:
    return int((at - DAY).total_seconds() // 60)


def rows(history: History) -> list[Row]:
    found = [
        Row(
            interval.run.artifact_id,
            number(interval.opened_at),
            number(interval.last_seen_at),
            interval.seen_count,
            None if interval.closed_at is None else number(interval.closed_at),
            interval.reason and str(interval.reason),
        )
        for interval in history.intervals
    ]
    return sorted(found, key=lambda row: (row.opened, row.seen_count, str(row.artifact)))


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Events at distinct instants, at most two sightings of a digest: what intervals remember exactly."""
    images = draw(st.permutations([A, A, B, B, C, C]))[: draw(st.integers(1, 6))]
    ends = draw(st.lists(st.sampled_from([A, B, C, None]), max_size=4))
    times = draw(st.permutations(range(1, len(images) + len(ends) + 1)))
    seen: list[Event] = [Seen(image, at) for image, at in zip(images, times, strict=False)]
    ended: list[Event] = [Ended(image, at) for image, at in zip(ends, times[len(images) :], strict=True)]
    return sorted(seen + ended, key=lambda event: event.at)


@given(histories(), st.data())
@settings(max_examples=600, deadline=None)
def test_any_order_of_delivery_gives_the_rows_of_delivery_in_order(events, data):
    shuffled = data.draw(st.permutations(events))

    assert rows(deliver(shuffled)) == rows(deliver(events))


@given(histories(), st.data())
@settings(max_examples=300, deadline=None)
def test_a_repeat_changes_nothing(events, data):
    shuffled = data.draw(st.permutations(events))
    repeats = data.draw(st.lists(st.sampled_from(events), min_size=1, max_size=3))

    assert rows(deliver([*shuffled, *repeats])) == rows(deliver(shuffled))


sightings = st.builds(Seen, st.sampled_from([A, B, C]), st.integers(0, 12))
ends = st.builds(Ended, st.sampled_from([A, B, C, None]), st.integers(0, 12))


@given(st.lists(sightings | ends, max_size=14))
@settings(max_examples=300, deadline=None)
def test_no_interval_has_a_negative_duration_and_one_at_most_is_open(events):
    found = rows(deliver(events))

    assert all(row.closed is None or row.opened <= row.closed for row in found)
    assert all(row.opened <= row.last_seen for row in found)
    assert all(row.closed is None or row.last_seen <= row.closed for row in found)
    assert sum(row.closed is None for row in found) <= 1


@given(st.lists(sightings | ends, max_size=14))
@settings(max_examples=300, deadline=None)
def test_delivery_in_order_never_overlaps(events):
    found = [row for row in rows(deliver(sorted(events, key=lambda event: event.at))) if row.opened != row.closed]

    assert all(a.closed is not None and a.closed <= b.opened for a, b in pairwise(found))


@given(st.lists(sightings, max_size=14, unique_by=lambda event: event.at))
@settings(max_examples=300, deadline=None)
def test_no_sighting_is_ever_lost(events):
    history = deliver(events)

    for event in events:
        assert any(
            interval.covers(minute(event.at)) and interval.run.artifact_id == event.artifact
            for interval in history.intervals
        )


def test_the_same_digest_extends_and_another_replaces():
    history = deliver([Seen(A, 0), Seen(A, 10), Seen(A, 20), Seen(B, 30)])

    assert rows(history) == [Row(A, 0, 20, 3, 30, "replaced"), Row(B, 30, 30, 1, None, None)]


def test_an_older_sighting_never_closes_a_newer_interval():
    history = deliver([Seen(B, 30), Seen(A, 10)])

    assert rows(history) == [Row(A, 10, 10, 1, 30, "replaced"), Row(B, 30, 30, 1, None, None)]


def test_an_older_sighting_of_the_same_digest_moves_the_start_back():
    assert rows(deliver([Seen(A, 30), Seen(A, 10)])) == [Row(A, 10, 30, 2, None, None)]


def test_a_rollback_is_a_new_interval():
    history = deliver([Seen(A, 0), Seen(B, 10), Seen(A, 20)])

    assert [(row.artifact, row.opened, row.closed) for row in rows(history)] == [(A, 0, 10), (B, 10, 20), (A, 20, None)]


def test_between_two_sightings_a_late_one_cuts_as_in_order():
    history = deliver([Seen(A, 0), Seen(A, 20), Seen(B, 10)])

    assert rows(history) == [
        Row(A, 0, 0, 1, 10, "replaced"),
        Row(B, 10, 10, 1, 20, "replaced"),
        Row(A, 20, 20, 1, None, None),
    ]


def test_between_many_sightings_a_late_one_is_laid_beside():
    history = deliver([Seen(A, 0), Seen(A, 5), Seen(A, 20), Seen(B, 10), Seen(B, 8)])

    assert rows(history) == [Row(A, 0, 20, 3, None, None), Row(B, 8, 10, 2, 20, "replaced")]


def test_an_end_before_its_start_waits_for_it():
    history = deliver([Ended(A, 10), Seen(A, 0)])

    assert rows(history) == [Row(A, 0, 0, 1, 10, "ended")]


def test_an_end_of_another_digest_closes_nothing():
    history = deliver([Seen(A, 0), Ended(B, 10)])

    assert Row(A, 0, 0, 1, None, None) in rows(history)


def test_an_end_without_a_digest_ends_whatever_ran():
    history = deliver([Seen(A, 0), Ended(None, 10), Seen(A, 20)])

    assert rows(history) == [Row(A, 0, 0, 1, 10, "ended"), Row(A, 20, 20, 1, None, None)]


def test_an_earlier_end_delivered_later_moves_the_end():
    found = rows(deliver([Seen(A, 0), Ended(A, 30), Ended(A, 10)]))

    assert Row(A, 0, 0, 1, 10, "ended") in found


def test_of_equal_instants_the_later_delivered_wins_and_its_loser_can_be_repeated():
    history = deliver([Seen(A, 0), Seen(B, 0), Seen(A, 0)])

    assert [(row.artifact, row.opened, row.closed) for row in rows(history)] == [(A, 0, 0), (B, 0, None)]


def test_another_team_is_another_interval():
    history = History()
    history.observe(run(A, team=1), at=minute(0), by=1)
    history.observe(run(A, team=2), at=minute(5), by=2)

    assert [(interval.run.team_id, interval.closed_at) for interval in history.intervals] == [(1, minute(5)), (2, None)]


def test_without_digests_the_reference_tells_images_apart():
    history = History()
    history.observe(Run(None, "r/app", "1", 1), at=minute(0), by=1)
    history.observe(Run(None, "r/app", "1", 1), at=minute(1), by=2)
    history.observe(Run(None, "r/app", "2", 1), at=minute(2), by=3)

    assert [(interval.run.image_tag, interval.seen_count) for interval in history.intervals] == [("1", 2), ("2", 1)]


def test_a_start_told_later_moves_the_opening_back():
    history = deliver([Seen(A, 10)])

    history.start(run(A), at=minute(2), by=10)

    assert rows(history) == [Row(A, 2, 10, 2, None, None)]


def test_a_start_is_not_believed_where_something_else_was_seen_after_it():
    history = deliver([Seen(A, 0), Seen(A, 10)])

    history.start(run(B), at=minute(5), by=12)
    history.observe(run(B), at=minute(12), by=12)

    assert [(row.artifact, row.opened, row.closed) for row in rows(history)] == [(A, 0, 12), (B, 12, None)]


def test_a_restart_of_the_same_digest_is_one_interval_however_often_it_is_told():
    history = deliver([Seen(A, 0), Seen(A, 5)])

    for at in (35, 40, 45):
        history.start(run(A), at=minute(30), by=at)
        history.observe(run(A), at=minute(at), by=at)

    assert rows(history) == [Row(A, 0, 45, 5, None, None)]


def test_d8_old_and_new_pod_and_a_snapshot_after_silence():
    old, new = deliver([Seen(A, 2), Seen(A, 30)]), deliver([Seen(B, 60), Seen(B, 90)])

    old.end(run(A), at=minute(65), by=9)
    new.miss(at=minute(240), by=9)

    assert rows(old) == [Row(A, 2, 30, 2, 65, "ended")]
    assert rows(new) == [Row(B, 60, 90, 2, 240, "snapshot_absent")]
    assert new.intervals[0].last_seen_at == minute(90)


@pytest.mark.parametrize("order", list(permutations(range(5))))
def test_d8_reversed_and_repeated_events_give_the_same_rows(order):
    events: list[Event] = [Seen(A, 2), Seen(A, 30), Ended(A, 65), Seen(B, 70), Ended(None, 90)]
    in_order = rows(deliver(events))

    assert rows(deliver([events[place] for place in order] * 2)) == in_order


def test_a_stored_mark_that_found_its_start_is_dropped():
    mark = Interval(run(A), minute(10), minute(10), 1, seen_count=0, id=7)
    mark.close(minute(10), reason=Reason.ENDED, by=1, names_image=True)
    history = History([mark])

    history.observe(run(A), at=minute(0), by=2)

    assert [interval.id for interval in history.dropped] == [7]
    assert [(interval.id, interval.closed_by) for interval in history.intervals] == [(None, 1)]
