"""Packages: the most widespread first, found by name."""

from __future__ import annotations

import pytest

from inventory.graph.packages import PackageNotFoundError, PackageRow, list_packages, read_package
from inventory.identity.purls import PackageKey, parse_purl
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, member_of, report, submit
from tests.remembered import forget_everything

pytestmark = pytest.mark.django_db

LODASH = PackageKey("npm", "", "lodash")


def rows(text: str = "", *, actor=SEES_ALL) -> list[PackageRow]:
    return list(list_packages(text, after=None, limit=100, actor=actor).rows)


def names(text: str = "", *, actor=SEES_ALL) -> list[str]:
    return [row.name for row in rows(text, actor=actor)]


def test_the_most_widespread_come_first():
    submit("a", cyclonedx("pkg:npm/common@1", "pkg:npm/rare@1", subject=digest("1"), name="registry.example/one:1"))
    submit("a", cyclonedx("pkg:npm/common@2", subject=digest("2"), name="registry.example/two:1"))

    assert names() == ["common", "rare"]


def test_a_row_counts_artifacts_running_ones_and_workloads():
    submit("a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("1")))
    submit("a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("2")))
    report("a", deployment(digest=digest("2")), deployment(digest=digest("2"), workload="CronJob/nightly"))

    (row,) = rows()

    assert (row.purl, row.version_count) == ("pkg:npm/lodash", 2)
    assert (row.artifact_count, row.running_artifact_count, row.workload_count) == (2, 1, 2)


def test_an_artifact_with_two_sboms_is_counted_once():
    submit("a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("1"), tool="syft"))
    submit("a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("1"), tool="trivy"))

    assert rows()[0].artifact_count == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lodash", ["lodash", "lodash-es"]),
        ("DASH", ["lodash", "lodash-es"]),
        ("lodahs", ["lodash"]),
        ("@ctrl/tiny", ["@ctrl/tinycolor"]),
        ("tinycolour", ["@ctrl/tinycolor"]),
        ("org.apache:log4j-core", ["org.apache.logging.log4j:log4j-core"]),
        ("logging.log4j", ["org.apache.logging.log4j:log4j-core"]),
        ("pkg:npm/lodash@4.17.21", ["lodash", "lodash-es"]),
        ("lodash@4.17.21", ["lodash", "lodash-es"]),
        ("typing_extensions", ["typing-extensions"]),
        ("%", []),
        ("l_dash", ["lodash"]),
        ("zzzzzz", []),
    ],
)
def test_a_package_is_found_by_parts_of_its_name_and_in_spite_of_typos(text, found):
    purls = [
        "pkg:npm/lodash@4.17.21",
        "pkg:npm/lodash-es@4.17.21",
        "pkg:npm/%40ctrl/tinycolor@4.1.1",
        "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        "pkg:pypi/typing-extensions@4.9.0",
    ]
    submit("a", cyclonedx(*purls, subject=digest("1")))

    assert [name for name in names(text) if name in found or not found] == found


def test_an_exact_name_comes_before_more_widespread_ones_that_contain_it():
    submit("a", cyclonedx("pkg:npm/react-dom@18.0.0", subject=digest("1"), name="registry.example/one:1"))
    submit(
        "a", cyclonedx("pkg:npm/react-dom@18.0.0", "pkg:npm/react@18.0.0", subject=digest("2"), name="r.example/2:1")
    )

    assert names("react") == ["react", "react-dom"]


@pytest.mark.parametrize("text", ["", "pk"])
def test_pages_follow_one_another(text):
    submit("a", cyclonedx(*(f"pkg:npm/pk{number}@1" for number in range(5)), subject=digest("1")))

    seen, after = [], None
    while True:
        page = list_packages(text, after=after, limit=2, actor=SEES_ALL)
        seen += [row.name for row in page.rows]
        after = page.next
        if after is None:
            break

    assert seen == ["pk0", "pk1", "pk2", "pk3", "pk4"]


def test_a_package_is_spelled_as_the_own_documents_spell_it():
    submit("a", cyclonedx("pkg:nuget/NEWTONSOFT.Json@13.0.1", subject=digest("1")))
    submit("b", cyclonedx("pkg:nuget/Newtonsoft.Json@13.0.1", subject=digest("2")))

    assert names(actor=member_of("b")) == ["Newtonsoft.Json"]
    assert (
        read_package(parse_purl("pkg:nuget/newtonsoft.json").key, actor=member_of("b")).package.name
        == "Newtonsoft.Json"
    )


def test_another_teams_packages_are_neither_listed_nor_counted():
    submit("b", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("1")))
    before = rows(actor=member_of("b"))
    submit("a", cyclonedx("pkg:npm/lodash@4.17.20", "pkg:npm/secret@1", subject=digest("1")))
    report("a", deployment(digest=digest("1")))

    assert rows(actor=member_of("b")) == before
    assert names("secret", actor=member_of("b")) == []


def test_who_sees_two_teams_sees_their_sum():
    submit("a", cyclonedx("pkg:npm/lodash@1.0.0", subject=digest("1")))
    submit("b", cyclonedx("pkg:npm/lodash@2.0.0", subject=digest("2")))

    (row,) = rows(actor=member_of("a", "b"))

    assert (row.version_count, row.artifact_count) == (2, 2)


def test_versions_come_newest_first_with_their_counts():
    submit("a", cyclonedx("pkg:npm/lodash@4.9.0", subject=digest("1")))
    submit("a", cyclonedx("pkg:npm/lodash@4.10.0", subject=digest("2")))
    submit("a", cyclonedx("pkg:npm/lodash@4.10.0", "pkg:npm/lodash@strange", subject=digest("3")))

    detail = read_package(LODASH, actor=SEES_ALL)

    assert [(row.version, row.artifact_count) for row in detail.versions] == [
        ("4.10.0", 2),
        ("4.9.0", 1),
        ("strange", 1),
    ]
    assert detail.package.artifact_count == 3


def test_a_package_of_another_team_is_not_there():
    submit("a", cyclonedx("pkg:npm/lodash@4.9.0", subject=digest("1")))

    with pytest.raises(PackageNotFoundError):
        read_package(LODASH, actor=member_of("b"))


def test_a_component_without_purl_is_listed_by_name():
    submit("a", cyclonedx({"name": "Vendored Blob", "version": "1"}, subject=digest("1")))

    (row,) = rows("vendored")

    assert (row.purl, row.type, row.name) == (None, "", "Vendored Blob")


def test_statements_do_not_grow_with_the_page(django_assert_num_queries):
    submit("a", cyclonedx(*(f"pkg:npm/pk{number}@1" for number in range(30)), subject=digest("1")))

    for count in (5, 2):  # what was counted is remembered
        with django_assert_num_queries(count):
            rows()
    forget_everything()
    for count in (5, 2):
        with django_assert_num_queries(count):
            rows("pk")
    for count in (5, 2):
        with django_assert_num_queries(count):
            read_package(PackageKey("npm", "", "pk1"), actor=SEES_ALL)


def test_what_only_others_have_costs_what_nobody_has(django_assert_num_queries):
    submit("a", cyclonedx("pkg:npm/lodash@4.9.0", subject=digest("1")))
    read_package(LODASH, actor=SEES_ALL)
    stranger = member_of("b")

    for key in (LODASH, PackageKey("npm", "", "nobodys")):
        for _ in range(2):
            with django_assert_num_queries(3), pytest.raises(PackageNotFoundError):
                read_package(key, actor=stranger)
