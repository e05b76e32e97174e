"""What runs, by cluster: with digests, without, and where a cluster has gone silent."""

import pytest

from tests.factories import deployment, digest, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def estate() -> None:
    report(
        "team-a",
        deployment(digest=digest("shop"), image="registry.example/shop:1.0"),
        deployment(image="registry.example/tag-only:1", workload="CronJob/nightly", namespace="back"),
        deployment(digest=digest("other"), cluster="prod-us"),
    )


def test_workloads_are_listed_with_their_digest_or_its_absence(member, estate):
    html = member.get("/workloads").content.decode()

    assert "Deployment/api" in html
    assert "CronJob/nightly" in html
    assert "No digest" in html


def test_containers_without_digest_are_a_list_of_their_own(member, estate):
    html = member.get("/workloads", {"digest": "none"}).content.decode()

    assert "CronJob/nightly" in html
    assert "Deployment/api" not in html
    assert "Deploy by digest" in html


def test_workloads_are_narrowed_to_a_cluster_for_htmx(member, estate):
    answer = member.get("/workloads", {"cluster": "prod-us"}, headers={"HX-Request": "true"})

    assert digest("other").encode() in answer.content
    assert digest("shop").encode() not in answer.content
    assert b"<html" not in answer.content


def test_a_silent_cluster_is_called_stale_with_a_command_to_report_again(member, estate):
    listed = member.get("/clusters").content.decode()
    page = member.get("/clusters/prod-eu").content.decode()

    assert "Stale" in listed
    assert "This cluster has gone silent" in page
    assert "/api/v1/clusters/prod-eu/snapshot" in page


def test_a_namespace_of_a_cluster_is_a_list(member, estate):
    html = member.get("/clusters/prod-eu", {"namespace": "back"}).content.decode()

    assert "CronJob/nightly" in html
    assert "Deployment/api" not in html


def test_a_stranger_knows_no_cluster(stranger, estate):
    assert stranger.get("/clusters/prod-eu").status_code == 404
    assert "No cluster has reported yet" in stranger.get("/clusters").content.decode()
    assert "Nothing is known to run" in stranger.get("/workloads").content.decode()


@pytest.mark.parametrize(("path", "budget"), [("/workloads", 8), ("/clusters", 7), ("/clusters/prod-eu", 9)])
def test_a_page_costs_few_statements(member, estate, path, budget, django_assert_max_num_queries):
    with django_assert_max_num_queries(budget):
        assert member.get(path).status_code == 200
