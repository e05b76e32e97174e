"""The start page: what runs, what is unknown, what came in, and where each number leads."""

import pytest
from django.utils import timezone

from incidents.models import Incident
from inventory.models import Snapshot
from tests.factories import cyclonedx, deployment, digest, later, report, store, submit

# The state of the estate is read from one state of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

SHOP = digest("shop")


@pytest.fixture
def estate() -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=SHOP, name="registry.example/shop:1.0"))
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.19", name="a-build-without-digest"))
    report(
        "team-a",
        deployment(digest=SHOP, service="shop"),
        deployment(digest=digest("mystery"), workload="Deployment/mystery"),
        deployment(image="registry.example/tag-only:1", workload="Deployment/tag-only"),
    )


def test_the_numbers_are_those_of_the_lists_they_open(member, estate):
    home = member.get("/")
    known = home.context["estate"]

    undescribed = member.get("/artifacts", {"sbom": "none"}).context["list"].rows
    undigested = member.get("/workloads", {"digest": "none"}).context["list"].rows
    unmapped = member.get("/workloads", {"service": "none"}).context["list"].rows
    unbound = member.get("/artifacts", {"sbom": "unbound"}).context["list"].rows
    workloads = member.get("/workloads").context["list"].rows

    assert known.coverage.without_sbom_count == len(undescribed) == 1
    assert known.coverage.containers_without_digest_count == len(undigested) == 1
    assert known.coverage.unmapped_service_count == len(unmapped) == 2
    assert known.coverage.sbom_without_digest_count == len(unbound) == 1
    assert known.workload_count == len(workloads) == 3
    assert known.coverage.running_artifact_count == 2


def test_what_is_unknown_leads_to_the_next_step(member, estate):
    html = member.get("/").content.decode()

    assert 'href="/artifacts?sbom=none"' in html
    assert 'href="/workloads?digest=none"' in html


def test_recent_receipts_and_what_waits_are_shown(member, estate):
    store("team-a", cyclonedx("pkg:npm/b@1", subject=digest("b")), filename="waiting.json")

    html = member.get("/").content.decode()

    assert "waiting.json" in html
    assert "1 document wait" in html


def test_an_empty_installation_begins_with_two_commands(member):
    html = member.get("/").content.decode()

    assert "Begin here" in html
    assert "/api/v1/evidence" in html
    assert "/snapshot?namespaces=*" in html


def test_a_stranger_sees_an_empty_installation(stranger, estate):
    html = stranger.get("/").content.decode()

    assert "Begin here" in html
    assert "prod-eu" not in html


def test_somebody_without_a_role_is_told_who_can_help(browser):
    answer = browser().get("/")

    assert answer.status_code == 403
    assert b"An administrator gives you a role" in answer.content


def test_open_incidents_stand_first_for_who_may_see_them(responder, member, stranger, estate):
    responder.post("/incidents", {"q": "pkg:npm/lodash", "title": "stolen account", "severity": "critical"})

    html = responder.get("/").content.decode()
    assert "Open incidents" in html
    assert html.index("stolen account") < html.index("What is unknown")
    assert "stolen account" not in stranger.get("/").content.decode()

    Incident.objects.update(stage="closed", closed_at=timezone.now())
    assert "stolen account" not in responder.get("/").content.decode()


def test_what_is_remembered_of_the_estate_follows_every_change(member, estate):
    assert counts(member) == (3, 3, 1, 2, 1)

    submit("team-a", cyclonedx("pkg:npm/express@4", subject=digest("new")))
    assert counts(member) == (3, 3, 1, 3, 2)
    submit("team-a", cyclonedx("pkg:npm/express@4", subject=digest("newer")))
    assert counts(member) == (3, 3, 1, 4, 2)
    report("team-a", deployment(digest=SHOP, workload="Deployment/more", namespace="other"))
    assert counts(member) == (4, 4, 2, 4, 2)
    report(
        "team-a", deployment(digest=SHOP, workload="Deployment/more", namespace="other", status="ended"), at=later(9)
    )
    assert counts(member) == (3, 3, 1, 4, 2)
    assert counts(member)[3] == Snapshot.objects.count()


def test_what_is_remembered_for_one_team_is_not_shown_to_another(member, stranger, responder, estate):
    submit("team-b", cyclonedx("pkg:npm/left-pad@1", subject=digest("b")))

    assert counts(member)[3:] == (2, 1)
    assert counts(stranger)[3:] == (1, 1)
    assert counts(responder)[3:] == (3, 2)


def counts(browser) -> tuple[int, ...]:
    known = browser.get("/").context["estate"]
    return (
        known.workload_count,
        known.container_count,
        known.namespace_count,
        known.sbom_count,
        known.package_count,
    )


def test_the_page_costs_few_statements(member, estate, django_assert_max_num_queries):
    with django_assert_max_num_queries(19):
        assert member.get("/").status_code == 200
    with django_assert_max_num_queries(16):  # what nothing has changed of is not counted again
        assert member.get("/").status_code == 200
