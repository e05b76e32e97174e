"""What is judged one by one is all that can be affected or possible: the rest would be cleared by its version alone."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from incidents.impact import candidates
from incidents.impact.candidates import Candidates, by_package
from incidents.impact.judging import Candidate, MatchClass, judge
from incidents.pasted import parse_text
from inventory.identity.indicators import Indicator, IndicatorKind, PackageName
from inventory.models import Component, Package
from inventory.models.packages import VERSION_KIND, VersionKind
from supplychain.exchange import Query, Statement, exchange_typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

pytestmark = pytest.mark.django_db

VERSIONS = (
    "1.2.3", "v1.2.3", "1.2", "1.2.0", "v1.2.0", "1.2.3.0", "01.2.3", "1.02.3", "v01.2.3", "1.2.3-rc1", "v1.2.3-rc1",
    "1.2.3+b1", "1.2.3+incompatible", "0:1.2.3", "1:1.2.3", "1.2.3-1", "1.2.3.Final", "latest", "", "9.9.9", "v9.9.9",
    "V1.2.3", "vv1.2.3", "1.2.3\n", " 1.2.3", "\u0661.2.3", f"v{'1' * 300}.2.3", f"{'1' * 300}.2.3",
)  # fmt: skip
TYPES = ("npm", "pypi", "golang", "maven", "deb", "rpm", "apk", "nuget", "gem", "cargo", "composer", "generic")
Judged = set[tuple[int, int, MatchClass, str]]


def package(purl_type: str, namespace: str, name: str, *, versions: Iterable[str] = VERSIONS, **more: Any) -> Package:
    """Make a package with a component of each version."""
    made = Package.objects.create(
        type=purl_type, namespace_key=namespace, name_key=name, namespace=namespace, name=name
    )
    Component.objects.bulk_create(
        Component(
            package=made,
            version=version,
            identity=f"pkg:{purl_type}/{namespace}/{name}@{number}{more.get('qualifiers', '')}",
            has_purl=True,
            source_package=more.get("source"),
        )
        for number, version in enumerate(versions)
    )
    return made


def look_up(indicators: Iterable[Indicator], *, tells_cleared: bool = False) -> Candidates:
    found = Candidates(by_package(enumerate(indicators)), tells_cleared=tells_cleared)
    statement = found.statement
    ((row,),) = exchange_typed([Query(Statement(statement.sql), statement.parameters)])  # type: ignore[arg-type]
    found.take([statement.make(*row)])
    return found


def found_by(candidates: Candidates) -> Judged:
    matches = candidates.judged()
    found = {(match.component_id, match.indicator, match.match_class, match.reason) for match in matches}
    assert len(found) == len(matches)
    return found


def each_judged(
    indicators: Sequence[Indicator], *packages: Package, is_kin: bool = False, by_source: bool = False
) -> Judged:
    """Judge every component of these packages."""
    found = {
        (component.pk, place, *judge(indicator, candidate))
        for component in Component.objects.filter(package__in=packages).select_related("package")
        for candidate in [
            Candidate(component.pk, component.package.type, component.version, component.identity, by_source, is_kin)
        ]
        for place, indicator in enumerate(indicators)
    }
    return {each for each in found if each[2] is not MatchClass.CLEARED}


QUESTIONS: list[tuple[str, ...]] = [(version,) for version in VERSIONS if version.strip() == version != ""]
QUESTIONS += itertools.combinations(["1.2.3", "v1.2.3", "1.2", "9.9.9", "v9.9.9"], 2)
QUESTIONS += [("1.2.3", "1.2.3"), ("1.2.3", "v1.2.3", "1.2.0"), ("v1.2.3", "v1.2.0", "v9.9.9")]


@pytest.mark.parametrize("tells_cleared", [False, True])
@pytest.mark.parametrize("purl_type", TYPES)
def test_what_is_found_is_what_judging_all_of_them_finds(purl_type: str, tells_cleared: bool):
    made = package(purl_type, "github.com/acme", "thing")
    name = PackageName(purl_type, "github.com/acme", "thing")
    for listed in QUESTIONS:
        indicators = [
            Indicator(IndicatorKind.PACKAGE, version, package=name, versions=(version,)) for version in listed
        ]

        found = look_up(indicators, tells_cleared=tells_cleared)

        assert found_by(found) == each_judged(indicators, made), listed
        assert sorted(found.ids) == sorted(made.components.values_list("pk", flat=True))


@pytest.mark.parametrize("purl_type", TYPES)
def test_several_versions_of_one_indicator_are_each_looked_for(purl_type: str):
    made = package(purl_type, "", "thing")
    name = PackageName(purl_type, "", "thing")
    for versions in itertools.combinations(["1.2.3", "v1.2.3", "v1.2.0", "9.9.9"], 3):
        indicators = [Indicator(IndicatorKind.PACKAGE, "", package=name, versions=versions)]

        assert found_by(look_up(indicators)) == each_judged(indicators, made), versions


@pytest.mark.parametrize("purl_type", ["npm", "golang", "deb"])
@pytest.mark.parametrize(
    "change",
    [
        {"range_text": ">=1.2"},
        {"versions": ()},
        {"clears": False},
        {"doubt": "a guess"},
        {"qualifiers": (("arch", "amd64"),)},
        {"qualifiers": (("arch", "arm64"),)},
        {"release": "debian-12"},
    ],
)
def test_whatever_narrows_or_widens_an_indicator_is_judged(purl_type: str, change: dict[str, Any]):
    made = package(purl_type, "", "thing", qualifiers="?arch=amd64&distro=debian-12")
    name = PackageName(purl_type, "", "thing")
    listed = Indicator(IndicatorKind.PACKAGE, "", package=name, versions=("1.2.3",))
    for indicators in ([structs.replace(listed, **change)], [listed, structs.replace(listed, **change)]):
        assert found_by(look_up(indicators)) == each_judged(indicators, made)


@pytest.mark.parametrize("text", ["thing", "thing >=1.2", "thing 1.2.3 || 9.9.9", "thing@1.2.3", "thing@v1.2.3"])
def test_a_bare_name_is_judged_by_the_order_of_each_ecosystem_it_is_found_in(text: str):
    made = [package(purl_type, "", "thing") for purl_type in ("npm", "pypi", "golang", "deb", "")]
    indicators = parse_text(text)

    assert found_by(look_up(indicators)) == each_judged(indicators, *made)


def test_a_package_of_any_distribution_is_found_in_each():
    made = [package("deb", distribution, "thing") for distribution in ("debian", "ubuntu")]
    indicators = parse_text("pkg:deb/thing@1.2.3")

    assert found_by(look_up(indicators)) == each_judged(indicators, *made)


@pytest.mark.parametrize("listed", ["v1.2.3", "1.2.3", "v1.2.3-rc1"])
def test_below_and_above_a_go_path_what_is_listed_is_possible(listed: str):
    exact = package("golang", "github.com/acme/thing", "sub")
    above = package("golang", "github.com/acme", "thing")
    below = package("golang", "github.com/acme/thing/sub", "deep")
    package("golang", "github.com/acme/thing/sub", "v2")
    indicators = parse_text(f"pkg:golang/github.com/acme/thing/sub@{listed}")

    found = found_by(look_up(indicators))

    assert found == each_judged(indicators, exact) | each_judged(indicators, above, below, is_kin=True)
    assert {match_class for _, _, match_class, _ in found} == {MatchClass.AFFECTED, MatchClass.POSSIBLE}


def test_who_is_asked_for_alone_has_no_kin():
    exact = package("golang", "github.com/acme", "thing")
    package("golang", "github.com/acme/thing", "sub")
    (asked,) = parse_text("pkg:golang/github.com/acme/thing@v1.2.3")
    indicators = [structs.replace(asked, is_alone=True)]

    assert found_by(look_up(indicators)) == each_judged(indicators, exact)


def test_what_is_built_from_a_source_package_is_judged_whatever_its_version():
    source = package("deb", "debian", "thing", versions=["1.2.3"])
    built = package("deb", "debian", "libthing", versions=["1.2.3", "1.2.3+b1", "4.5.6"], source=source)
    indicators = parse_text("pkg:deb/debian/thing@1.2.3")

    found = look_up(indicators)

    assert found_by(found) == each_judged(indicators, source) | each_judged(indicators, built, by_source=True)
    assert len(found.ids) == 4
    assert {reason for _, _, _, reason in found_by(found)} == {
        "version 1.2.3 is listed",
        "its source package version 1.2.3 is listed",
        "its source package version 1.2.3+b1 equals a listed one",
    }


def test_of_versions_that_are_cleared_only_the_ids_are_sent():
    made = package("npm", "", "thing", versions=[f"1.0.{number}" for number in range(500)])
    statement = Candidates(by_package(enumerate(parse_text("pkg:npm/thing@1.0.7")))).statement

    ((row,),) = exchange_typed([Query(Statement(statement.sql), statement.parameters)])  # type: ignore[arg-type]

    ids, owned, versions, *_ = row
    assert len(ids) == 4 * made.components.count()
    assert len(owned) == 8
    assert versions == b"1.0.7"


def test_why_something_is_cleared_is_told_for_the_components_that_are_asked_for():
    made = package("npm", "", "thing")
    ids = dict(made.components.values_list("version", "pk"))
    found = look_up(parse_text("pkg:npm/thing@1.2.3"), tells_cleared=True)

    (match,) = found.cleared({ids["9.9.9"], ids["1.2.3"], -1})

    assert match.component_id == ids["9.9.9"]
    assert match.reason == "version 9.9.9 is not among the versions asked for"


def test_why_something_is_cleared_is_not_known_where_it_was_not_to_be_told():
    package("npm", "", "thing")
    found = look_up(parse_text("pkg:npm/thing@1.2.3"))

    with pytest.raises(RuntimeError, match="not looked up"):
        list(found.cleared(found.ids))


@pytest.mark.parametrize("tells_cleared", [False, True])
def test_plain_versions_and_the_listed_one_among_them_are_judged_by_nobody(
    tells_cleared: bool, monkeypatch: pytest.MonkeyPatch
):
    judged: list[str] = []

    def spy(indicator: Indicator, candidate: Candidate) -> tuple[MatchClass, str]:
        judged.append(candidate.version)
        return judge(indicator, candidate)

    monkeypatch.setattr(candidates, "judge", spy)
    made = package("npm", "", "thing", versions=[f"1.0.{number}" for number in range(500)])
    found = look_up(parse_text("pkg:npm/thing@1.0.7"), tells_cleared=tells_cleared)

    assert [match.component_id for match in found.judged()] == [made.components.get(version="1.0.7").pk]
    assert judged == []  # nor is the listed one, where nothing narrows it


def test_of_packages_nobody_has_there_is_nothing():
    found = look_up(parse_text("pkg:npm/thing@1.2.3\nthing@1\npkg:golang/github.com/acme/thing@v1.2.3"))

    assert list(found.judged()) == []
    assert list(found.ids) == []


def test_the_names_that_are_looked_for_are_those_of_match_keys():
    indicators = parse_text("pkg:npm/%40acme/thing@1\nSome.Name@1\npkg:golang/github.com/acme/mod/sub@v1.0.0")

    names = Candidates(by_package(enumerate(indicators))).names

    assert names == {"thing", "Some.Name", "some.name", "some-name", "sub", "mod"}


def test_the_database_tells_kinds_of_versions_as_judging_does():
    package("npm", "", "thing")
    sql = f"SELECT version, {VERSION_KIND.format('version')} FROM inventory_component"
    rows = exchange_typed([Query(Statement(sql))])
    kinds: dict[str, int] = dict(rows[0])

    assert {version for version, kind in kinds.items() if kind == VersionKind.PLAIN} == {"1.2.3", "1.2.0", "9.9.9"}
    assert {version for version, kind in kinds.items() if kind == VersionKind.PLAIN_WITH_V} == {
        "v1.2.3", "v1.2.0", "v9.9.9",
    }  # fmt: skip
