"""Runtime over HTTP: reports are evidence, lists answer for the asker's own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from inventory.models import Cluster, Evidence, RunInterval
from tests.factories import apply_waiting, deployment, digest, report
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

A, B = digest("a"), digest("b")
BOTH = ("evidence:write", "inventory:read")


def client(team: str = "shop", *scopes: str, **bindings: Any) -> Client:
    return client_of(new_key(*(scopes or BOTH), team=team, **bindings))


def post(sender: Client, *records: dict[str, Any], query: str = "") -> Any:
    body = json.dumps(list(records))
    return sender.post(f"/api/v1/deployments{query}", body, content_type="application/json")


def put(sender: Client, body: dict[str, Any], *, cluster: str = "prod-eu", query: str = "") -> Any:
    path = f"/api/v1/clusters/{cluster}/snapshot{query}"
    return sender.put(path, json.dumps(body), content_type="application/json")


def whole(*records: dict[str, Any]) -> dict[str, Any]:
    return {"namespaces": ["*"], "records": list(records)}


# --- Reports -------------------------------------------------------------------------------------------------------


def test_a_deployment_is_evidence_and_ends_as_a_row():
    sender = client()
    answer = post(sender, deployment(digest=A, image="r.io/api:1.2", service="checkout", environment="production"))
    apply_waiting()

    assert answer.status_code == 202
    receipt = sender.get(answer.json()["url"]).json()
    assert (receipt["state"], receipt["kind"], receipt["artifacts"]) == ("applied", "deployment", [A])
    (row,) = sender.get("/api/v1/workloads").json()["results"]
    assert row | {"running_since": "", "last_seen_at": ""} == {
        "cluster": "prod-eu",
        "environment": "production",
        "production": True,
        "namespace": "shop",
        "kind": "Deployment",
        "name": "api",
        "container": "app",
        "container_class": "container",
        "digest": A,
        "image": "r.io/api:1.2",
        "service": "checkout",
        "team": "shop",
        "runtime_risks": [],
        "instance_count": 1,
        "running_since": "",
        "last_seen_at": "",
        "ended_at": None,
    }


def test_a_single_record_is_a_report_too():
    sender = client()

    answer = sender.post("/api/v1/deployments", json.dumps(deployment(digest=A)), content_type="application/json")
    apply_waiting()

    assert answer.status_code == 202
    assert RunInterval.objects.count() == 1


def test_each_call_is_a_new_observation_unless_every_record_is_dated():
    sender = client()
    dated = deployment(digest=A, observed_at="2026-03-01T12:00:00Z")

    assert [post(sender, deployment(digest=A)).status_code for _ in range(2)] == [202, 202]
    assert [post(sender, dated).status_code for _ in range(2)] == [202, 200]
    assert Evidence.objects.count() == 3


def test_something_else_than_a_report_is_rejected_by_the_worker():
    sender = client()
    answer = sender.post("/api/v1/deployments", '{"bomFormat": "CycloneDX", "specVersion": "1.6"}', "application/json")
    apply_waiting()

    assert answer.status_code == 202
    receipt = sender.get(answer.json()["url"]).json()
    assert (receipt["state"], receipt["error"]["code"]) == ("rejected", "kind_mismatch")


def test_a_snapshot_ends_what_it_leaves_out():
    sender = client()
    assert put(sender, whole(deployment(digest=A), deployment(digest=B, container="b"))).status_code == 202
    apply_waiting()

    put(sender, whole(deployment(digest=A)))
    apply_waiting()

    assert [row["digest"] for row in sender.get("/api/v1/workloads").json()["results"]] == [A]


def test_namespaces_of_the_query_cover_a_kubernetes_list():
    sender = client()
    report("shop", deployment(digest=A, namespace="one"), deployment(digest=A, namespace="two"))
    empty = {"kind": "PodList", "apiVersion": "v1", "items": []}

    put(sender, empty, query="?namespaces=one&namespaces=three&confirm_empty=true")
    apply_waiting()

    assert [row["namespace"] for row in sender.get("/api/v1/workloads").json()["results"]] == ["two"]


def test_the_snapshot_of_another_teams_cluster_is_refused_before_it_is_stored():
    report("shop", deployment(digest=A))

    answer = put(client("other"), whole(deployment(digest=B)))

    assert (answer.status_code, answer.json()["code"]) == (403, "cluster_not_yours")
    assert Evidence.objects.count() == 1


def test_a_key_bound_to_the_cluster_may_send_its_snapshot():
    report("shop", deployment(digest=A))

    assert put(client("other", clusters=("prod-eu",)), whole(deployment(digest=B))).status_code == 202


def test_a_key_bound_to_one_cluster_sends_no_snapshot_of_another():
    answer = put(client(clusters=("prod-eu",)), whole(deployment(digest=A)), cluster="prod-us")

    assert (answer.status_code, answer.json()["code"]) == (403, "outside_binding")
    assert Evidence.objects.count() == 0


@pytest.mark.parametrize("name", ["a\x00b", "x" * 256, "a\nb"])
def test_a_name_that_no_cluster_can_bear_is_refused(name):
    sender = client()

    for answer in (put(sender, whole(), cluster=quote(name)), sender.get(f"/api/v1/clusters/{quote(name)}")):
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")


def test_reports_need_the_scope_to_write_and_lists_the_scope_to_read():
    reader, writer = client("shop", "inventory:read"), client("shop", "evidence:write")

    assert post(reader, deployment(digest=A)).status_code == 403
    assert put(reader, whole(deployment(digest=A))).status_code == 403
    for path in ("workloads", "clusters", "clusters/prod-eu"):
        assert writer.get(f"/api/v1/{path}").status_code == 403
        assert Client().get(f"/api/v1/{path}").status_code == 401


def test_an_unknown_parameter_is_refused():
    sender = client()
    answers = [
        post(sender, deployment(digest=A), query="?artifact=x"),
        put(sender, whole(deployment(digest=A)), query="?cluster=x"),
        sender.get("/api/v1/workloads?pod=x"),
        sender.get("/api/v1/clusters?name=x"),
        sender.get("/api/v1/clusters/prod-eu?x=1"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(400, "unknown_parameter")] * 5


# --- Lists ---------------------------------------------------------------------------------------------------------


def test_what_ran_at_an_instant():
    report("shop", deployment(digest=A, observed_at="2026-03-01T10:00:00Z"))
    report("shop", deployment(digest=B, observed_at="2026-03-01T11:00:00Z"))

    (row,) = client().get("/api/v1/workloads?at=2026-03-01T10:59:59Z").json()["results"]

    assert (row["digest"], row["ended_at"]) == (A, "2026-03-01T11:00:00Z")


@pytest.mark.parametrize("digest_given", [A, A.upper(), "none"])
def test_workloads_are_filtered_by_digest(digest_given):
    report("shop", deployment(digest=A), deployment(image="r.io/app:1", container="b"))

    (row,) = client().get(f"/api/v1/workloads?digest={digest_given}").json()["results"]

    assert row["digest"] == (None if digest_given == "none" else A)


def test_a_bad_digest_or_time_is_refused():
    sender = client()

    assert sender.get("/api/v1/workloads?digest=sha256:12").json()["code"] == "bad_parameter"
    assert sender.get("/api/v1/workloads?at=yesterday").json()["code"] == "bad_parameter"


def test_pages_of_workloads_and_clusters_follow_each_other():
    report("shop", *(deployment(digest=A, cluster=f"c{number}") for number in range(3)))
    sender = client()
    for path in ("/api/v1/workloads", "/api/v1/clusters"):
        found: list[str] = []
        address: str | None = f"{path}?limit=2"
        while address is not None:
            page = sender.get(address).json()
            found += [row.get("cluster", row.get("name")) for row in page["results"]]
            address = page["next"]
        assert found == ["c0", "c1", "c2"]


def test_a_cluster_that_fell_silent_is_stale():
    report("shop", deployment(digest=A), at=timezone.now() - timedelta(minutes=16))
    report("shop", deployment(digest=A, cluster="fresh"), at=timezone.now())
    sender = client()

    rows = sender.get("/api/v1/clusters").json()["results"]
    assert {row["name"]: row["stale"] for row in rows} == {"prod-eu": True, "fresh": False}
    detail = sender.get("/api/v1/clusters/prod-eu").json()
    assert (detail["stale"], detail["workload_count"]) == (True, 1)
    assert detail["namespaces"] == [
        {"namespace": "shop", "workload_count": 1, "container_count": 1, "artifact_count": 1}
    ]


def test_a_strangers_cluster_answers_like_one_that_does_not_exist():
    report("shop", deployment(digest=A))
    stranger = client("other")

    there, nowhere = stranger.get("/api/v1/clusters/prod-eu"), stranger.get("/api/v1/clusters/nowhere")

    assert there.status_code == nowhere.status_code == 404
    assert there.content == nowhere.content
    assert stranger.get("/api/v1/clusters").json()["results"] == []
    assert stranger.get("/api/v1/workloads").json()["results"] == []


def test_a_list_costs_the_same_however_long(django_assert_max_num_queries):
    report("shop", *(deployment(digest=A, workload=f"Deployment/w{number}") for number in range(40)))
    sender = client()

    with django_assert_max_num_queries(8):
        assert len(sender.get("/api/v1/workloads").json()["results"]) == 40
    with django_assert_max_num_queries(8):
        sender.get("/api/v1/clusters/prod-eu")
    assert Cluster.objects.count() == 1
