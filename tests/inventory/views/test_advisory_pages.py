"""The pages of advisories: the list, all that is known under one name, and those that name a package."""

from __future__ import annotations

import pytest

from tests.factories import advisory, cyclonedx, digest, openvex, submit

pytestmark = pytest.mark.django_db

GHSA, CVE = "GHSA-aaaa-bbbb-cccc", "CVE-2026-0001"
LODASH = "pkg:npm/lodash@4.17.20"
RANGE = [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.21"}]}]


@pytest.fixture
def known() -> None:
    ranged = [{"package": {"ecosystem": "npm", "name": "lodash"}, "ranges": RANGE, "versions": ["4.17.20"]}]
    submit("team-a", advisory(GHSA, name="lodash", aliases=[CVE], summary="Prototype pollution", affected=ranged))
    submit("team-a", openvex(LODASH, name=CVE))


def test_the_list_leads_to_each_advisory(member, known):
    html = member.get("/advisories").content.decode()

    assert f"/advisories/{GHSA}" in html
    assert "Prototype pollution" in html


@pytest.mark.parametrize("name", [GHSA, CVE, CVE.lower()])
def test_an_advisory_is_found_under_every_name_with_what_it_names_and_what_is_stated(member, known, name: str):
    html = member.get(f"/advisories/{name}").content.decode()

    for shown in (GHSA, CVE, "vers:npm/&lt;4.17.21", "/impact?q=pkg%3Anpm%2Flodash", "Acme Security", LODASH):
        assert shown in html


def test_what_only_statements_name_has_a_page_that_says_so(member):
    submit("team-a", openvex(LODASH, name="CVE-2026-0002"))

    html = member.get("/advisories/CVE-2026-0002").content.decode()

    assert "No record of it has been received" in html
    assert "Under investigation" in html


def test_a_withdrawn_advisory_says_so(member):
    submit("team-a", advisory(GHSA, name="lodash", withdrawn="2026-02-02T00:00:00Z"))

    assert "Withdrawn" in member.get("/advisories").content.decode()
    assert "its source has taken it back" in member.get(f"/advisories/{GHSA}").content.decode()


def test_an_ecosystem_that_is_not_looked_for_says_so(member):
    submit("team-a", advisory(GHSA, ecosystem="Nowhere", name="thing"))

    assert "not looked for" in member.get(f"/advisories/{GHSA}").content.decode()


def test_a_package_shows_the_advisories_that_name_it(member, known):
    submit("team-a", cyclonedx(LODASH, "pkg:npm/other@1", subject=digest("app")))

    assert f"/advisories/{GHSA}" in member.get("/packages/pkg:npm/lodash").content.decode()
    assert "says nothing of its safety" in member.get("/packages/pkg:npm/other").content.decode()


def test_a_documents_page_leads_to_its_advisories(member):
    warned = submit("team-a", advisory(GHSA, name="lodash"))
    stated = submit("team-a", openvex(LODASH, name=CVE))

    assert f"/advisories/{GHSA}" in member.get(f"/evidence/{warned.public_id}").content.decode()
    assert f"/advisories/{CVE}" in member.get(f"/evidence/{stated.public_id}").content.decode()


def test_a_part_of_an_id_narrows_the_list(member, known):
    assert GHSA in member.get("/advisories", {"q": "bbbb"}, headers={"HX-Request": "true"}).content.decode()
    assert b"says nothing of what is not here" in member.get("/advisories", {"q": "zzzz"}).content


def test_an_empty_list_says_how_to_send_one(member):
    assert b"kind=advisory" in member.get("/advisories").content


def test_a_stranger_sees_none(stranger, known):
    assert b"No advisory was received yet" in stranger.get("/advisories").content
    assert stranger.get(f"/advisories/{GHSA}").status_code == 404


@pytest.mark.parametrize(("path", "budget"), [("/advisories", 8), (f"/advisories/{GHSA}", 11)])
def test_a_page_costs_few_statements(member, known, path: str, budget: int, django_assert_max_num_queries):
    for number in range(12):
        submit("team-a", advisory(f"MAL-2026-{number}", name="lodash", aliases=[CVE]))

    with django_assert_max_num_queries(budget):
        assert member.get(path).status_code == 200


def test_a_list_shows_what_its_lines_are_understood_as_and_what_it_took_back(member, stranger):
    submit("team-a", b"left-pad@1.3.0\nevil@1.0.0\n", declared_kind="list", name="wiz", version="1")
    submit("team-a", b"left-pad@1.3.0\n???\n", declared_kind="list", name="wiz", version="2")

    html = member.get("/advisories/list%3Awiz").content.decode()

    assert "left-pad" in html
    assert "1 that earlier versions named and this one does not" in html
    assert "Unreadable" in html
    assert stranger.get("/advisories/list%3Awiz").status_code == 404
