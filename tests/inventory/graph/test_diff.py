"""What changed between two artifacts."""

from __future__ import annotations

import pytest

from inventory.graph.artifacts import ArtifactNotFoundError
from inventory.graph.diff import Change, DiffRow, diff_artifacts
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, member_of, report, submit

pytestmark = pytest.mark.django_db

OLD, NEW = digest("old"), digest("new")


def rows(*, actor=SEES_ALL) -> list[DiffRow]:
    return list(diff_artifacts(OLD, NEW, place=None, limit=100, actor=actor).page.rows)


def test_packages_are_added_removed_or_changed():
    submit("a", cyclonedx("pkg:npm/gone@1.0.0", "pkg:npm/moved@1.0.0", "pkg:npm/same@1.0.0", subject=OLD))
    submit("a", cyclonedx("pkg:npm/come@1.0.0", "pkg:npm/moved@2.0.0", "pkg:npm/same@1.0.0", subject=NEW))

    found = {row.name: row for row in rows()}

    assert {name: row.change for name, row in found.items()} == {
        "come": Change.ADDED,
        "gone": Change.REMOVED,
        "moved": Change.CHANGED,
    }
    assert [version.version for version in found["moved"].removed] == ["1.0.0"]
    assert [version.purl for version in found["moved"].added] == ["pkg:npm/moved@2.0.0"]


def test_a_second_version_beside_the_first_is_added():
    submit("a", cyclonedx("pkg:npm/twice@1.0.0", subject=OLD))
    submit("a", cyclonedx("pkg:npm/twice@1.0.0", "pkg:npm/twice@2.0.0", subject=NEW))

    (row,) = rows()

    assert (row.change, [version.version for version in row.added]) == (Change.ADDED, ["2.0.0"])


def test_the_summary_counts_all_of_it():
    submit("a", cyclonedx("pkg:npm/gone@1.0.0", "pkg:npm/moved@1.0.0", "pkg:npm/same@1.0.0", subject=OLD))
    submit("a", cyclonedx("pkg:npm/come@1.0.0", "pkg:npm/moved@2.0.0", "pkg:npm/same@1.0.0", subject=NEW))

    summary = diff_artifacts(OLD, NEW, place=None, limit=1, actor=SEES_ALL).summary

    assert (summary.added_count, summary.removed_count, summary.changed_count) == (1, 1, 1)
    assert (summary.unchanged_component_count, summary.sbom_count_before, summary.sbom_count_after) == (1, 1, 1)


def test_pages_follow_one_another():
    submit("a", cyclonedx(*(f"pkg:npm/p{number}@1" for number in range(5)), subject=OLD))
    submit("a", cyclonedx("pkg:npm/p0@1", subject=NEW))

    first = diff_artifacts(OLD, NEW, place=None, limit=3, actor=SEES_ALL).page
    second = diff_artifacts(OLD, NEW, place=first.next, limit=3, actor=SEES_ALL).page

    assert [row.name for row in (*first.rows, *second.rows)] == ["p1", "p2", "p3", "p4"]
    assert second.next is None


def test_an_artifact_without_sbom_is_unknown_and_says_so():
    submit("a", cyclonedx("pkg:npm/x@1", subject=OLD))
    report("a", deployment(digest=NEW))

    assert diff_artifacts(OLD, NEW, place=None, limit=10, actor=SEES_ALL).summary.sbom_count_after == 0


def test_another_teams_sbom_takes_no_part():
    submit("b", cyclonedx("pkg:npm/x@1", subject=OLD))
    submit("b", cyclonedx("pkg:npm/x@1", subject=NEW))
    submit("a", cyclonedx("pkg:npm/secret@1", subject=NEW))

    assert rows(actor=member_of("b")) == []


def test_either_side_must_be_visible():
    submit("a", cyclonedx("pkg:npm/x@1", subject=OLD))
    submit("b", cyclonedx("pkg:npm/x@1", subject=NEW))

    with pytest.raises(ArtifactNotFoundError):
        rows(actor=member_of("b"))


def test_four_statements_whatever_the_size(django_assert_num_queries):
    submit("a", cyclonedx(*(f"pkg:npm/p{number}@1" for number in range(30)), subject=OLD))
    submit("a", cyclonedx(*(f"pkg:npm/q{number}@1" for number in range(30)), subject=NEW))

    with django_assert_num_queries(4):
        rows()
