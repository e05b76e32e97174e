"""Advisories over HTTP."""

import pytest
from django.test import Client

from tests.factories import advisory, submit
from tests.inventory.formats.fixtures import raw
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return client_of(new_key("inventory:read", team="shop"))


def test_an_advisory_tells_its_names_records_packages_and_ranges(client: Client):
    evidence = submit("shop", raw("osv/log4shell.json"))

    found = client.get("/api/v1/advisories/cve-2021-44228").json()

    assert found["names"] == ["CVE-2021-44228", "GHSA-JFH8-C2JP-5V3Q"]
    [record] = found["records"]
    assert (record["id"], record["evidence"]) == ("GHSA-jfh8-c2jp-5v3q", str(evidence.public_id))
    assert record["affected"][0] == {
        "ecosystem": "Maven",
        "name": "org.apache.logging.log4j:log4j-core",
        "purl": "pkg:maven/org.apache.logging.log4j/log4j-core",
        "release": "",
        "versions": [],
        "range": "vers:maven/>=2.13.0|<2.15.0",
        "imports": [],
        "doubt": "",
        "problems": [],
    }


def test_an_entry_nobody_can_look_for_says_so(client: Client):
    submit("shop", advisory("OSV-2026-1", ecosystem="OSS-Fuzz", name="thing"))

    [entry] = client.get("/api/v1/advisories/OSV-2026-1").json()["records"][0]["affected"]

    assert entry["purl"] is None
    assert entry["problems"] == ["packages of this ecosystem are not looked for"]


def test_the_list_has_pages_and_is_narrowed_by_package(client: Client):
    for number in range(3):
        submit("shop", advisory(f"MAL-{number}", name=f"p{number}"))

    first = client.get("/api/v1/advisories?limit=2").json()
    second = client.get(first["next"]).json()

    assert [row["id"] for row in (*first["results"], *second["results"])] == ["MAL-0", "MAL-1", "MAL-2"]
    narrowed = client.get("/api/v1/advisories", {"package": "pkg:npm/p1"}).json()
    assert [row["url"] for row in narrowed["results"]] == ["/api/v1/advisories/MAL-1"]


@pytest.mark.parametrize(
    ("query", "code"),
    [("package=nothing", "bad_purl"), ("package=pkg:npm/x@1", "purl_not_a_package"), ("page=2", "unknown_parameter")],
)
def test_a_question_that_cannot_be_read_is_refused(client: Client, query: str, code: str):
    answer = client.get(f"/api/v1/advisories?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_strangers_advisory_answers_like_a_missing_one(client: Client):
    submit("other", raw("osv/log4shell.json"))

    theirs, missing = (client.get(f"/api/v1/advisories/{name}") for name in ("CVE-2021-44228", "CVE-2021-00000"))

    assert theirs.status_code == missing.status_code == 404
    assert theirs.content == missing.content


def test_the_lines_of_a_list_have_pages_and_say_what_was_taken_back(client: Client):
    submit("shop", b"left-pad@1.3.0\nevil@1.0.0\n", declared_kind="list", name="wiz", version="1")
    submit("shop", b"left-pad@1.3.0\nnpm:@ctrl/tinycolor@4.1.1\n???\n", declared_kind="list", name="wiz", version="2")

    first = client.get("/api/v1/advisories/list%3Awiz?limit=2").json()
    second = client.get(first["next"]).json()

    lines = [*first["lines"], *second["lines"]]
    assert [(line["line"], line["purl"], line["name"], line["versions"]) for line in lines[:2]] == [
        (1, None, "left-pad", ["1.3.0"]),
        (2, "pkg:npm/%40ctrl/tinycolor", None, ["4.1.1"]),
    ]
    assert (lines[2]["kind"], second["next"]) == ("unreadable", None)
    assert lines[2]["problem"]
    assert first["retracted_count"] == 1


def test_a_stranger_sees_no_line_of_a_list(client: Client):
    submit("pay", b"left-pad@1.3.0\n", declared_kind="list", name="secret", version="1")

    missing, foreign = (client.get(f"/api/v1/advisories/list%3A{name}") for name in ("missing", "secret"))

    assert (missing.status_code, foreign.status_code) == (404, 404)
    assert missing.json()["code"] == foreign.json()["code"]
