"""Which actions and workflows of others a build runs by a name that can move."""

from __future__ import annotations

import pytest

from inventory.detectors.records import Detector, Rule, Severity
from tests.inventory.detectors.files import found, workflow

SHA = "22103cc46bda19c2b464ffe86db46df6922fd323"


@pytest.mark.parametrize(
    ("used", "rule"),
    [
        ("acme/tool@v4", Rule.TAG),
        ("acme/tool@v4.1.0-rc.1", Rule.TAG),
        ("acme/tool@2024.1", Rule.TAG),
        ("acme/tool@refs/tags/stable", Rule.TAG),
        ("acme/tool@main", Rule.BRANCH),
        ("acme/tool@release/v1", Rule.BRANCH),
        # An abbreviated commit is a name like another: whoever owns the repository may make a branch of it.
        (f"acme/tool@{SHA[:7]}", Rule.BRANCH),
        (f"acme/tool@v1 # {SHA}", Rule.TAG),
    ],
)
def test_a_name_that_can_move_is_a_finding(used: str, rule: Rule) -> None:
    (hit,) = found(workflow(f"uses: {used}"))

    assert (hit.detector, hit.rule, hit.severity, hit.subject) == (
        Detector.UNPINNED_ACTION, rule, Severity.HIGH, "acme/tool",
    )  # fmt: skip


@pytest.mark.parametrize("used", [f"acme/tool@{SHA} # v4", f"Acme/Tool/sub@{SHA.upper()}", "./tools/diff"])
def test_a_commit_or_a_file_of_ones_own_is_none(used: str) -> None:
    assert found(workflow(f"uses: {used}")) == []


def test_a_branch_in_what_can_publish_is_gravest() -> None:
    hits = found(workflow("uses: acme/tool@main", "uses: acme/other@v1"), path=".github/workflows/release.yml")

    assert [(hit.subject, hit.severity) for hit in hits] == [
        ("acme/tool", Severity.CRITICAL),
        ("acme/other", Severity.HIGH),
    ]


def test_a_reusable_workflow_is_one_too() -> None:
    (hit,) = found("on: push\njobs:\n  call:\n    uses: acme/build/.github/workflows/make.yml@v3\n")

    assert (hit.rule, hit.subject, hit.places[0].step) == (Rule.TAG, "acme/build/.github/workflows/make.yml", None)


def test_what_cannot_be_read_is_told_and_not_passed_over() -> None:
    (hit,) = found(workflow("uses: acme/tool@${{ inputs.ref }}"))

    assert (hit.rule, hit.severity) == (Rule.UNREADABLE, Severity.MEDIUM)


def test_another_tag_of_an_action_is_the_same_finding() -> None:
    (one,), (other,) = found(workflow("uses: acme/tool@v1")), found(workflow("uses: Acme/Tool@v2"))

    assert (one.detector, one.subject) == (other.detector, other.subject)
    assert one.given != other.given


def test_a_composite_action_is_looked_through() -> None:
    (hit,) = found("name: diff\nruns:\n  using: composite\n  steps:\n    - uses: acme/tool@v1\n", path="action.yml")

    assert (hit.rule, hit.places[0].job) == (Rule.TAG, "")
