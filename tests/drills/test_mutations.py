"""What D17 takes away is there, and what it leaves is Python: a file that nobody can load is missed by every test."""

from __future__ import annotations

import ast

import pytest

from tests.drills.mutations import MUTATIONS, Mutation
from tests.drills.processes import CHECKOUT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_each_mutation_takes_one_comparison_away_and_leaves_python(mutation: Mutation) -> None:
    whole = (CHECKOUT / "inventory" / "trust" / f"{mutation.file}.py").read_text(encoding="utf-8")

    assert whole.count(mutation.text) == 1
    left = ast.parse(whole.replace(mutation.text, mutation.instead))
    assert ast.dump(left) != ast.dump(ast.parse(whole))


def test_each_mutation_has_a_name_of_its_own() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)
