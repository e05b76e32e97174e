"""An answer makes many objects and no circles: nobody looks for garbage while it is made."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest

from incidents.impact.assess import assess
from incidents.impact.matching import look_up
from incidents.impact.question import Question
from incidents.pasted import parse_text
from tests.factories import SEES_ALL, later

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_collector_is_off_while_an_answer_is_made_and_on_again_after_it(monkeypatch: pytest.MonkeyPatch):
    was_on: list[bool] = []

    def spy(*arguments: Any, **named: Any) -> Any:
        was_on.append(gc.isenabled())
        return look_up(*arguments, **named)

    monkeypatch.setattr(sys.modules["incidents.impact.assess"], "look_up", spy)
    assess(Question(parse_text("pkg:npm/lodash@4.17.20")), actor=SEES_ALL, at=later(1))

    assert was_on == [False]
    assert gc.isenabled()
