"""A page shows the same whether a few components near its artifacts are looked up, or all that are asked for."""

from __future__ import annotations

import random
from typing import Any

import pytest

from incidents.impact import explain, long_lists, matching, portions, statements
from incidents.impact.answer import Impact
from incidents.impact.assess import assess
from incidents.impact.near import NOTHING_NEAR, near
from incidents.impact.question import Question
from inventory.graph.packed import sql_array
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, member_of
from tests.incidents.impact.test_tally import NOW, build, questions

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("long_from", [-1, matching.MANY_CANDIDATES], ids=["long", "short"])
def test_rows_are_the_same_with_what_is_near_and_with_all(long_from: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(statements, "_MANY_COMPONENTS", 0)
    monkeypatch.setattr(matching, "MANY_CANDIDATES", long_from)
    monkeypatch.setattr(portions, "MANY_NAMES", 0)
    monkeypatch.setattr(long_lists, "MOST_LOOKED_UP", 0)
    used: list[bool] = []

    def spied(*artifacts: Any, **known: Any) -> Any:
        found = near(*artifacts, **known)
        used.append(found["near_components"] != sql_array([]))
        return found

    def ask(question: Question, actor: Actor, *, looks_near: bool) -> Impact:
        monkeypatch.setattr(explain, "near", spied if looks_near else lambda *_, **__: NOTHING_NEAR)
        return assess(question, actor=actor, at=NOW)

    pick = random.Random(7)
    build(pick)
    for question in questions(pick):
        for actor in (SEES_ALL, member_of("shop"), member_of("bank", "mail")):
            few, every = (ask(question, actor, looks_near=looks_near) for looks_near in (True, False))
            assert few.rows == every.rows, (question, actor.label)
            assert few.hash == every.hash
    assert any(used)
