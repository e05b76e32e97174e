"""Findings over HTTP: the list with its filters and pages, one with what happened to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from inventory.models import Finding
from tests.factories import START, later
from tests.inventory.detectors.files import PATH
from tests.inventory.ingest.test_findings import CLEAN, UPLOADER, send
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db


def client(team: str = "shop") -> Client:
    return client_of(new_key("inventory:read", team=team))


def get(query: str = "", *, team: str = "shop") -> Any:
    answer = client(team).get(f"/api/v1/findings{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def subjects(query: str) -> list[str]:
    return [row["subject"] for row in get(query)["results"]]


def test_a_finding_says_what_is_wrong_where_since_when_and_what_to_do():
    evidence = send(UPLOADER)

    (row,) = get()["results"]

    finding = Finding.objects.get()
    assert row == {
        "id": str(finding.public_id),
        "url": f"/api/v1/findings/{finding.public_id}",
        "detector": "unpinned_tool",
        "title": "unpinned tool download",
        "rule": "run_as_it_arrives",
        "severity": "high",
        "state": "open",
        "team": "shop",
        "repository": "github.com/acme/shop",
        "path": PATH,
        "subject": "codecov.io/bash",
        "given": "codecov.io/bash",
        "wrong": "A shell runs what this address serves, as it arrives.",
        "fix": row["fix"],
        "places": [{"job": "test", "step": 0, "line": 6}],
        "first_seen_at": "2026-03-01T12:00:00Z",
        "first_evidence": str(evidence.public_id),
        "last_seen_at": "2026-03-01T12:00:00Z",
        "last_evidence": str(evidence.public_id),
        "closed_at": None,
        "closed_by": None,
    }
    assert "SHA-256" in row["fix"]


def test_one_has_what_happened_to_it_and_by_which_documents():
    first, second = send(UPLOADER), send(CLEAN, at=later(5))

    found = get(f"/{Finding.objects.get().public_id}")

    assert (found["state"], found["closed_by"]) == ("closed", str(second.public_id))
    assert [(event["kind"], event["evidence"], event["at"]) for event in found["events"]] == [
        ("opened", str(first.public_id), "2026-03-01T12:00:00Z"),
        ("closed", str(second.public_id), "2026-03-01T12:05:00Z"),
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["acme/tool", "acme/gone", "codecov.io/bash"]),
        ("?detector=unpinned_action", ["acme/tool", "acme/gone"]),
        ("?state=closed", ["acme/gone"]),
        ("?state=open", ["acme/tool", "codecov.io/bash"]),
        ("?severity=critical", []),
        ("?severity=high&repository=acme/shop", ["acme/tool", "acme/gone", "codecov.io/bash"]),
        ("?repository=https://github.com/Acme/Shop.git", ["acme/tool", "acme/gone", "codecov.io/bash"]),
        ("?repository=acme/other", []),
        (f"?seen_before={later(5).isoformat().replace('+', '%2B')}", ["acme/gone", "codecov.io/bash"]),
        (f"?seen_from={later(5).isoformat().replace('+', '%2B')}", ["acme/tool"]),
    ],
)
def test_the_list_is_narrowed(query: str, expected: list[str]):
    send(UPLOADER, "uses: acme/gone@v1", at=START)
    send(UPLOADER, "uses: acme/tool@v1", at=later(5))

    found = subjects(query)
    assert set(found) == set(expected)
    assert found[:1] == ["acme/tool"] or "acme/tool" not in expected


def test_the_pages_of_the_list_join():
    send(*(f"uses: acme/tool{number}@v1" for number in range(5)))
    reader, address, found = client(), "/api/v1/findings?limit=2", []
    while address:
        page = reader.get(address).json()
        found += [row["subject"] for row in page["results"]]
        address = page["next"]

    assert sorted(found) == [f"acme/tool{number}" for number in range(5)]


def test_a_list_costs_the_same_however_long_it_is(django_assert_max_num_queries: Any):
    reader = client()
    send(*(f"uses: acme/tool{number}@v1" for number in range(40)))
    reader.get("/api/v1/findings")

    with django_assert_max_num_queries(3):
        assert len(reader.get("/api/v1/findings").json()["results"]) == 40


def test_a_stranger_is_told_of_none():
    send(UPLOADER)
    one = f"/api/v1/findings/{Finding.objects.get().public_id}"

    assert get(team="other")["results"] == []
    stranger, missing = client("other").get(one), client("other").get(f"{one[:-12]}000000000000")
    assert (stranger.status_code, stranger.content) == (404, missing.content)


@pytest.mark.parametrize("query", ["detector=x", "severity=grave", "state=gone", "seen_from=today", "what=1"])
def test_what_is_no_filter_is_refused(query: str):
    assert client().get(f"/api/v1/findings?{query}").status_code == 400
