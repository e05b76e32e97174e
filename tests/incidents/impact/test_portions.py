"""A long list that is looked up in two portions gives what it gives at once, whoever asks, for a round trip more."""

from __future__ import annotations

import pytest

from incidents.impact import matching, portions
from incidents.impact.answer import Impact, Status
from incidents.impact.assess import assess
from incidents.impact.matching import look_up
from incidents.impact.portions import Packages
from incidents.impact.question import Question
from incidents.pasted import parse_text
from inventory.graph.one_state import one_state
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, later, member_of, report, submit
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = [f"thing-{number}" for number in range(6)]
TEXT = "\n".join(f"pkg:npm/{name}@1.0.{number}" for number, name in enumerate(NAMES))
WITH_OTHERS = f"{TEXT}\npkg:npm/thing-0\nthing-1 <1.0.1\nnothing of that name\n{digest('2')}"


@pytest.fixture(autouse=True)
def _estate() -> None:
    for number in range(6):
        components = [f"pkg:npm/{name}@1.0.{number}" for name in NAMES]
        submit("shop", cyclonedx(*components, subject=digest(str(number))))
        report("shop", deployment(digest=digest(str(number)), workload=f"Deployment/w{number}"), at=later(number))


def ask(text: str, *, actor: Actor = SEES_ALL) -> Impact:
    return assess(Question(parse_text(text), statuses=tuple(Status)), actor=actor, at=later(60))


@pytest.mark.parametrize("long_from", [-1, matching.MANY_CANDIDATES], ids=["what runs is read", "all is looked up"])
@pytest.mark.parametrize("text", [TEXT, WITH_OTHERS, "pkg:npm/thing-3@1.0.3", "pkg:npm/missing@1"])
@pytest.mark.parametrize("team", ["", "shop", "bank"])
def test_two_portions_give_what_one_gives(team: str, text: str, long_from: int, monkeypatch: pytest.MonkeyPatch):
    actor = member_of(team) if team else SEES_ALL
    whole = ask(text, actor=actor)
    monkeypatch.setattr(matching, "MANY_CANDIDATES", long_from)
    monkeypatch.setattr(portions, "MANY_NAMES", 0)

    halves = ask(text, actor=actor)

    assert halves == whole
    assert bool(halves.rows) is (team != "bank" and "missing" not in text)


def test_each_portion_costs_a_round_trip_and_what_is_asked_along_none(monkeypatch: pytest.MonkeyPatch):
    def cost() -> int:
        with one_state(using="default") as state, round_trips() as counted:
            look_up(parse_text(WITH_OTHERS), actor=SEES_ALL, state=state).matches()
        return counted.count

    assert cost() == 1
    monkeypatch.setattr(portions, "MANY_NAMES", 0)
    assert cost() == 2


def test_what_was_judged_while_the_second_was_looked_up_is_not_judged_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(portions, "MANY_NAMES", 0)
    packages = Packages(enumerate(parse_text(TEXT)), tells_cleared=True)
    with one_state(using="default") as state:
        packages.look_up(state=state)

    first, again = list(packages.matches()), list(packages.matches())

    assert first == again
    assert sorted(match.indicator for match in first) == list(range(6))
    assert len(packages.ids) == 36
    assert {match.component_id for match in packages.cleared(packages.ids)} == set(packages.ids) - {
        match.component_id for match in first
    }
