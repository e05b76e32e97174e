"""Artifacts over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.factories import cyclonedx, deployment, digest, later, report, submit
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

APP, NEW = digest("app"), digest("new")
LODASH = "pkg:npm/lodash@4.17.21"
EXPRESS = "pkg:npm/express@4.18.2"


def client(team: str = "a", *scopes: str) -> Client:
    return client_of(new_key(*(scopes or ("inventory:read",)), team=team))


def get(path: str, *, team: str = "a") -> Any:
    answer = client(team).get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def every(path: str) -> list[dict[str, Any]]:
    """Follow `next` to the end."""
    reader, address, rows = client(), f"/api/v1{path}", []
    while address:
        body = reader.get(address).json()
        rows += body["results"]
        address = body["next"]
    return rows


def test_the_list_tells_names_kind_counts_and_where_to_read_on():
    submit("a", cyclonedx(LODASH, EXPRESS, subject=APP))
    report("a", deployment(digest=APP))

    assert get("/artifacts") == {
        "results": [
            {
                "digest": APP,
                "kind": "unknown",
                "names": ["registry.example/shop:1.0"],
                "name_count": 1,
                "running": True,
                "sbom_count": 1,
                "component_count": 2,
                "workload_count": 1,
                "url": f"/api/v1/artifacts/{APP}",
            }
        ],
        "next": None,
    }


def test_next_leads_through_all_pages_and_keeps_the_filters():
    for number in range(5):
        submit("a", cyclonedx(LODASH, subject=digest(str(number)), name=f"registry.example/shop/{number}:1"))

    rows = every("/artifacts?limit=2&q=shop&running=false")

    assert [row["digest"] for row in rows] == sorted(digest(str(number)) for number in range(5))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("colour=red", "unknown_parameter"),
        ("running=perhaps", "bad_parameter"),
        ("q=a&q=b", "repeated_parameter"),
        ("limit=x", "bad_parameter"),
        ("cursor=abc", "bad_cursor"),
        ("q=%00", "bad_parameter"),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(query, code):
    answer = client().get(f"/api/v1/artifacts?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_page_is_never_larger_than_five_hundred_rows():
    assert client().get("/api/v1/artifacts?limit=1000000000").status_code == 200


def test_a_cursor_of_another_list_is_refused():
    for number in range(2):
        submit("a", cyclonedx(LODASH, EXPRESS, subject=digest(str(number))))
    stranger = get("/artifacts?limit=1")["next"].partition("cursor=")[2]

    answer = client().get(f"/api/v1/artifacts/{digest('0')}/components?cursor={stranger}")

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def test_a_digest_tells_its_sboms_and_where_it_runs():
    evidence = submit("a", cyclonedx(LODASH, subject=APP))
    report("a", deployment(digest=APP))

    body = get(f"/artifacts/{APP}")

    assert (body["digest"], body["running"], body["component_count"], body["cluster_count"]) == (APP, True, 1, 1)
    assert [(sbom["evidence"], sbom["producer"], sbom["complete"]) for sbom in body["sboms"]] == [
        (str(evidence.public_id), "syft", True)
    ]


def test_an_upper_case_digest_is_the_same_artifact():
    submit("a", cyclonedx(LODASH, subject=APP))

    assert get(f"/artifacts/sha256:{APP[7:].upper()}/")["digest"] == APP


def test_components_are_listed_searched_and_paged():
    submit("a", cyclonedx(LODASH, EXPRESS, {"name": "blob", "version": "1"}, subject=APP))

    rows = every(f"/artifacts/{APP}/components?limit=2")

    assert [row["name"] for row in rows] == ["blob", "express", "lodash"]
    assert rows[1] | {"evidence": []} == {
        "purl": EXPRESS,
        "package": "pkg:npm/express",
        "type": "npm",
        "name": "express",
        "version": "4.18.2",
        "direct": None,
        "scope": "required",
        "evidence": [],
    }
    assert [row["purl"] for row in get(f"/artifacts/{APP}/components?q=loda")["results"]] == [LODASH]


def test_the_difference_names_what_changed():
    submit("a", cyclonedx(LODASH, "pkg:npm/gone@1", subject=APP))
    submit("a", cyclonedx("pkg:npm/lodash@4.17.20", subject=NEW))

    body = get(f"/artifacts/{APP}/diff/{NEW}")

    assert (body["before"], body["after"]) == (APP, NEW)
    assert [(row["name"], row["change"]) for row in body["results"]] == [("gone", "removed"), ("lodash", "changed")]
    assert body["summary"] == {
        "sbom_count_before": 1,
        "sbom_count_after": 1,
        "added_count": 0,
        "removed_count": 1,
        "changed_count": 1,
        "unchanged_component_count": 0,
    }


def test_the_merged_sbom_comes_as_json_and_as_xml():
    submit("a", cyclonedx(LODASH, subject=APP))

    as_json = client().get(f"/api/v1/artifacts/{APP}/sbom")
    as_xml = client().get(f"/api/v1/artifacts/{APP}/sbom?format=cyclonedx-xml")

    assert as_json["Content-Type"] == "application/vnd.cyclonedx+json; version=1.6"
    assert [component["purl"] for component in json.loads(as_json.getvalue())["components"]] == [LODASH]
    assert as_xml["Content-Type"] == "application/vnd.cyclonedx+xml; version=1.6"
    assert LODASH.encode() in as_xml.getvalue()


def test_the_merged_sbom_comes_in_the_version_asked_for():
    submit("a", cyclonedx(LODASH, subject=APP))

    old = client().get(f"/api/v1/artifacts/{APP}/sbom?version=1.4")
    as_spdx = client().get(f"/api/v1/artifacts/{APP}/sbom?format=spdx-json")

    assert json.loads(old.getvalue())["specVersion"] == "1.4"
    assert as_spdx["Content-Type"] == "application/spdx+json; version=2.3"
    assert as_spdx["Content-Disposition"].endswith('.spdx.json"')
    assert json.loads(as_spdx.getvalue())["spdxVersion"] == "SPDX-2.3"


@pytest.mark.parametrize("query", ["format=pdf", "version=1.1", "format=spdx-json&version=1.6", "version=2.3"])
def test_a_form_we_do_not_write_is_refused(query):
    submit("a", cyclonedx(LODASH, subject=APP))

    assert client().get(f"/api/v1/artifacts/{APP}/sbom?{query}").json()["code"] == "bad_parameter"


def test_vex_comes_as_one_document():
    submit("a", cyclonedx(LODASH, subject=APP))

    answer = client().get(f"/api/v1/artifacts/{APP}/vex")

    assert answer.json()["@context"] == "https://openvex.dev/ns/v0.2.0"
    assert answer.json()["statements"] == []


def test_there_is_no_merged_sbom_of_what_only_runs():
    report("a", deployment(digest=APP))

    answer = client().get(f"/api/v1/artifacts/{APP}/sbom")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_sbom")


@pytest.mark.parametrize("path", ["", "/components", f"/diff/{NEW}", "/sbom", "/vex"])
def test_a_foreign_artifact_answers_exactly_like_a_missing_one(path):
    submit("b", cyclonedx(LODASH, subject=APP))
    reader = client()

    foreign = reader.get(f"/api/v1/artifacts/{APP}{path}")
    missing = reader.get(f"/api/v1/artifacts/{digest('nothing')}{path}")

    assert (foreign.status_code, foreign.content) == (404, missing.content)


@pytest.mark.parametrize("path", ["", "/components", f"/diff/{NEW}", "/sbom", "/vex"])
def test_what_is_no_digest_is_refused(path):
    answer = client().get(f"/api/v1/artifacts/latest{path}")

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_digest")


@pytest.mark.parametrize(
    "path", ["", f"/{APP}", f"/{APP}/components", f"/{APP}/diff/{NEW}", f"/{APP}/sbom", f"/{APP}/vex"]
)
def test_reading_needs_its_scope(path):
    address = f"/api/v1/artifacts{path}"

    assert Client().get(address).status_code == 401
    assert client("a", "evidence:write").get(address).status_code == 403


def test_the_list_costs_the_same_whatever_its_size(django_assert_max_num_queries):
    for number in range(8):
        submit("a", cyclonedx(LODASH, subject=digest(str(number))), at=later(number))
    reader = client()

    with django_assert_max_num_queries(9):
        reader.get("/api/v1/artifacts")
