"""A tag asked for in a window: the digests it pointed to then, as registries told; never what a name alone says."""

from __future__ import annotations

import random
from typing import Any

import pytest

from incidents.asking import read_body
from incidents.impact.answer import Impact
from incidents.impact.assess import assess
from supplychain.access.actors import Actor
from tests.factories import (
    SEES_ALL,
    deployment,
    digest,
    digest_of,
    image_index,
    later,
    member_of,
    registry_event,
    report,
    submit,
)

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "registry.example/shop/api"
OLD, GOOD, BAD = (digest(name) for name in ("old", "good", "bad"))
RECEIVED = later(2_000)


def told(minute: int, target: str, *, action: str = "push", tag: str = "1.0", team: str = "shop") -> None:
    event = registry_event(target, action=action, tag=tag, told_at=later(minute).isoformat())
    submit(team, event, at=RECEIVED)


def ask(since: int | None, until: int | None, *, reference: str = f"{NAME}:1.0", actor: Actor = SEES_ALL) -> Impact:
    asked: dict[str, Any] = {"kind": "image", "reference": reference}
    asked |= {} if since is None else {"from": later(since).isoformat()}
    asked |= {} if until is None else {"to": later(until).isoformat()}
    question = read_body({"indicators": [asked], "statuses": ["affected", "possible", "cleared"]})
    return assess(question, actor=actor, at=later(3_000))


def found(impact: Impact) -> dict[str, tuple[str, str]]:
    return {row.artifact.digest or "": (row.status.value, row.confidence) for row in impact.rows}


def affected(impact: Impact) -> dict[str, str]:
    return {name: confidence for name, (status, confidence) in found(impact).items() if status == "affected"}


def test_what_the_tag_was_seen_at_in_the_window_is_affected_and_what_was_in_force_before_with_medium_confidence():
    told(0, OLD)
    told(20, GOOD)
    told(40, BAD)
    impact = ask(30, 50)

    assert found(impact) == {BAD: ("affected", "high"), GOOD: ("affected", "medium"), OLD: ("possible", "low")}
    reasons = {row.artifact.digest: row.matches[0].reason for row in impact.rows}
    assert reasons[BAD] == f"{NAME}:1.0 pointed to it in the window, as its registry told"
    assert "when the window began" in reasons[GOOD]
    assert impact.rows[0].matches[0].evidence is not None


def test_the_window_holds_its_beginning_and_not_its_end():
    told(30, GOOD)
    told(50, BAD)

    assert affected(ask(30, 50)) == {GOOD: "high"}


def test_a_pull_saw_it_in_the_window_and_first_behind_it_only_may_have_been_there():
    told(0, OLD)
    told(40, GOOD, action="pull")
    told(60, BAD, action="pull")
    report("shop", deployment(digest=BAD, image=f"{NAME}:1.0", observed_at=later(70).isoformat()), at=later(70))

    assert found(ask(30, 50)) == {GOOD: ("affected", "high"), OLD: ("affected", "medium"), BAD: ("possible", "low")}


def test_what_was_pushed_after_the_window_and_ran_after_it_is_not_meant():
    told(60, BAD)
    report("shop", deployment(digest=BAD, image=f"{NAME}:1.0", observed_at=later(70).isoformat()), at=later(70))

    assert found(ask(30, 50)) == {}


@pytest.mark.parametrize("tag", ["1.0", ""])
def test_a_tag_that_was_deleted_before_the_window_pointed_nowhere(tag: str):
    told(0, OLD)
    told(10, OLD, action="delete", tag=tag)

    assert affected(ask(30, 50)) == {}
    assert affected(ask(5, 50)) == {OLD: "medium"}


def test_without_a_window_a_name_is_only_possible():
    told(0, OLD)

    assert found(ask(None, None)) == {OLD: ("possible", "low")}


def test_a_window_may_have_one_end_and_a_name_without_tag_means_each_of_its_tags():
    told(0, OLD)
    told(40, GOOD, tag="1.1")
    told(60, BAD, tag="1.1")

    assert affected(ask(30, None, reference=NAME)) == {OLD: "medium", GOOD: "high", BAD: "high"}
    assert affected(ask(None, 50, reference=NAME)) == {OLD: "high", GOOD: "high"}
    assert affected(ask(30, None, reference=f"{NAME}:1.1")) == {GOOD: "high", BAD: "high"}


def test_of_an_index_its_members_are_meant():
    index = image_index(GOOD, BAD)
    submit("shop", index)
    told(40, digest_of(index))
    report("shop", deployment(digest=BAD))
    impact = ask(30, 50)

    assert affected(impact) == {digest_of(index): "high", GOOD: "high", BAD: "high"}
    (row,) = (row for row in impact.rows if row.artifact.digest == BAD)
    assert row.running
    assert "the index that lists it" in row.matches[0].reason


def test_what_another_team_s_registry_told_is_told_to_nobody_else():
    told(40, BAD, team="other")
    told(40, BAD, action="pull", tag="2.0")

    assert affected(ask(30, 50)) == {BAD: "high"}
    assert found(ask(30, 50, actor=member_of("shop"))) == {}
    assert affected(ask(30, 50, actor=member_of("other"))) == {BAD: "high"}


def test_another_team_s_later_event_changes_nothing_of_what_was_in_force():
    told(0, OLD)
    told(20, GOOD, team="other")

    assert affected(ask(30, 50, actor=member_of("shop"))) == {OLD: "medium"}
    assert affected(ask(30, 50)) == {GOOD: "medium"}


@pytest.mark.parametrize("seed", range(3))
def test_the_answer_is_that_of_a_walk_through_the_events(seed: int):
    pick = random.Random(seed)
    events = [
        (minute, pick.choice((OLD, GOOD, BAD)), pick.choice(("push", "pull", "delete")))
        for minute in sorted(pick.sample(range(100), 9))
    ]
    for minute, target, action in pick.sample(events, len(events)):
        told(minute, target, action=action)

    for since, until in ((20, 50), (50, 80), (90, 95)):
        expected: dict[str, str] = {}
        before = [event for event in events if event[0] < since]
        if before and before[-1][2] != "delete":
            expected[before[-1][1]] = "medium"
        expected |= {
            target: "high" for minute, target, action in events if since <= minute < until and action != "delete"
        }
        assert affected(ask(since, until)) == expected
