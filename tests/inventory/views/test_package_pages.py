"""The package pages: widespread first, found with a typo, one address for each package."""

from urllib.parse import quote

import pytest

from tests.factories import cyclonedx, deployment, digest, report, submit

pytestmark = pytest.mark.django_db

TINYCOLOR = "pkg:npm/%40ctrl/tinycolor@4.1.1"


@pytest.fixture
def estate() -> None:
    submit("team-a", cyclonedx(TINYCOLOR, "pkg:npm/lodash@4.17.20", subject=digest("one")))
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("two")))
    report("team-a", deployment(digest=digest("two")))


def test_the_most_widespread_package_comes_first(member, estate):
    html = member.get("/packages").content.decode()

    assert html.index("lodash") < html.index("tinycolor")


def test_a_typo_still_finds_the_package(member, estate):
    assert "lodash" in member.get("/packages", {"q": "lodahs"}).content.decode()


@pytest.mark.parametrize(
    "address", ["pkg:npm/%40ctrl/tinycolor", "pkg:npm/@ctrl/tinycolor", quote("pkg:npm/%40ctrl/tinycolor", safe="")]
)
def test_a_package_is_found_under_every_spelling_of_its_address(member, estate, address):
    answer = member.get(f"/packages/{address}")

    assert answer.status_code == 200
    assert "4.1.1" in answer.content.decode()


def test_versions_come_newest_first_with_their_reach(member, estate):
    html = member.get("/packages/pkg:npm/lodash").content.decode()

    assert html.index("4.17.21") < html.index("4.17.20")
    assert "2 versions" in " ".join(html.replace("</span>", "").replace('<span class="tile-number">', "").split()) or (
        ">2<" in html
    )


@pytest.mark.parametrize("address", ["pkg:npm/lodash@4.17.20", "pkg:npm/lodash?arch=x", "pkg:npm/lodash%23sub"])
def test_a_version_is_no_package(member, estate, address):
    answer = member.get(f"/packages/{address}")

    assert answer.status_code in {200, 400}
    if "@" in address:
        assert b"purl_not_a_package" in answer.content


def test_a_stranger_finds_nothing(stranger, estate):
    assert stranger.get("/packages/pkg:npm/lodash").status_code == 404
    assert "No package is known yet" in stranger.get("/packages").content.decode()


@pytest.mark.parametrize(("path", "budget"), [("/packages", 11), ("/packages/pkg:npm/lodash", 12)])
def test_a_page_costs_few_statements(member, estate, path, budget, django_assert_max_num_queries):
    with django_assert_max_num_queries(budget):
        assert member.get(path).status_code == 200
