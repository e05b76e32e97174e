"""Lines of workflows that are pasted as what is asked for."""

from __future__ import annotations

import pytest

from incidents.pasted import parse_text


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("- uses: tj-actions/changed-files@v45 # why", (("uses", "tj-actions/changed-files"), ("refs", "v45"))),
        (f"uses: a/b@{'C' * 40}", (("uses", "a/b"), ("shas", "c" * 40))),
    ],
)
def test_a_line_of_a_workflow_asks_for_an_action(text: str, details: tuple[tuple[str, str], ...]):
    indicator = parse_text(text)[0]

    assert (indicator.kind.value, indicator.details, indicator.problem) == ("action", details, None)
