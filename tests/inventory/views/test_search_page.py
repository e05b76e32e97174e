"""One box finds packages, versions, digests, names and workloads, and leads on to impact."""

import pytest

from tests.factories import cyclonedx, deployment, digest, report, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def estate() -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("shop"), name="registry.example/shop:1.0"))
    report("team-a", deployment(digest=digest("shop"), workload="Deployment/storefront"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("lodash", "/packages/pkg%3Anpm%2Flodash"),
        ("lodash@4.17.20", "pkg:npm/lodash@4.17.20"),
        (digest("shop")[:24], f"/artifacts/{digest('shop')}"),
        ("registry.example/shop", "registry.example/shop"),
        ("storefront", "Deployment/storefront"),
    ],
)
def test_whatever_is_typed_is_found(member, estate, query, expected):
    html = member.get("/search", {"q": query}).content.decode()

    assert expected in html
    assert "/impact?q=" in html


@pytest.mark.parametrize("query", ["", "x"])
def test_too_little_is_answered_with_what_can_be_typed(member, estate, query):
    assert "Type at least two characters" in member.get("/search", {"q": query}).content.decode()


def test_a_stranger_finds_nothing(stranger, estate):
    assert "Nothing that you may see matches" in stranger.get("/search", {"q": "lodash"}).content.decode()


def test_a_search_costs_a_fixed_number_of_statements(member, estate, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        assert member.get("/search", {"q": "lodash"}).status_code == 200
