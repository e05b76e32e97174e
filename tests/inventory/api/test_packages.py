"""Packages over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

APP = digest("app")
TINYCOLOR = "pkg:npm/%40ctrl/tinycolor"


def client(team: str = "a", *scopes: str) -> Client:
    return client_of(new_key(*(scopes or ("inventory:read",)), team=team))


def get(path: str, *, team: str = "a") -> Any:
    answer = client(team).get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_list_is_not_empty_without_a_text():
    submit("a", cyclonedx("pkg:npm/lodash@4.17.21", subject=APP))
    report("a", deployment(digest=APP))

    assert get("/packages") == {
        "results": [
            {
                "purl": "pkg:npm/lodash",
                "type": "npm",
                "name": "lodash",
                "version_count": 1,
                "artifact_count": 1,
                "running_artifact_count": 1,
                "workload_count": 1,
                "url": "/api/v1/packages/pkg%3Anpm%2Flodash",
            }
        ],
        "next": None,
    }


@pytest.mark.parametrize("text", ["", "&q=pk"])
def test_next_leads_through_all_pages(text):
    submit("a", cyclonedx(*(f"pkg:npm/pk{number}@1" for number in range(5)), subject=APP))

    reader, address, names = client(), f"/api/v1/packages?limit=2{text}", []
    while address:
        body = reader.get(address).json()
        names += [row["name"] for row in body["results"]]
        address = body["next"]

    assert names == ["pk0", "pk1", "pk2", "pk3", "pk4"]


@pytest.mark.parametrize(
    "path",
    [quote(TINYCOLOR, safe=""), TINYCOLOR, "pkg:npm/@ctrl/tinycolor", f"{TINYCOLOR}/", "pkg:npm/%40CTRL/tinycolor"],
)
def test_a_purl_may_be_encoded_whole_or_stand_as_it_is(path):
    submit("a", cyclonedx("pkg:npm/%40ctrl/tinycolor@4.1.1", subject=APP))

    body = get(f"/packages/{path}")

    assert (body["purl"], body["namespace"], body["name"]) == (TINYCOLOR, "@ctrl", "@ctrl/tinycolor")
    assert [row["version"] for row in body["versions"]] == ["4.1.1"]


def test_the_address_in_the_list_leads_to_the_package():
    submit("a", cyclonedx("pkg:npm/%40ctrl/tinycolor@4.1.1", subject=APP))
    (row,) = get("/packages")["results"]

    assert client().get(row["url"]).json()["purl"] == TINYCOLOR


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("pkg:npm/lodash@4.17.21", "purl_not_a_package"),
        (quote("pkg:npm/lodash?arch=amd64", safe=""), "purl_not_a_package"),
        (quote("pkg:npm/lodash#src", safe=""), "purl_not_a_package"),
        ("lodash", "bad_purl"),
        ("pkg:npm", "bad_purl"),
        ("pkg:npm/lodash?arch=amd64", "unknown_parameter"),
    ],
)
def test_an_address_that_is_no_package_is_refused(path, code):
    answer = client().get(f"/api/v1/packages/{path}")

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_foreign_package_answers_exactly_like_a_missing_one():
    submit("b", cyclonedx("pkg:npm/lodash@4.17.21", subject=APP))
    reader = client()

    foreign = reader.get("/api/v1/packages/pkg:npm/lodash")
    missing = reader.get("/api/v1/packages/pkg:npm/nothing")

    assert (foreign.status_code, foreign.content) == (404, missing.content)


@pytest.mark.parametrize("path", ["/packages", "/packages/pkg:npm/lodash", "/search?q=lodash"])
def test_reading_needs_its_scope(path):
    assert Client().get(f"/api/v1{path}").status_code == 401
    assert client("a", "evidence:write").get(f"/api/v1{path}").status_code == 403


def test_a_text_longer_than_anybody_types_is_refused():
    answer = client().get("/api/v1/packages", {"q": "a" * 10_000})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")
