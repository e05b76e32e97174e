"""The search box over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from inventory.api import search as search_api
from inventory.graph.statements import bounded
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

APP = digest("app")


def get(text: str, *, team: str = "a", **query: Any) -> Any:
    answer = client_of(new_key("inventory:read", team=team)).get("/api/v1/search", {"q": text, **query})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_each_hit_says_its_kind_and_where_to_read_on():
    submit("a", cyclonedx("pkg:npm/shopkit@1.0.0", subject=APP, name="registry.example/shop:1.0"))
    report("a", deployment(digest=APP, workload="Deployment/shop-api", namespace="web"))

    results = get("shop")["results"]

    assert [(hit["kind"], hit["title"], hit["url"]) for hit in results] == [
        ("package", "shopkit", "/api/v1/packages/pkg%3Anpm%2Fshopkit"),
        ("artifact", "registry.example/shop:1.0", f"/api/v1/artifacts/{APP}"),
        ("image", "registry.example/shop", "/api/v1/artifacts?q=registry.example%2Fshop"),
        ("workload", "prod-eu/web/Deployment/shop-api", "/api/v1/workloads?cluster=prod-eu&namespace=web"),
    ]


def test_the_addresses_of_hits_answer():
    submit("a", cyclonedx("pkg:npm/shopkit@1.0.0", subject=APP, name="registry.example/shop:1.0"))
    reader = client_of(new_key("inventory:read", team="a"))

    addresses = [hit["url"] for text in ("shop", "shopkit@1.0.0") for hit in get(text)["results"]]

    assert addresses
    assert {reader.get(address).status_code for address in addresses} == {200}


def test_a_limit_that_cut_is_said():
    submit("a", cyclonedx("pkg:npm/shop-a@1", "pkg:npm/shop-b@1", subject=APP, name="x"))

    body = get("shop", limit=1)

    assert (len(body["results"]), body["truncated"], body["next"]) == (1, ["package"], None)


def test_nothing_is_found_without_a_text():
    assert get("") == {"results": [], "next": None, "truncated": []}


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "(((((((((a+)+)+)+)+)+", "%", "_", "\\", "pkg:", "sha999:", "@", ":", "🦑🦑"]
)
def test_whatever_is_typed_is_only_text(text):
    submit("a", cyclonedx("pkg:npm/lodash@1", subject=APP))

    assert get(text)["results"] == []


def test_a_question_that_takes_too_long_says_so(monkeypatch):
    def slow(*_arguments: Any, **_values: Any) -> None:
        with bounded(seconds=0.05), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr(search_api, "search", slow)
    answer = client_of(new_key("inventory:read")).get("/api/v1/search?q=anything")

    assert (answer.status_code, answer.json()["code"]) == (504, "query_timeout")
