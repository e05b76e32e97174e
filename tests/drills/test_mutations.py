"""What D17 takes away is there, and what it leaves is Python: a file that nobody can load is missed by every test."""

from __future__ import annotations

import ast

import pytest

from tests.drills import exchange, mutations
from tests.drills.mutations import MUTATIONS, Mutation
from tests.drills.processes import CHECKOUT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_each_mutation_takes_one_comparison_away_and_leaves_python(mutation: Mutation) -> None:
    whole = (CHECKOUT / f"{mutation.module.replace('.', '/')}.py").read_text(encoding="utf-8")

    assert whole.count(mutation.text) == 1
    left = ast.parse(whole.replace(mutation.text, mutation.instead))
    assert ast.dump(left) != ast.dump(ast.parse(whole))


def test_each_mutation_has_a_name_of_its_own() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


def test_a_fork_tells_a_comparison_that_is_missed_from_one_that_is_not_and_from_none() -> None:
    """A blind drill passes always, and one that sees ghosts too."""
    found = next(one for one in MUTATIONS if one.name == "VSA passed")
    elsewhere = Mutation("nowhere", "level", "no such text", "pass")
    asked = [Mutation("before", "", "", ""), found, elsewhere, Mutation("after", "", "", "")]

    answers = mutations._ask([mutations._question(one, ("verdict",)) for one in asked])

    assert [answer["outcome"] for answer in answers] == [
        exchange.MISSED,
        exchange.SEEN,
        exchange.NOT_EXCHANGED,
        exchange.MISSED,
    ]
