"""The artifact pages show what the asker's own edges reach, and nothing of anybody else's."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.factories import START, cyclonedx, deployment, digest, image_index, openvex, report, submit

pytestmark = pytest.mark.django_db

SHOP = digest("shop")
NEXT = digest("shop next")
LEFT_PAD = "pkg:npm/left-pad@1.3.0"
LODASH = "pkg:npm/lodash@4.17.20"


@pytest.fixture
def shop() -> str:
    """One digest with an SBOM, running."""
    submit("team-a", cyclonedx(LEFT_PAD, LODASH, subject=SHOP, name="registry.example/shop:1.0"))
    report("team-a", deployment(digest=SHOP, image="registry.example/shop:1.0"))
    return SHOP


def page(client: Client, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def without_token(answer) -> str:
    """Drop what differs from one answer to the next by design."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())


def test_the_list_names_what_runs_and_what_is_unknown(member, shop):
    report("team-a", deployment(digest=digest("mystery"), workload="Deployment/mystery"))

    html = page(member, "/artifacts")

    assert "registry.example/shop" in html
    assert "No SBOM" in html
    assert html.count("Running") >= 2


def test_the_list_is_searched_by_name_and_by_digest(member, shop):
    submit("team-a", cyclonedx(LODASH, subject=digest("other"), name="registry.example/other:2"))

    by_name = page(member, "/artifacts", q="other")
    by_digest = page(member, "/artifacts", q=SHOP[:20])

    assert SHOP not in by_name
    assert SHOP in by_digest
    assert digest("other") not in by_digest


def test_an_empty_installation_says_what_to_do(member):
    html = page(member, "/artifacts")

    assert "No artifact is known yet" in html
    assert "curl --fail" in html
    assert "http://testserver/api/v1/evidence" in html


def test_the_page_of_a_digest_holds_components_workload_and_raw_evidence(member, shop):
    html = page(member, f"/artifacts/{SHOP}")

    assert "left-pad" in html
    assert "lodash" in html
    assert "/raw" in html
    assert "Running" in html


def test_components_are_filtered_for_htmx_without_the_page_around(member, shop):
    answer = member.get(f"/artifacts/{SHOP}/components", {"q": "left"}, headers={"HX-Request": "true"})

    html = answer.content.decode()
    assert "left-pad" in html
    assert "lodash" not in html
    assert "<html" not in html
    assert "HX-Request" in answer.headers["Vary"]


def test_components_are_paged(member):
    purls = [f"pkg:npm/part-{number:03}@1.0.0" for number in range(60)]
    submit("team-a", cyclonedx(*purls, subject=SHOP))

    first = member.get(f"/artifacts/{SHOP}/components")
    following = first.context["list"].next
    second = page(member, following)

    assert "part-000" in first.content.decode()
    assert "part-059" in second
    assert "part-000" not in second
    assert "First page" in second


def test_the_difference_tells_added_removed_and_changed(member, shop):
    submit("team-a", cyclonedx("pkg:npm/left-pad@1.3.1", "pkg:npm/new@1.0.0", subject=NEXT))

    html = page(member, f"/artifacts/{SHOP}/diff", **{"with": NEXT})

    assert "1.3.1" in html
    assert "added" in html
    assert "removed" in html
    assert "changed" in html


def test_a_difference_to_a_digest_without_sbom_says_that_it_says_nothing(member, shop):
    report("team-a", deployment(digest=NEXT, workload="Deployment/next"))

    assert "This difference says nothing" in page(member, f"/artifacts/{SHOP}/diff", **{"with": NEXT})


def test_members_of_an_index_are_linked(member):
    evidence = submit("team-a", image_index(SHOP, NEXT))

    html = page(member, f"/artifacts/{evidence.blob_id}")

    assert SHOP in html
    assert "linux/amd64" in html


@pytest.mark.parametrize("tail", ["", "/components", f"/diff?with={digest('shop next')}"])
def test_a_stranger_cannot_tell_another_teams_digest_from_one_that_does_not_exist(stranger, shop, tail):
    theirs = stranger.get(f"/artifacts/{SHOP}{tail}")
    nobodys = stranger.get(f"/artifacts/{digest('nobody')}{tail}")

    assert theirs.status_code == nobodys.status_code == 404
    assert without_token(theirs) == without_token(nobodys)


def test_a_stranger_sees_an_empty_list(stranger, shop):
    assert "No artifact is known yet" in page(stranger, "/artifacts")


@pytest.mark.parametrize("path", ["/artifacts/sha256:abc", "/artifacts?running=maybe", "/artifacts?cursor=forged"])
def test_what_cannot_be_read_is_refused_with_a_reason(member, path):
    answer = member.get(path)

    assert answer.status_code == 400
    assert b"This cannot be done as it was asked" in answer.content


@pytest.mark.parametrize(
    ("path", "budget"),
    [
        ("/artifacts", 10),
        (f"/artifacts/{SHOP}", 29),
        (f"/artifacts/{SHOP}/components", 8),
    ],
)
def test_a_page_costs_the_same_few_statements_whatever_it_shows(
    member, shop, path, budget, django_assert_max_num_queries
):
    for number in range(12):
        submit("team-a", cyclonedx(LODASH, subject=digest(f"more {number}"), name=f"registry.example/more:{number}"))
        report("team-a", deployment(digest=SHOP, workload=f"Deployment/w{number}"), at=START)

    with django_assert_max_num_queries(budget):
        page(member, path)


def test_what_is_stated_of_what_is_in_it_stands_on_its_page_the_latest_of_each_issuer(member, stranger, shop):
    submit("team-a", openvex(LODASH, name="CVE-2026-7001", status="under_investigation"))
    submit("team-a", openvex(LODASH, name="CVE-2026-7001", status="fixed"), at=START + timedelta(hours=1))
    submit("team-a", openvex("pkg:npm/lodash@9.9.9", name="CVE-2026-7002"))
    submit("team-b", openvex(LODASH, name="CVE-2026-7003"))

    html = page(member, f"/artifacts/{SHOP}")

    assert "/advisories/CVE-2026-7001" in html
    assert html.count("/advisories/CVE-2026-7001") == 1
    assert "CVE-2026-7002" not in html
    assert "CVE-2026-7003" not in html


def test_the_page_of_an_artifact_offers_its_exports(member, shop):
    html = page(member, f"/artifacts/{SHOP}")

    for form in ("/sbom", "/sbom?format=cyclonedx-xml", "/sbom?format=spdx-json", "/vex"):
        assert f'href="/api/v1/artifacts/{SHOP}{form}" download' in html
