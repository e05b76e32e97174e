"""Runtime reports as rows: who may say what, when it was, and what a snapshot ends."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import ArtifactName, Cluster, Environment, Evidence, EvidenceState, RunInterval, Running, Workload
from supplychain.access.actors import system_actor
from supplychain.access.keys import Bindings, make_key
from supplychain.access.models import ApiKey, Team
from tests.factories import (
    START,
    apply_waiting,
    cyclonedx,
    deployment,
    digest,
    image_index,
    later,
    report,
    store,
    submit,
)

pytestmark = pytest.mark.django_db

A, B, C = digest("a"), digest("b"), digest("c")


def bound_key(team: str, *clusters: str, environments: tuple[str, ...] = ()) -> ApiKey:
    row = Team.objects.get_or_create(slug=team, defaults={"name": team})[0]
    bindings = Bindings(clusters=clusters, environments=environments)
    return make_key(row, scopes=["evidence:write"], actor=system_actor("test"), at=START, bindings=bindings).row


def snapshot(team: str, *records: dict[str, Any], minutes: int = 0, **parameters: Any) -> Evidence:
    body: dict[str, Any] = {"records": list(records)}
    if (namespaces := parameters.pop("covers", ["*"])) is not None:
        body["namespaces"] = namespaces
    body |= parameters.pop("body", {})
    given = {"cluster": "prod-eu", "declared_kind": "snapshot", "is_observation": True} | parameters
    return store_and_apply(team, json.dumps(body).encode(), at=later(minutes), **given)


def store_and_apply(team: str, data: bytes, **parameters: Any) -> Evidence:
    evidence = store(team, data, **parameters)
    apply_waiting()
    return evidence


def pods(*containers: dict[str, Any], metadata: dict[str, Any] | None = None) -> bytes:
    items = [
        {
            "kind": "Pod",
            "metadata": {
                "name": made["pod"],
                "namespace": made.get("namespace", "shop"),
                "labels": {"app.kubernetes.io/name": "api"},
            },
            "spec": {"containers": [{"name": "app", "image": "registry.example/api:1"}]},
            "status": {
                "containerStatuses": [
                    {
                        "name": "app",
                        "imageID": made.get("image_id", f"registry.example/api@{made.get('digest', A)}"),
                        "state": made.get("state", {"running": {}}),
                    }
                ]
            },
        }
        for made in containers
    ]
    return json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": metadata or {}, "items": items}).encode()


def pod_snapshot(team: str, data: bytes, *, minutes: int = 0, **parameters: Any) -> Evidence:
    given = {"cluster": "prod-eu", "declared_kind": "snapshot", "is_observation": True} | parameters
    return store_and_apply(team, data, at=later(minutes), **given)


def state(evidence: Evidence) -> EvidenceState:
    return EvidenceState.objects.get(pk=evidence.pk)


def error_code(evidence: Evidence) -> str:
    error = state(evidence).error
    return "" if error is None else error["code"]


def warning_codes(evidence: Evidence) -> list[str]:
    return [warning["code"] for warning in state(evidence).warnings]


def intervals(**conditions: Any) -> list[tuple[str | None, int, int | None, str]]:
    """(digest, opened, closed, reason) in minutes after START, in order."""
    rows = RunInterval.objects.filter(**conditions).select_related("artifact").order_by("opened_at", "id")
    return [
        (
            row.artifact.digest if row.artifact else None,
            int((row.opened_at - START).total_seconds() // 60),
            None if row.closed_at is None else int((row.closed_at - START).total_seconds() // 60),
            row.close_reason,
        )
        for row in rows
    ]


def test_the_first_report_makes_the_cluster_for_its_team():
    report("shop", deployment(digest=A, environment="Production", service="checkout"))

    cluster = Cluster.objects.get()
    assert (cluster.name, cluster.team.slug, cluster.last_heard_at) == ("prod-eu", "shop", START)
    assert intervals() == [(A, 0, None, "")]
    assert Workload.objects.get().service == "checkout"
    assert list(Environment.objects.values_list("slug", "is_production")) == [("production", True)]


def test_another_digest_closes_and_opens():
    report("shop", deployment(digest=A))
    evidence = report("shop", deployment(digest=B), at=later(10))

    assert intervals() == [(A, 0, 10, "replaced"), (B, 10, None, "")]
    assert state(evidence).counts == {
        "records": 1,
        "records_applied": 1,
        "records_rejected": 0,
        "intervals_opened": 1,
        "intervals_ended": 1,
    }


def test_an_older_report_only_fills_the_past():
    report("shop", deployment(digest=B, observed_at="2026-03-01T12:30:00Z"), at=later(31))
    report("shop", deployment(digest=A, observed_at="2026-03-01T12:10:00Z"), at=later(32))

    assert intervals() == [(A, 10, 30, "replaced"), (B, 30, None, "")]


def test_ended_closes_and_an_end_for_another_digest_does_not():
    report("shop", deployment(digest=A))
    report("shop", deployment(digest=B, status="ended"), at=later(5))
    assert intervals(seen_count__gt=0) == [(A, 0, None, "")]

    report("shop", deployment(digest=A, status="ended"), at=later(9))
    assert intervals(seen_count__gt=0) == [(A, 0, 9, "ended")]


def test_an_end_of_an_unknown_deployment_is_kept_until_its_start_arrives():
    ended = report("shop", deployment(digest=A, status="ended", observed_at="2026-03-01T12:20:00Z"), at=later(21))
    assert state(ended).state == "applied"

    report("shop", deployment(digest=A, observed_at="2026-03-01T12:10:00Z"), at=later(22))

    assert intervals() == [(A, 10, 20, "ended")]


def test_pods_of_one_workload_run_side_by_side():
    report("shop", deployment(digest=A, pod="p1"), deployment(digest=B, pod="p2"))

    assert intervals(closed_at=None) == [(A, 0, None, ""), (B, 0, None, "")]
    assert Workload.objects.count() == 1


def test_two_clusters_with_the_same_names_never_merge():
    report("shop", deployment(digest=A), deployment(digest=B, cluster="prod-us"))

    assert Cluster.objects.count() == Workload.objects.count() == 2
    assert intervals(closed_at=None) == [(A, 0, None, ""), (B, 0, None, "")]


def test_of_undated_records_of_one_container_the_later_counts():
    evidence = report("shop", deployment(digest=A), deployment(digest=B))

    assert intervals() == [(B, 0, None, "")]
    assert warning_codes(evidence) == ["duplicate_key_in_batch"]
    assert state(evidence).counts["records"] == 2


def test_a_clock_far_ahead_is_not_believed():
    evidence = report("shop", deployment(digest=A, observed_at="2026-03-01T12:06:00Z"))
    near = report("shop", deployment(digest=B, container="b", observed_at="2026-03-01T12:04:00Z"))

    assert warning_codes(evidence) == ["clock_skew"]
    assert warning_codes(near) == []
    assert intervals() == [(A, 0, None, ""), (B, 4, None, "")]


def test_a_record_without_digest_is_kept_by_its_reference():
    report("shop", deployment(image="registry.example/api:1.2"))

    row = RunInterval.objects.get()
    assert (row.artifact, row.image_name, row.image_tag) == (None, "registry.example/api", "1.2")


def test_the_name_by_which_a_cluster_calls_an_artifact_is_kept_once():
    for minutes in (0, 5):
        report("shop", deployment(digest=A, image="Registry.example/api:1.2"), at=later(minutes))

    assert list(ArtifactName.objects.values_list("name", "tag", "team__slug")) == [
        ("registry.example/api", "1.2", "shop")
    ]


def test_the_same_report_twice_changes_nothing():
    record = deployment(digest=A, observed_at="2026-03-01T11:00:00Z")
    report("shop", record)
    before = list(RunInterval.objects.values())

    report("shop", record, at=later(5))

    assert list(RunInterval.objects.values()) == before


def test_what_runs_is_joined_to_its_sbom_and_leaves_when_it_ends():
    submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=A))
    report("shop", deployment(digest=A))
    assert Running.objects.count() == 1

    report("shop", deployment(digest=B), at=later(5))

    assert Running.objects.count() == 0


# --- Whose it is ---------------------------------------------------------------------------------------------------


def test_a_stranger_opens_and_closes_only_its_own():
    report("shop", deployment(digest=A))

    report("other", deployment(digest=B), at=later(5))
    report("other", deployment(digest=B, status="ended"), at=later(6))

    assert intervals(team__slug="shop") == [(A, 0, None, "")]
    assert intervals(team__slug="other") == [(B, 5, 6, "ended")]
    assert Cluster.objects.get().last_heard_at == START


def test_a_stranger_does_not_describe_the_workloads_of_others():
    report("shop", deployment(digest=A, service="checkout"))
    report("other", deployment(digest=A, service="mine"))

    assert Workload.objects.get().service == "checkout"


def test_the_service_follows_the_newest_record_that_names_one():
    report("shop", deployment(digest=A, service="checkout", runtime_risks=["internet-exposed"]))
    report("shop", deployment(digest=A))
    report("shop", deployment(digest=A, service="shop-api"))

    workload = Workload.objects.get()
    assert (workload.service, workload.runtime_risks) == ("shop-api", ["internet-exposed"])


def test_only_a_key_bound_to_the_cluster_names_the_team_of_a_record():
    Team.objects.create(slug="payments", name="Payments")
    key = bound_key("shop", "prod-eu")
    given = report("shop", deployment(digest=A, team="payments"))
    assert warning_codes(given) == ["team_not_used"]
    assert intervals(team__slug="shop") == [(A, 0, None, "")]

    body = json.dumps([deployment(digest=A, team="payments"), deployment(digest=A, container="b", team="nobody")])
    evidence = submit("shop", body.encode(), at=later(5), is_observation=True, api_key=key)

    assert warning_codes(evidence) == ["unknown_team"]
    assert intervals(team__slug="payments") == [(A, 5, None, "")]
    assert intervals(container="app") == [(A, 0, 5, "replaced"), (A, 5, None, "")]


def test_a_record_of_a_cluster_the_key_is_not_bound_to_is_refused():
    key = bound_key("shop", "prod-eu")
    body = json.dumps([deployment(digest=A), deployment(digest=A, cluster="prod-us")]).encode()
    evidence = submit("shop", body, is_observation=True, api_key=key)

    assert warning_codes(evidence) == ["outside_binding"]
    assert list(Cluster.objects.values_list("name", flat=True)) == ["prod-eu"]


def test_a_report_of_which_no_record_counts_is_rejected_and_leaves_nothing():
    key = bound_key("shop", "prod-eu")
    body = json.dumps([deployment(digest=A, cluster="prod-us")]).encode()
    evidence = store_and_apply("shop", body, is_observation=True, api_key=key)

    assert (state(evidence).state, error_code(evidence)) == ("rejected", "outside_binding")
    assert Cluster.objects.count() == RunInterval.objects.count() == 0


def test_a_key_bound_to_an_environment_reports_no_other():
    key = bound_key("shop", environments=("staging",))
    body = json.dumps([deployment(digest=A, environment="staging"), deployment(digest=B, container="b")]).encode()
    evidence = submit("shop", body, is_observation=True, api_key=key)

    assert warning_codes(evidence) == ["outside_binding"]
    assert intervals() == [(A, 0, None, "")]


def test_only_an_environment_that_a_record_states_is_kept():
    report("shop", deployment(digest=A, environment="staging"))
    Cluster.objects.update(environment=Environment.objects.create(slug="production", is_production=True))

    report("shop", deployment(digest=B, container="b"), deployment(digest=C, container="c", environment="test"))

    assert dict(RunInterval.objects.values_list("container", "environment__slug")) == {
        "app": "staging",
        "b": None,
        "c": "test",
    }


# --- Snapshots -----------------------------------------------------------------------------------------------------


def test_a_snapshot_ends_what_it_leaves_out_at_its_own_time():
    snapshot("shop", deployment(digest=A), deployment(digest=B, workload="Deployment/web"))
    evidence = snapshot("shop", deployment(digest=A), minutes=10, body={"observed_at": "2026-03-01T12:09:00Z"})

    assert intervals() == [(A, 0, None, ""), (B, 0, 9, "snapshot_absent")]
    assert state(evidence).kind == "snapshot"
    assert RunInterval.objects.get(closed_at=None).last_seen_at == later(9)


def test_a_snapshot_of_some_namespaces_ends_nothing_in_others():
    snapshot("shop", deployment(digest=A), deployment(digest=B, namespace="kube-system"))
    snapshot("shop", deployment(digest=C), minutes=5, covers=["shop"])
    snapshot("shop", deployment(digest=C), minutes=6, covers=None)

    assert intervals(workload__namespace="kube-system") == [(B, 0, None, "")]


def test_an_empty_snapshot_needs_confirmation():
    snapshot("shop", deployment(digest=A))
    refused = snapshot("shop", minutes=5)
    assert (state(refused).state, error_code(refused)) == ("rejected", "empty_snapshot")
    assert intervals() == [(A, 0, None, "")]

    snapshot("shop", minutes=6, confirm_empty=True)

    assert intervals() == [(A, 0, 6, "snapshot_absent")]


def test_a_confirmed_empty_list_that_names_no_namespace_ends_nothing():
    snapshot("shop", deployment(digest=A))
    evidence = snapshot("shop", minutes=5, covers=None, confirm_empty=True)

    assert warning_codes(evidence) == ["nothing_covered"]
    assert intervals() == [(A, 0, None, "")]


def test_a_page_of_a_list_ends_nothing():
    pod_snapshot("shop", pods({"pod": "p1"}, {"pod": "p2"}), namespaces=["*"])
    page = pods({"pod": "p1"}, metadata={"continue": "more"})
    evidence = pod_snapshot("shop", page, minutes=5, namespaces=["*"])

    assert "snapshot_incomplete" in warning_codes(evidence)
    assert len(intervals(closed_at=None)) == 2


def test_a_list_with_an_unreadable_record_ends_nothing():
    snapshot("shop", deployment(digest=A), deployment(digest=B, container="b"))
    evidence = snapshot("shop", deployment(digest=A), {"cluster": "prod-eu"}, minutes=5)

    assert "snapshot_incomplete" in warning_codes(evidence)
    assert len(intervals(closed_at=None)) == 2


def test_a_pod_that_is_gone_ends_while_its_sibling_runs_on():
    pod_snapshot("shop", pods({"pod": "p1"}, {"pod": "p2"}))
    pod_snapshot("shop", pods({"pod": "p2"}), minutes=5)

    assert intervals(pod="p1") == [(A, 0, 5, "snapshot_absent")]
    assert intervals(pod="p2") == [(A, 0, None, "")]


def test_a_record_without_pod_stays_while_pods_run_its_digest_and_ends_when_none_does():
    report("shop", deployment(digest=A, workload="Pod/p1"))
    pod_snapshot("shop", pods({"pod": "p1"}), minutes=5)
    assert intervals(pod="") == [(A, 0, None, "")]
    assert RunInterval.objects.get(pod="").last_seen_at == later(5)

    pod_snapshot("shop", pods({"pod": "p1", "digest": B}), minutes=10)

    assert intervals(pod="") == [(A, 0, 10, "snapshot_absent")]


def test_an_index_and_its_member_are_one_image_to_a_snapshot():
    index = image_index(A, B)
    submit("shop", index)
    reported = submit("shop", index, cluster="x").blob_id
    report("shop", deployment(digest=reported, workload="Pod/p1"))

    pod_snapshot("shop", pods({"pod": "p1", "digest": A}), minutes=5)

    assert intervals(pod="") == [(reported, 0, None, "")]


def test_a_membership_that_a_stranger_states_keeps_nothing_running():
    index = submit("other", image_index(A, B)).blob_id
    report("shop", deployment(digest=index, workload="Pod/p1"))

    pod_snapshot("shop", pods({"pod": "p1", "digest": A}), minutes=5)

    assert intervals(pod="") == [(index, 0, 5, "snapshot_absent")]


def test_a_snapshot_outranks_what_other_teams_reported():
    snapshot("shop", deployment(digest=A))
    report("other", deployment(digest=B), deployment(digest=A, container="gone"), at=later(2))

    snapshot("shop", deployment(digest=A), minutes=5)

    assert intervals(team__slug="other") == [(B, 2, 5, "snapshot_absent"), (A, 2, 5, "snapshot_absent")]
    assert intervals(team__slug="shop") == [(A, 0, None, "")]


def test_an_older_snapshot_ends_nothing_that_was_seen_after_it():
    snapshot("shop", deployment(digest=A), minutes=10)
    late = {"observed_at": "2026-03-01T12:05:00Z"}
    snapshot("shop", deployment(digest=B, container="b"), minutes=12, body=late)

    assert intervals(container="app") == [(A, 10, None, "")]


def test_a_container_that_terminated_is_ended_when_it_says():
    done = {
        "terminated": {"startedAt": "2026-03-01T11:50:00Z", "finishedAt": "2026-03-01T11:55:00Z", "exitCode": 0},
    }
    for minutes in (0, 5, 10):
        pod_snapshot("shop", pods({"pod": "job-1", "state": done}, {"pod": "p1"}), minutes=minutes)

    assert intervals(pod="job-1") == [(A, -10, -5, "ended")]


def test_a_container_runs_since_it_started_not_since_it_was_first_listed():
    running = {"running": {"startedAt": "2026-03-01T11:58:00Z"}}
    for minutes in (0, 5):
        pod_snapshot("shop", pods({"pod": "p1", "state": running}), minutes=minutes)

    row = RunInterval.objects.get()
    assert (row.opened_at, row.last_seen_at) == (START - timedelta(minutes=2), later(5))


def test_a_config_digest_is_told_by_its_form():
    pod_snapshot("shop", pods({"pod": "p1", "image_id": f"docker://{A}"}))

    assert RunInterval.objects.get().digest_kind == "oci_config"


def test_a_snapshot_of_a_stranger_is_rejected_unless_its_key_is_bound():
    snapshot("shop", deployment(digest=A))
    refused = snapshot("other", deployment(digest=B), minutes=5)
    assert (state(refused).state, error_code(refused)) == ("rejected", "cluster_not_yours")

    snapshot("other", deployment(digest=B), minutes=6, api_key=bound_key("other", "prod-eu"))

    assert intervals(team__slug="shop") == [(A, 0, 6, "replaced"), (B, 6, None, "")]


def test_a_snapshot_reports_no_other_cluster():
    snapshot("shop", deployment(digest=A))
    evidence = snapshot("shop", deployment(digest=A), deployment(digest=B, cluster="prod-us"), minutes=5)

    assert set(warning_codes(evidence)) == {"other_cluster", "snapshot_incomplete"}
    assert Cluster.objects.count() == 1


def test_another_cluster_of_the_same_name_is_refused():
    snapshot("shop", deployment(digest=A), body={"cluster_uid": "uid-1"})
    refused = snapshot("shop", deployment(digest=B), minutes=5, body={"cluster_uid": "uid-2"})

    assert error_code(refused) == "cluster_uid_mismatch"
    assert intervals() == [(A, 0, None, "")]


def test_a_kubernetes_list_needs_its_cluster():
    evidence = store_and_apply("shop", pods({"pod": "p1"}))

    assert error_code(evidence) == "cluster_required"


# --- Cost ----------------------------------------------------------------------------------------------------------


def test_the_number_of_statements_does_not_grow_with_the_records():
    counts = []
    for size in (3, 60):
        records = [deployment(digest=digest(f"{size}-{i}"), image="r.io/app:1", pod=f"p{i}") for i in range(size)]
        cluster = f"c{size}"
        snapshot("shop", *[record | {"cluster": cluster} for record in records], cluster=cluster)
        changed = [record | {"cluster": cluster, "digest": digest(f"new-{size}")} for record in records[1:]]
        with CaptureQueriesContext(connection) as queries:
            snapshot("shop", *changed, minutes=5, cluster=cluster)
        counts.append(len(queries))

    assert counts[0] == counts[1]
